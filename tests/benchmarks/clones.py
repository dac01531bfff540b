"""Many clones of the same tip at once, through a running Ropewalk: what they cost the server, against one.

The clients are bare requests that read the pack and drop it: indexing twenty packs would measure git's client. Seconds of CPU are
those of the web processes with all that they started, and of the writers of the pack cache.
"""

import http.client
import shutil
import tempfile
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from tests.benchmarks import git_clone
from tests.fixtures.instance import Instance

_TICKS = 100.0


@dataclass
class Cost:
    """What some clones took."""

    wall: float
    cpu: float
    bytes: int


@dataclass
class Writers:
    """The CPU of cache writers, which no web process waits for: looked at while they live."""

    seen: dict[int, float] = field(default_factory=dict)
    stop: threading.Event = field(default_factory=threading.Event)

    def watch(self) -> None:
        """Until stopped."""
        while not self.stop.wait(0.02):
            for path in Path("/proc").glob("[0-9]*"):
                try:
                    orphan = path.joinpath("stat").read_text().rsplit(")", 1)[1].split()
                    if b"packs/hook.py" in path.joinpath("cmdline").read_bytes() and orphan[3] != orphan[2]:
                        self.seen[int(path.name)] = _cpu(int(path.name)) + sum(
                            map(_cpu, _children(int(path.name)))
                        )
                except OSError:
                    continue


def _children(pid: int) -> list[int]:
    try:
        return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []


def _cpu(pid: int) -> float:
    """Its own and its waited-for children's seconds."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    except OSError:
        return 0.0
    return sum(map(int, fields[11:15])) / _TICKS


def packet(text: str) -> bytes:
    """A packet line."""
    return b"%04x" % (len(text) + 4) + text.encode()


def download(url: str, path: str, tip: str) -> int:
    """One clone's pack, read and dropped; its size."""
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=600)
    asked = (
        packet("command=fetch")
        + packet("object-format=sha1")
        + b"0001"
        + packet("ofs-delta")
        + packet("no-progress")
    )
    asked += packet(f"want {tip}\n") + packet("done\n") + b"0000"
    headers = {"Content-Type": "application/x-git-upload-pack-request", "Git-Protocol": "version=2"}
    connection.request("POST", f"{path}/git-upload-pack", asked, headers)
    answer = connection.getresponse()
    assert answer.status == 200
    total = 0
    while block := answer.read(1 << 20):
        total += len(block)
    connection.close()
    return total


def clones(instance: Instance, path: str, tip: str, number: int) -> Cost:
    """So many at once."""
    writers, sizes = Writers(), []
    watcher = threading.Thread(target=writers.watch)
    watcher.start()
    web = instance.pids("web")
    before, started = sum(map(_cpu, web)), time.perf_counter()
    threads = [
        threading.Thread(target=lambda: sizes.append(download(instance.url, path, tip)))
        for _ in range(number)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    wall = time.perf_counter() - started
    time.sleep(0.3)  # the last process is waited for
    cpu = sum(map(_cpu, web)) - before
    writers.stop.set()
    watcher.join()
    assert len(sizes) == number and min(sizes) > 1 << 20
    return Cost(wall, cpu + sum(writers.seen.values()), max(sizes))


def measure(instance: Instance, *, upkeep: bool, number: int = 20) -> dict[str, Cost]:
    """Push the benchmark's repository (packed by the server, or as it was pushed), then one clone and ``number`` at once."""
    user, _, token = instance.user("bench")
    slug = f"clones-{int(time.time() * 1000)}"
    project = git_clone.api(instance.url, user, token, "/user/repos", f"name={slug}&private=false".encode())
    parts = urlsplit(instance.url)
    repository = instance.home / "repos" / f"{project['id']}.git"
    with tempfile.TemporaryDirectory(prefix="clones-") as name:
        source = git_clone.make_source(Path(name))
        git_clone.run("git", "repack", "-adq", cwd=source)
        git_clone.run(
            "git", "push", "-q", f"http://{user}:{token}@{parts.netloc}/{user}/{slug}.git", "main", cwd=source
        )
        tip = source.joinpath("refs/heads/main").read_text().strip()
    git_clone.wait_for_upkeep(repository)
    if not upkeep:
        for path in repository.glob("objects/pack/*.bitmap"):
            path.unlink()
    path, found = f"/{user}/{slug}.git", {}
    for label, count in (("one", 1), (f"{number} at once", number), (f"{number} again", number)):
        if not label.endswith("again"):
            shutil.rmtree(instance.home / "cache", ignore_errors=True)
        found[label] = clones(instance, path, tip, count)
    return found
