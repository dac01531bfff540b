"""Uploads at the edges of what the API takes: many writers to one branch, the largest body and one byte more."""

import os
import subprocess
import threading
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from tests.fixtures.instance import Instance

WRITERS, EACH = 20, 3
LIMIT = 256 << 20
ALLOWED = 60 << 20
_BOUNDARY = "a-boundary-of-our-own"


class _Body:
    """A body of a known length, sent in blocks. A generator has none: it would be sent chunked."""

    def __init__(self, head: bytes, middle: int, tail: bytes) -> None:
        self._head, self._middle, self._tail = head, middle, tail

    def __len__(self) -> int:
        return len(self._head) + self._middle + len(self._tail)

    def __iter__(self) -> Iterator[bytes]:
        block = os.urandom(1 << 20)
        yield self._head
        left = self._middle
        while left > 0:
            yield block[:left]
            left -= len(block)
        yield self._tail


class Hub:
    """A project, and how its owner uploads to it."""

    def __init__(self, instance: Instance, name: str) -> None:
        self.instance = instance
        user, _, token = instance.user("writers")
        self.headers = {"Authorization": f"Bearer {token}"}
        made = requests.post(
            f"{instance.url}/api/v1/user/repos", json={"name": name}, headers=self.headers, timeout=60
        )
        made.raise_for_status()
        self.repository = instance.home / f"repos/{made.json()['id']}.git"
        self.root = f"{instance.url}/api/v1/repos/{user}/{name}"

    def upload(self, folder: str, name: str, content: bytes) -> requests.Response:
        return requests.put(
            f"{self.root}/content/main/{folder}", data={"versioning": "git", "commit_summary": f"Add {name}"},
            files={"files": (name, content)}, headers=self.headers, timeout=300,
        )  # fmt: skip

    def upload_of(self, length: int, name: str) -> requests.Response:
        """An upload whose whole body has ``length`` bytes, sent in blocks."""
        field = '--{}\r\nContent-Disposition: form-data; name="{}"{}\r\n\r\n'
        head = (
            field.format(_BOUNDARY, "versioning", "") + "git\r\n"
            + field.format(_BOUNDARY, "files", f'; filename="{name}"')
        ).encode()  # fmt: skip
        tail = f"\r\n--{_BOUNDARY}--\r\n".encode()
        headers = {**self.headers, "Content-Type": f"multipart/form-data; boundary={_BOUNDARY}"}
        body = _Body(head, length - len(head) - len(tail), tail)
        return requests.put(f"{self.root}/content/main", data=body, headers=headers, timeout=300)  # type: ignore[arg-type]

    def get(self, path: str) -> requests.Response:
        return requests.get(f"{self.root}/{path}", headers=self.headers, timeout=60)


def test_of_many_writers_to_one_branch_each_is_told_and_nothing_is_lost(instance: Instance) -> None:
    hub = Hub(instance, "many")
    assert hub.upload("start", "first.txt", b"first").ok
    told: dict[str, int] = {}
    together = threading.Barrier(WRITERS)

    def write(writer: int) -> None:
        together.wait()
        for number in range(EACH):
            name = f"{writer}-{number}.txt"
            told[name] = hub.upload("shared", name, name.encode()).status_code

    threads = [threading.Thread(target=write, args=(writer,)) for writer in range(WRITERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    print(Counter(told.values()))
    assert len(told) == WRITERS * EACH and set(told.values()) <= {200, 429}
    taken = {name for name, status in told.items() if status == 200}
    assert len(taken) >= WRITERS * EACH * 9 // 10, "they wait for each other, within bounds"
    there = hub.get("content/main/shared").json()
    assert {entry["path"].rpartition("/")[2] for entry in there} == taken
    for name in list(taken)[:5]:
        assert hub.get(f"raw/main/shared/{name}").content == name.encode()
    log = subprocess.run(
        ["git", "-c", "safe.directory=*", "log", "--format=%s", "main"],
        cwd=hub.repository, capture_output=True, check=True, text=True,
    )  # fmt: skip
    assert sorted(log.stdout.splitlines()) == sorted(f"Add {name}" for name in {*taken, "first.txt"})


def _memory(pid: int, field: str) -> int:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(f"{field}:"))


@pytest.mark.timeout(900)
def test_the_largest_upload_passes_in_constant_memory_and_a_byte_more_does_not(instance: Instance) -> None:
    hub = Hub(instance, "large")
    assert hub.upload_of(100_000, "warm.bin").ok  # what is loaded late is loaded now
    pids = instance.pids("web")
    idle = {pid: _memory(pid, "VmRSS") for pid in pids}
    for pid in pids:
        Path(f"/proc/{pid}/clear_refs").write_text("5")
    refused = hub.upload_of(LIMIT + 1, "over.bin")
    assert refused.status_code == 413 and str(LIMIT) in refused.json()["message"]
    for length, name in ((LIMIT - 1, "under.bin"), (LIMIT, "exact.bin")):
        answer = hub.upload_of(length, name)
        assert answer.ok, answer.text[:500]
    growth = {pid: _memory(pid, "VmHWM") - idle[pid] for pid in pids}
    print({pid: f"{grown >> 20} MiB" for pid, grown in growth.items()})
    assert max(growth.values()) < ALLOWED
    assert {entry["path"] for entry in hub.get("content/main").json()} == {
        "warm.bin",
        "under.bin",
        "exact.bin",
    }
