"""Push, clone and fetch of a large repository through a running Ropewalk, against ``file://`` of the very same repository.

    python tests/benchmarks/git_clone.py URL USER PASSWORD_OR_TOKEN REPOSITORIES_ROOT

Makes a repository (the same at every run: 10,500 commits, more than 100 MB packed), a project for it, pushes, waits for the
server's upkeep, then clones by both ways in turn, five times each; and fetches the newer half of the history into clones that
have the older. Prints the medians and their ratios; exit code 1 when one is above 1.10.
"""

import argparse
import base64
import json
import os
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

COMMITS = 10_500
GOAL = 1.10
ENV = {
    "PATH": os.environ["PATH"], "HOME": "/nonexistent", "GIT_CONFIG_NOSYSTEM": "1", "GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C",
    "GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "safe.directory", "GIT_CONFIG_VALUE_0": "*",
}  # fmt: skip


def stream() -> Iterator[bytes]:
    """fast-import's input: text files that change, and incompressible ones that do not."""
    dice = random.Random(20240101)
    words = [f"{dice.getrandbits(40):x}" for _ in range(5000)]
    yield b"reset refs/heads/main\n"
    for number in range(COMMITS):
        yield b"commit refs/heads/main\nauthor B <b@example.org> %d +0000\n" % (1_600_000_000 + number * 600)
        message = f"Change {number}\n".encode()
        yield b"committer B <b@example.org> %d +0000\ndata %d\n%s\n" % (
            1_600_000_000 + number * 600,
            len(message),
            message,
        )
        for _ in range(2):
            body = "\n".join(" ".join(dice.choices(words, k=8)) for _ in range(40)).encode()
            yield b"M 100644 inline src/p%d/m%d.py\ndata %d\n%s\n" % (
                dice.randrange(40),
                dice.randrange(30),
                len(body),
                body,
            )
        if number % 10 == 0:
            body = dice.randbytes(80_000)
            yield b"M 100644 inline data/%d.bin\ndata %d\n%s\n" % (number, len(body), body)


def run(*args: str, cwd: Path, **options: object) -> float:
    """Seconds that a command took."""
    started = time.perf_counter()
    subprocess.run(args, cwd=cwd, env=ENV, check=True, capture_output=True, **options)  # type: ignore[call-overload]
    return time.perf_counter() - started


def make_source(folder: Path) -> Path:
    """The repository to push, bare."""
    source = folder / "source.git"
    run("git", "init", "-q", "--bare", "-b", "main", str(source), cwd=folder)
    fed = subprocess.Popen(["git", "fast-import", "--quiet"], cwd=source, env=ENV, stdin=subprocess.PIPE)
    assert fed.stdin is not None
    for part in stream():
        fed.stdin.write(part)
    fed.stdin.close()
    assert fed.wait() == 0
    return source


def api(url: str, user: str, secret: str, path: str, data: bytes | None = None) -> dict[str, object]:
    """One call of the JSON API."""
    request = urllib.request.Request(f"{url}/api/v1{path}", data=data)
    request.add_header("Authorization", f"Basic {base64.b64encode(f'{user}:{secret}'.encode()).decode()}")
    with urllib.request.urlopen(request, timeout=60) as answer:
        found: dict[str, object] = json.load(answer)
    return found


def wait_for_upkeep(repository: Path, patience: float = 300.0) -> bool:
    """Whether the server packed the repository (a bitmap beside one pack) within the time."""
    end = time.monotonic() + patience
    while time.monotonic() < end:
        if list(repository.glob("objects/pack/*.bitmap")) and not list(repository.glob("objects/pack/tmp_*")):
            time.sleep(3.0)  # commit graph
            return True
        time.sleep(0.5)
    return False


def main() -> int:
    """Run it all."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    for name in ("url", "user", "secret", "root"):
        parser.add_argument(name)
    parser.add_argument("--rounds", type=int, default=5)
    given = parser.parse_args()
    url, slug = given.url.rstrip("/"), f"bench-{int(time.time())}"
    project = api(url, given.user, given.secret, "/user/repos", f"name={slug}&private=false".encode())
    parts = urlsplit(url)
    remote = f"{parts.scheme}://{given.user}:{given.secret}@{parts.netloc}/{given.user}/{slug}.git"
    with tempfile.TemporaryDirectory(prefix="git-clone-bench-") as name:
        folder = Path(name)
        source = make_source(folder)
        run("git", "branch", "half", f"main~{COMMITS // 2}", cwd=source)
        size = sum(path.stat().st_size for path in source.glob("objects/pack/*.pack"))
        print(f"repository: {COMMITS} commits, {size / 1e6:.0f} MB packed")
        print(f"push: {run('git', 'push', '-q', remote, 'main', 'half', cwd=source):.2f} s")
        repository = Path(given.root) / f"{project['id']}.git"
        print(f"server packed it: {wait_for_upkeep(repository)}")
        ways = {"file": f"file://{repository}", "http": f"{url}/{given.user}/{slug}.git"}
        half = folder / "half.git"
        run(
            "git",
            "clone",
            "-q",
            "--bare",
            "--single-branch",
            "-b",
            "half",
            ways["file"],
            str(half),
            cwd=folder,
        )

        def clone(address: str, target: Path) -> float:
            return run("git", "clone", "-q", "--bare", address, str(target), cwd=folder)

        def fetch(address: str, target: Path) -> float:
            shutil.copytree(half, target)
            return run("git", "fetch", "-q", address, "main:main", cwd=target)

        good = [compare(work, ways, folder / "target", given.rounds) <= GOAL for work in (clone, fetch)]
    return 0 if all(good) else 1


def compare(work: Callable[[str, Path], float], ways: dict[str, str], target: Path, rounds: int) -> float:
    """The ratio of the medians of both ways, in turn."""
    times: dict[str, list[float]] = {way: [] for way in ways}
    for round_number in range(rounds + 1):
        for way, address in ways.items():
            took = work(address, target)
            shutil.rmtree(target)
            if round_number:  # the first round fills the caches
                times[way].append(took)
    medians = {way: statistics.median(found) for way, found in times.items()}
    for way, found in times.items():
        print(
            f"{work.__name__} {way}: median {medians[way]:.2f} s of {', '.join(f'{took:.2f}' for took in found)}"
        )
    ratio = medians["http"] / medians["file"]
    print(f"{work.__name__} ratio: {ratio:.3f} (goal ≤ {GOAL:.2f})")
    return ratio


if __name__ == "__main__":
    sys.exit(main())
