"""Large packs pass through a web process in constant memory."""

import os
from collections.abc import Callable
from pathlib import Path

from tests.protocol.git.conftest import Git, Stage

PACK = 200 << 20
ALLOWED = 60 << 20


def _reset_peak(pid: int) -> None:
    Path(f"/proc/{pid}/clear_refs").write_text("5")


def _memory(pid: int, field: str) -> int:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(f"{field}:"):
            return int(line.split()[1]) * 1024
    raise AssertionError(field)


def test_peak_memory_of_the_web_processes(stage: Stage, git: Git, folder: Callable[[str], Git]) -> None:
    slug = stage.project()
    git.run("push", "-q", stage.url(slug, "writer"), "main")  # what is loaded late is loaded now
    folder("away").run("clone", "-q", stage.url(slug), "warm")
    git.run("config", "core.bigFileThreshold", "1m")  # the client must not look for deltas in random bytes
    git.run("config", "core.compression", "0")
    for number in range(4):
        (git.folder / f"big{number}.bin").write_bytes(os.urandom(PACK // 4))
    sha = git.commit("README.md", "# Large\n")
    pids = stage.instance.pids("web")
    idle = {}
    for pid in pids:
        idle[pid] = _memory(pid, "VmRSS")
        _reset_peak(pid)
    git.run("push", "-q", stage.url(slug, "writer"), "main")
    folder("away").run("clone", "-q", "--no-checkout", stage.url(slug), "copy")
    growth = {pid: _memory(pid, "VmHWM") - idle[pid] for pid in pids}
    assert folder("away/copy").run("rev-parse", "HEAD").out.strip() == sha
    print(
        "\nweb processes:",
        {pid: f"{grown >> 20} MiB more than {idle[pid] >> 20} MiB" for pid, grown in growth.items()},
    )
    assert max(growth.values()) < ALLOWED
