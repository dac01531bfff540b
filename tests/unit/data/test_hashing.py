"""The hashes of an upload: the same however it is cut, and without a thread left behind."""

import gc
import hashlib
import random
import threading

import pytest

from ropewalk.data.hashing import UploadDigest

MIB = 1 << 20


def threads() -> int:
    return sum(thread.name.startswith("md5") for thread in threading.enumerate())


@pytest.mark.parametrize("size", [0, 1, 8 * MIB, 8 * MIB + 1, 21 * MIB + 7])
def test_any_cut_gives_the_same(size: int) -> None:
    content, cut, at = random.Random(size).randbytes(size), random.Random(1), 0
    digest = UploadDigest(legacy=False)
    while at < size:
        step = cut.choice([1000, 70_000, MIB])
        digest.update(content[at : at + step])
        at += step
    assert digest.md5 == hashlib.md5(content, usedforsecurity=False).hexdigest()
    assert (digest.sha256, digest.size) == (hashlib.sha256(content).hexdigest(), size)
    assert digest.matches(digest.md5) and not digest.matches("0" * 32)
    assert threads() == 0


def test_an_upload_goes_on_after_a_look() -> None:
    digest = UploadDigest(legacy=False)
    for _ in range(12):
        digest.update(b"x" * MIB)
    assert digest.md5 == hashlib.md5(b"x" * 12 * MIB, usedforsecurity=False).hexdigest()
    digest.update(b"y")
    assert digest.md5 == hashlib.md5(b"x" * 12 * MIB + b"y", usedforsecurity=False).hexdigest()


def test_an_upload_that_is_given_up_leaves_no_thread() -> None:
    digest = UploadDigest(legacy=False)
    for _ in range(12):
        digest.update(b"x" * MIB)
    assert threads() == 1
    [left] = [thread for thread in threading.enumerate() if thread.name.startswith("md5")]
    del digest
    gc.collect()
    left.join(5)
    assert threads() == 0
