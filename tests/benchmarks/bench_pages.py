"""``make bench``: the page of a folder with 10,000 entries and the page of a file, one reader, warm; plain git beside them.

The peer is what git itself needs for the same facts, as processes of its own: the folder's entries and its newest commit, the
file's content and its newest commit.
"""

import re
import statistics
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import requests

from tests.fixtures.instance import Instance

ENTRIES, COMMITS, REQUESTS = 10_000, 500, 200
GOAL_MS = 100.0
FOLDER, FILE = "wide", "wide/module_05000.py"


@dataclass(frozen=True)
class Stage:
    """A public project with the folder, its clone address and the server's own repository."""

    instance: Instance
    address: str
    repository: Path


def history() -> Iterator[bytes]:
    """fast-import's input: 10,000 files, written by 500 commits that take turns."""
    yield b"reset refs/heads/main\n"
    for number in range(COMMITS):
        message = b"Change %d\n" % number
        who = b"B <b@example.org> %d +0000" % (1_600_000_000 + number * 600)
        yield b"commit refs/heads/main\nauthor %s\ncommitter %s\ndata %d\n%s\n" % (
            who,
            who,
            len(message),
            message,
        )
        for entry in range(number, ENTRIES, COMMITS):
            body = b"".join(b"def f%d(x):\n    return x + %d\n\n" % (line, entry) for line in range(60))
            yield b"M 100644 inline %s/module_%05d.py\ndata %d\n%s\n" % (
                FOLDER.encode(),
                entry,
                len(body),
                body,
            )


def git(*arguments: str, cwd: Path, stdin: bytes = b"") -> bytes:
    return subprocess.run(
        ["git", "-c", "safe.directory=*", *arguments], cwd=cwd, input=stdin, capture_output=True, check=True
    ).stdout


@pytest.fixture(scope="module")
def stage(instance: Instance, tmp_path_factory: pytest.TempPathFactory) -> Stage:
    folder = tmp_path_factory.mktemp("pages")
    git("init", "-q", "--bare", ".", cwd=folder)
    git("fast-import", "--quiet", cwd=folder, stdin=b"".join(history()))
    user, _, token = instance.user("pages")
    made = requests.post(
        f"{instance.url}/api/v1/user/repos",
        json={"name": "pages", "private": False},
        auth=(user, token),
        timeout=60,
    )
    made.raise_for_status()
    scheme, rest = instance.url.split("://")
    git("push", "-q", f"{scheme}://{user}:{token}@{rest}/{user}/pages.git", "main", cwd=folder)
    jobs = f"{instance.url}/api/v1/repos/{user}/pages/jobs?state=queued&state=running"
    address = f"{instance.url}/{user}/pages"
    for path in (FOLDER, FILE):
        requests.get(
            f"{address}/src/main/{path}", timeout=60
        ).raise_for_status()  # asks for what is computed once
    deadline = time.monotonic() + 600
    while requests.get(jobs, auth=(user, token), timeout=60).json()["jobs"]:
        assert time.monotonic() < deadline, instance.tail()
        time.sleep(1)
    return Stage(instance, address, instance.home / f"repos/{made.json()['id']}.git")


def milliseconds(work: Callable[[], object], times: int) -> list[float]:
    found = []
    for _ in range(times):
        started = time.perf_counter()
        work()
        found.append((time.perf_counter() - started) * 1000)
    return found


def on_server(stage: Stage, path: str) -> list[float]:
    """Milliseconds from the server's own line about each of the last requests for a path."""
    text = stage.instance.log.read_text(encoding="utf-8", errors="replace")
    found = [
        line for line in text.splitlines() if "ropewalk.request" in line and f"/src/main/{path} " in line
    ]
    return [float(match[1]) for line in found[-REQUESTS:] if (match := re.search(r"\bms=([0-9.]+)", line))]


def percentile(values: list[float], share: int) -> float:
    return statistics.quantiles(values, n=100)[share - 1]


@pytest.mark.parametrize(
    ("path", "peer"),
    [
        (FOLDER, (("ls-tree", "-l", f"main:{FOLDER}"), ("log", "-1", "main", "--", FOLDER))),
        (FILE, (("cat-file", "blob", f"main:{FILE}"), ("log", "-1", "main", "--", FILE))),
    ],
    ids=["folder of 10,000", "file"],
)
def test_pages(stage: Stage, path: str, peer: tuple[tuple[str, ...], ...]) -> None:
    with requests.Session() as reader:

        def page() -> None:
            answer = reader.get(f"{stage.address}/src/main/{path}", timeout=60)
            assert answer.ok and "module_0" in answer.text

        milliseconds(page, 20)
        seen = milliseconds(page, REQUESTS)
    server = on_server(stage, path)
    assert len(server) == REQUESTS
    plain = milliseconds(lambda: [git(*arguments, cwd=stage.repository) for arguments in peer], 20)
    ratio = percentile(server, 50) / statistics.median(plain)
    print(
        f"\n{path}: server p50 {percentile(server, 50):.1f} ms, p95 {percentile(server, 95):.1f} ms; "
        f"client p50 {percentile(seen, 50):.1f} ms, p95 {percentile(seen, 95):.1f} ms; "
        f"plain git {statistics.median(plain):.1f} ms, ratio {ratio:.2f}"
    )
    assert percentile(server, 95) < GOAL_MS
