"""``make bench``: data through ``.dvc`` and ``.s3`` beside the same data sent to an S3 server directly; what it costs in memory.

The S3 server is rclone's, or the one that ``ROPEWALK_TEST_S3`` (``endpoint,key,secret``) names. The goals are about Ceph's
radosgw, so only a named server can miss them. ``ROPEWALK_BENCH_SMALL`` objects of 10 kB (2,000), one of ``ROPEWALK_BENCH_LARGE``
MiB (1,024).

On two cores with radosgw 16.2 beside it (2026-11-30), as parts of radosgw's time: push of small files 0.96 (``.s3``) and 0.95
(``.dvc``), pull 0.40 and 0.44, push of the large one 1.17 and 0.43, pull 0.69 and 0.27. Missed: the push of small files, for
which DVC's own client takes 1.9 ms of CPU (``.s3``; 1.3 over ``.dvc``) of the 3.5 ms that a file takes with radosgw, and the push
of the large one over ``.s3``.
"""

import hashlib
import json
import os
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import requests

from tests.fixtures.instance import Instance
from tests.protocol.clients import client_python
from tests.protocol.s3.conftest import make_storage
from tests.protocol.s3store.conftest import bucket, s3_server  # noqa: F401  # fixtures

SMALL = os.environ.get("ROPEWALK_BENCH_SMALL", "2000")
LARGE = os.environ.get("ROPEWALK_BENCH_LARGE", "1024")
PARALLEL = 8
MEMORY = 50 << 20
MIB = 1 << 20
SMALL_GOAL, LARGE_GOAL = 0.5, 1.0  # of the time that the S3 server takes


def measured(kind: str, url: str, key: str, secret: str, name: str) -> dict[str, float]:
    script = Path(__file__).with_name("data_transfer.py")
    command = [client_python("dvc-s3"), script, kind, url, key, secret, name, SMALL, LARGE]
    done = subprocess.run(command, capture_output=True, text=True, timeout=1700, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    return dict(json.loads(done.stdout.splitlines()[-1]))


def test_push_and_pull(instance: Instance, s3_server: tuple[str, str, str], bucket: str) -> None:  # noqa: F811
    storage = make_storage(instance)
    token, (endpoint, key, secret) = storage.token("writer"), s3_server
    direct = measured("s3", endpoint, key, secret, bucket)
    forms = {
        ".s3": measured("s3", storage.url, token, token, "dvc"),
        ".dvc": measured("dvc", storage.url.removesuffix(".s3") + ".dvc", "s3-writer", token, ""),
    }
    missed = []
    for step, reference in direct.items():
        goal = SMALL_GOAL if step.endswith("small") else LARGE_GOAL
        print(f"\n{step:12} S3 server {reference:7.2f} s", end="")
        for form, found in forms.items():
            ratio = found[step] / reference
            print(f"   {form} {found[step]:7.2f} s, {ratio:.2f} of it (goal {goal})", end="")
            missed += [f"{step} {form}: {ratio:.2f}"] * (ratio > goal)
    print()
    assert not (missed and os.environ.get("ROPEWALK_TEST_S3")), missed


class Memory:
    """The most that the web server's processes held of their own, in bytes."""

    def __init__(self, instance: Instance) -> None:
        self._pids, self._stop, self.most = instance.pids("web"), threading.Event(), 0
        self._thread = threading.Thread(target=self._watch)

    def now(self) -> int:
        held = 0
        for pid in self._pids:
            text = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii")
            held += sum(
                int(line.split()[1]) * 1024 for line in text.splitlines() if line.startswith("Private_")
            )
        return held

    def _watch(self) -> None:
        while not self._stop.wait(0.5):
            self.most = max(self.most, self.now())

    def __enter__(self) -> "Memory":
        self._thread.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self._stop.set()
        self._thread.join()


def blocks(number: int) -> Iterator[bytes]:
    block = bytes([number]) * MIB
    for at in range(int(LARGE)):
        yield at.to_bytes(8, "big") + block[8:]


def there_and_back(url: str, auth: tuple[str, str], number: int) -> None:
    digest = hashlib.md5(usedforsecurity=False)
    for block in blocks(number):
        digest.update(block)
    oid = digest.hexdigest()
    address = f"{url}/files/md5/{oid[:2]}/{oid[2:]}"
    requests.put(address, data=blocks(number), auth=auth, timeout=600).raise_for_status()
    back = hashlib.md5(usedforsecurity=False)
    with requests.get(address, auth=auth, stream=True, timeout=600) as answer:
        for block in answer.iter_content(MIB):
            back.update(block)
    assert back.hexdigest() == oid


def test_memory_of_parallel_transfers(instance: Instance) -> None:
    storage = make_storage(instance)
    url, auth = storage.url.removesuffix(".s3") + ".dvc", ("s3-writer", storage.token("writer"))
    for _ in range(4):  # every process has served something
        requests.get(url, auth=auth, timeout=60).raise_for_status()
    memory = Memory(instance)
    before = memory.now()
    with memory:
        threads = [
            threading.Thread(target=there_and_back, args=(url, auth, number)) for number in range(PARALLEL)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    more = memory.most - before
    print(
        f"\n{PARALLEL} transfers of {LARGE} MiB at once: {before / MIB:.0f} MiB before, {more / MIB:+.0f} MiB at most"
    )
    assert more < MEMORY * len(instance.pids("web"))
