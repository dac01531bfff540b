"""Clones at once share one pack; whoever leaves or dies, nobody takes half a pack for a whole one."""

import os
import signal
import subprocess
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.protocol.git.conftest import Git, Stage
from tests.protocol.git.test_faults import eventually


def entries(stage: Stage, slug: str, end: str = "pack") -> list[Path]:
    """The cached packs of a project."""
    return sorted((stage.instance.home / "cache/packs").glob(f"{stage.ids[slug]}-*.{end}"))


def writers(stage: Stage, slug: str) -> list[int]:
    """Processes that answer or make a pack of the project for the cache."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            line = (folder / "cmdline").read_bytes()
        except OSError:  # it ended
            continue
        if b"packs/hook.py" in line and f"\0{stage.ids[slug]}\0".encode() in line:
            found.append(int(folder.name))
    return found


@pytest.fixture
def filled(stage: Stage, git: Git) -> str:
    """A public project whose clone is worth caching."""
    slug = stage.project()
    for number in range(3):
        git.commit(f"data{number}.bin", os.urandom(1 << 20))
    git.run("push", "-q", stage.url(slug, "writer"), "main")
    return slug


def test_clones_at_once_and_later_share_one_pack(
    stage: Stage, git: Git, filled: str, folder: Callable[[str], Git]
) -> None:
    codes: dict[int, int] = {}

    def clone(number: int) -> None:
        quiet = ["--quiet"] if number % 2 else ["--progress"]
        done = folder("away").run("clone", *quiet, "--bare", stage.url(filled), f"c{number}", ok=False)
        codes[number] = done.code
        assert quiet[0] != "--quiet" or not done.err

    threads = [threading.Thread(target=clone, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(codes.values()) == {0}
    [pack] = entries(stage, filled)
    before = pack.stat()
    for number in codes:
        folder(f"away/c{number}").run("fsck", "--strict")
    done = folder("away").run("clone", "--progress", stage.url(filled), "late")
    assert "remote: Counting objects" in done.err or "remote: Enumerating objects" in done.err
    assert entries(stage, filled) == [pack] and pack.stat().st_ino == before.st_ino
    assert folder("away/late").run("rev-parse", "HEAD").out == git.run("rev-parse", "HEAD").out
    assert pack.stat().st_mode & 0o077 == 0


def test_who_comes_after_a_quiet_clone_sees_progress(
    stage: Stage, filled: str, folder: Callable[[str], Git]
) -> None:
    away = folder("away")
    assert not away.run("clone", "--quiet", "--bare", stage.url(filled), "quiet").err
    [pack] = entries(stage, filled)
    done = away.run("clone", "--progress", "--bare", stage.url(filled), "shown")
    assert "remote: Counting objects" in done.err or "remote: Enumerating objects" in done.err
    assert entries(stage, filled) == [pack]


def test_what_differs_is_not_shared(
    stage: Stage, git: Git, filled: str, folder: Callable[[str], Git]
) -> None:
    away = folder("away")
    away.run("clone", "-q", stage.url(filled), "whole")
    away.run("clone", "-q", "--depth", "1", stage.url(filled), "shallow")
    assert away.run("-C", "shallow", "rev-list", "--count", "HEAD").out == "1\n"
    assert len(entries(stage, filled)) == 2
    git.run("tag", "-a", "-m", "First", "v1")
    git.run("push", "-q", stage.url(filled, "writer"), "v1")
    away.run("clone", "-q", "--single-branch", stage.url(filled), "tagged")
    assert away.run("-C", "tagged", "tag").out == "v1\n"
    count = len(entries(stage, filled))
    sha = git.commit()
    git.run("push", "-q", stage.url(filled, "writer"), "main")
    away.run("-C", "whole", "fetch", "-q")
    assert away.run("-C", "whole", "rev-parse", "origin/main").out.strip() == sha
    assert len(entries(stage, filled)) == count  # a fetch of news is nobody else's


def test_who_came_first_may_leave(stage: Stage, git: Git, folder: Callable[[str], Git]) -> None:
    slug = stage.project()
    for number in range(3):
        git.commit(f"data{number}.bin", os.urandom(8 << 20))
    git.run("push", "-q", stage.url(slug, "writer"), "main")
    first = subprocess.Popen(
        ["git", "clone", "-q", "--bare", stage.url(slug), "first"],
        cwd=folder("away").folder, env=git.environment, start_new_session=True,
    )  # fmt: skip
    assert eventually(lambda: bool(entries(stage, slug, "part") or entries(stage, slug)))
    os.killpg(first.pid, signal.SIGKILL)
    first.wait()
    folder("away").run("clone", "-q", stage.url(slug), "second")
    assert folder("away/second").run("rev-parse", "HEAD").out == git.run("rev-parse", "HEAD").out
    assert eventually(lambda: not writers(stage, slug))


def test_half_a_pack_of_a_killed_writer_is_never_given(
    stage: Stage, git: Git, filled: str, folder: Callable[[str], Git]
) -> None:
    folder("away").run("clone", "-q", stage.url(filled), "first")
    [pack] = entries(stage, filled)
    half = pack.with_suffix(".part")
    half.write_bytes(pack.read_bytes()[: pack.stat().st_size // 2])
    pack.unlink()  # what a killed writer leaves
    folder("away").run("clone", "-q", stage.url(filled), "second")
    folder("away/second").run("fsck", "--strict")
    assert entries(stage, filled) == [pack] and not half.exists()


def test_a_cache_that_can_not_be_written_stops_nobody(
    stage: Stage, git: Git, filled: str, folder: Callable[[str], Git]
) -> None:
    cache = stage.instance.home / "cache/packs"
    kept = cache.with_name("kept")
    folder("away").run("clone", "-q", stage.url(filled), "first")
    cache.rename(kept)
    cache.write_text("no folder")
    try:
        folder("away").run("clone", "-q", stage.url(filled), "second")
    finally:
        cache.unlink()
        kept.rename(cache)
    folder("away/second").run("fsck", "--strict")


def test_clones_beside_upkeep(stage: Stage, git: Git, filled: str, folder: Callable[[str], Git]) -> None:
    code = (
        "from ropewalk.repos.services import maintain, upkeep\n"
        "upkeep.LARGE_BYTES = 0\n"
        f"for number in range(6): print(maintain(project_id={stage.ids[filled]}))"
    )
    stop = threading.Event()
    failures: list[str] = []

    def clone_on() -> None:
        number = 0
        while not stop.is_set():
            number += 1
            depth = ["--depth", str(1 + number % 3)]
            done = folder("away").run(
                "clone", "-q", "--bare", *depth, stage.url(filled), f"n{number}", ok=False
            )
            if done.code:
                failures.append(done.err)

    thread = threading.Thread(target=clone_on)
    thread.start()
    for number in range(4):
        git.commit(f"more{number}.bin", os.urandom(300_000))
        git.run("push", "-q", stage.url(filled, "writer"), "main")
    found = stage.instance.manage("shell", "-c", code)
    stop.set()
    thread.join()
    assert failures == []
    assert "'whole': 1" in found and "'whole': 0" in found
    packs = stage.repository(filled) / "objects/pack"
    assert list(packs.glob("multi-pack-index")) and list(packs.glob("multi-pack-index-*.bitmap"))
    folder("away").run("clone", "-q", stage.url(filled), "after")
    folder("away/after").run("fsck", "--strict")


def test_a_deleted_repository_leaves_no_pack(stage: Stage, filled: str, folder: Callable[[str], Git]) -> None:
    folder("away").run("clone", "-q", stage.url(filled), "first")
    assert entries(stage, filled)
    code = f"from ropewalk.repos.services import delete_repository; delete_repository(project_id={stage.ids[filled]})"
    stage.instance.manage("shell", "-c", code)
    assert not [path for end in ("pack", "part", "text", "lock") for path in entries(stage, filled, end)]
