"""One contract for every object store, against a disk and a real S3 server (rclone's, from a PyPI wheel).

``ROPEWALK_TEST_S3`` (``endpoint,key,secret``) names another S3 server to run it against, e.g. Ceph's.
"""

import os
import secrets
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ropewalk.core.blobs import BadKey, BlobMissing, BlobStore, StoreUnavailable
from ropewalk.core.blobs import s3 as s3_module
from ropewalk.core.blobs.base import BLOCK
from ropewalk.core.blobs.disk import DiskStore
from ropewalk.core.blobs.s3 import S3Store
from tests.protocol.s3store.conftest import free_port


@pytest.fixture(params=["disk", "s3"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> BlobStore:
    if request.param == "disk":
        return DiskStore(tmp_path / "objects")
    endpoint, key, secret = request.getfixturevalue("s3_server")
    return S3Store(
        bucket=request.getfixturevalue("bucket"),
        endpoint=endpoint,
        region="us-east-1",
        access_key_id=key,
        secret_access_key=secret,
        prefix=f"t/{secrets.token_hex(6)}",
    )


def put(store: BlobStore, key: str, *blocks: bytes) -> None:
    with store.writer(key) as writer:
        for block in blocks:
            writer.write(block)
        writer.commit()


def get(store: BlobStore, key: str, start: int = 0, end: int | None = None) -> bytes:
    return b"".join(store.read(key, start, end))


def keys(store: BlobStore, prefix: str, after: str = "", limit: int = 1000) -> list[str]:
    return [entry.key for entry in store.list(prefix, after, limit)]


def test_what_is_written_is_read(store: BlobStore) -> None:
    put(store, "p/1/a b/ü漢+%&.bin", b"one", b"", b"two")
    found = store.stat("p/1/a b/ü漢+%&.bin")
    assert found is not None and found.size == 6 and found.modified.tzinfo is not None
    assert get(store, "p/1/a b/ü漢+%&.bin") == b"onetwo"
    assert keys(store, "p/") == ["p/1/a b/ü漢+%&.bin"]


def test_empty_object(store: BlobStore) -> None:
    put(store, "p/empty")
    found = store.stat("p/empty")
    assert found is not None and found.size == 0
    assert get(store, "p/empty") == b"" and get(store, "p/empty", 0, 10) == b""


@pytest.mark.parametrize(
    ("start", "end"), [(0, None), (3, None), (0, 4), (2, 2), (9, 20), (10, None), (50, 60), (5, 6)]
)
def test_ranges(store: BlobStore, start: int, end: int | None) -> None:
    put(store, "p/ten", b"0123456789")
    assert get(store, "p/ten", start, end) == b"0123456789"[start:end]


def test_large_object_of_unknown_length_in_parts(store: BlobStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(s3_module, "PART", 5 << 20)
    monkeypatch.setattr(s3_module, "PARTS_OF_ONE_SIZE", 1)
    block = secrets.token_bytes(BLOCK)
    put(store, "p/large", *[block] * 32, b"tail")
    found = store.stat("p/large")
    assert found is not None and found.size == 32 * BLOCK + 4
    assert all(len(piece) <= BLOCK for piece in store.read("p/large"))
    assert get(store, "p/large") == block * 32 + b"tail"
    assert get(store, "p/large", 32 * BLOCK - 2) == block[-2:] + b"tail"


def test_commit_replaces_whole(store: BlobStore) -> None:
    put(store, "p/x", b"first and longer")
    put(store, "p/x", b"second")
    assert get(store, "p/x") == b"second"


@pytest.mark.parametrize("size", [10, 20 * BLOCK])
def test_leaving_without_commit_leaves_nothing(store: BlobStore, size: int) -> None:
    put(store, "p/kept", b"kept")
    with pytest.raises(RuntimeError), store.writer("p/kept") as writer:  # noqa: PT012  # leaving the block is under test
        for start in range(0, size, BLOCK):
            writer.write(b"x" * min(BLOCK, size - start))
        assert get(store, "p/kept") == b"kept"  # not visible before the commit
        raise RuntimeError
    with store.writer("p/new") as writer:
        writer.write(b"x" * 10)
    assert get(store, "p/kept") == b"kept"
    assert store.stat("p/new") is None and keys(store, "p/") == ["p/kept"]


def test_missing_objects(store: BlobStore) -> None:
    assert store.stat("p/none") is None
    with pytest.raises(BlobMissing):
        store.read("p/none")
    with pytest.raises(BlobMissing):
        store.read("p/none", 5, 5)
    store.delete("p/none")
    assert keys(store, "none/") == []


def test_delete(store: BlobStore) -> None:
    put(store, "p/1/a", b"1")
    put(store, "p/1/b", b"2")
    store.delete("p/1/a")
    assert store.stat("p/1/a") is None and keys(store, "p/") == ["p/1/b"]


def test_wipe_takes_one_folder_only(store: BlobStore) -> None:
    for key in ("p/1/a", "p/1/b/c", "p/10/a", "p/2/a"):
        put(store, key, b"x")
    store.wipe("p/1")
    assert keys(store, "p/") == ["p/10/a", "p/2/a"]


@pytest.mark.parametrize(
    "key",
    [
        "",
        "/a",
        "a/",
        "a//b",
        "../a",
        "a/../b",
        "a/./b",
        "a\0b",
        "a\x1f",
        "a\\b",
        "\ud800",
        "x" * 251,
        "y/" * 460,
    ],
)
def test_bad_keys_are_refused(store: BlobStore, key: str) -> None:
    for use in (store.writer, store.read, store.stat, store.delete):
        with pytest.raises(BadKey):
            use(key)


@pytest.mark.parametrize("prefix", ["/", "//", "../", "a/../b", "a//", "\0"])
def test_bad_prefixes_are_refused(store: BlobStore, prefix: str) -> None:
    with pytest.raises(BadKey):
        store.list(prefix)


def test_listing_pages_in_byte_order(store: BlobStore) -> None:
    wanted = sorted(
        ["l/a", "l/a-b", "l/a.b", "l/b/1", "l/b/2", "l/b/c/3", "l/b0", "l/bb/x", "l/é", "l/漢"],
        key=str.encode,
    )
    for key in wanted:
        put(store, key, b"x")
    put(store, "m/x", b"x")
    assert keys(store, "l/") == wanted
    for size in (1, 3, 4):
        found, after = [], ""
        while page := keys(store, "l/", after, size):
            assert len(page) <= size
            found, after = found + page, page[-1]
        assert found == wanted
    assert keys(store, "l/b") == [key for key in wanted if key.startswith("l/b")]
    assert keys(store, "l/b/c") == ["l/b/c/3"]
    assert keys(store, "l/", "l/b/2zz") == [key for key in wanted if key > "l/b/2zz"]
    assert keys(store, "l/", limit=0) == []
    assert keys(store, "") == [*wanted, "m/x"]


def test_check_answers(store: BlobStore) -> None:
    store.check()


def test_sweep_leaves_the_living(store: BlobStore) -> None:
    with store.writer("p/living") as writer:
        for _ in range(20):
            writer.write(b"x" * BLOCK)
        with suppress(StoreUnavailable):  # rclone cannot list unfinished uploads
            assert store.sweep(datetime.now(UTC) - timedelta(hours=1)) == 0
        writer.commit()
    found = store.stat("p/living")
    assert found is not None and found.size == 20 * BLOCK


# --- the disk store alone


def test_disk_holds_an_object_and_a_folder_of_one_name(tmp_path: Path) -> None:
    store = DiskStore(tmp_path)
    put(store, "p/a", b"object")
    put(store, "p/a/b", b"below")
    put(store, "p/a0", b"after")
    assert keys(store, "p/") == ["p/a", "p/a/b", "p/a0"]
    assert keys(store, "p/", "p/a") == ["p/a/b", "p/a0"]
    store.delete("p/a/b")
    assert get(store, "p/a") == b"object"


_NAMES = st.text(st.sampled_from("ab-.0~é"), min_size=1, max_size=3).filter(
    lambda name: name not in {".", ".."}
)
_KEYS = st.lists(_NAMES, min_size=1, max_size=3).map("/".join)


@given(st.sets(_KEYS, max_size=12), _KEYS, _KEYS | st.just(""), st.integers(0, 5), st.booleans())
@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_disk_lists_as_a_sorted_list_would(
    tmp_path: Path, chosen: set[str], prefix: str, after: str, limit: int, slash: bool
) -> None:
    store = DiskStore(tmp_path / secrets.token_hex(6))
    for key in chosen:
        path = store.root / "o" / f"{key}\x1f"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    start = prefix + "/" if slash else prefix
    wanted = [key for key in sorted(chosen, key=str.encode) if key.startswith(start) and key > after]
    assert keys(store, start, after, limit) == wanted[:limit]


def test_disk_sweeps_what_a_killed_writer_left(tmp_path: Path) -> None:
    store = DiskStore(tmp_path)
    left = store.writer("p/x")
    left.write(b"half")
    assert store.sweep(datetime.now(UTC) - timedelta(hours=1)) == 0
    assert store.sweep(datetime.now(UTC) + timedelta(hours=1)) == 1
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []
    left.__exit__(None, None, None)


def test_full_disk_is_said_and_leaves_nothing(tmp_path: Path) -> None:
    store = DiskStore(tmp_path)
    with pytest.raises(StoreUnavailable, match="No space left"), store.writer("p/x") as writer:  # noqa: PT012  # so is this one
        with Path("/dev/full").open("wb", buffering=0) as full:
            os.dup2(full.fileno(), writer._file.fileno())
        writer.write(b"x")
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_s3_that_does_not_answer_is_unavailable() -> None:
    store = S3Store(
        bucket="b",
        endpoint=f"http://127.0.0.1:{free_port()}",
        region="r",
        access_key_id="k",
        secret_access_key="s",
        prefix="",
    )
    with pytest.raises(StoreUnavailable):
        store.check()
