"""rclone."""

import json
import os
import sys
from pathlib import Path

import cells

RCLONE = str(Path(sys.executable).with_name("rclone"))
os.environ.update(
    RCLONE_CONFIG=str(cells.FOLDER / "none"), RCLONE_S3_UPLOAD_CUTOFF="6Mi", RCLONE_S3_CHUNK_SIZE="5Mi"
)


def place(key: str = cells.KEY, secret: str = cells.SECRET) -> str:
    where = f"access_key_id={key},secret_access_key={secret},endpoint='{cells.URL}'"
    return f":s3,provider=Other,{where}:{cells.BUCKET}/rclone"


PLACE = place()


def rclone(*arguments: str, data: bytes = b"") -> bytes:
    return cells.program(RCLONE, *arguments, data=data)


def put(key: str = "put") -> str:
    rclone("rcat", f"{PLACE}/{key}", data=cells.SMALL)
    return f"{PLACE}/{key}"


def get() -> None:
    assert rclone("cat", put("get ü")) == cells.SMALL


def a_range() -> None:
    assert rclone("cat", "--offset", "2", "--count", "3", put("range")) == b"234"


def head() -> None:
    assert json.loads(rclone("lsjson", "--stat", put("head")))["Size"] == 10


def lists(version: str) -> None:
    for name in ("a", "b", "deep/c"):
        put(f"list/{name}")
    found = rclone("lsf", "--s3-list-version", version, "--s3-list-chunk", "1", f"{PLACE}/list")
    assert found.split() == [b"a", b"b", b"deep/"]


def delete() -> None:
    rclone("deletefile", put("delete"))
    assert b"delete" not in rclone("lsf", PLACE).split()


def delete_many() -> None:
    for name in "abc":
        put(f"many/{name}")
    rclone("purge", f"{PLACE}/many")
    assert b"many/" not in rclone("lsf", PLACE).split()


def copy() -> None:
    rclone("copyto", put("copy me"), f"{PLACE}/copied")
    assert rclone("cat", f"{PLACE}/copied") == cells.SMALL


def multipart() -> None:
    rclone("copyto", str(cells.LARGE), f"{PLACE}/large")
    assert rclone("cat", f"{PLACE}/large") == cells.LARGE.read_bytes()


def abort() -> None:
    found = rclone("backend", "list-multipart-uploads", PLACE.removesuffix("/rclone"))
    assert json.loads(found)[cells.BUCKET] == []
    rclone("backend", "cleanup", "-o", "max-age=0s", PLACE.removesuffix("/rclone"))


def presign() -> None:
    put("signed")
    address = rclone("link", "--expire", "1h", f"{place(*cells.PAIR)}/signed").decode().strip()
    assert cells.fetched(address) == cells.SMALL


def sync() -> None:
    tree = str(cells.FOLDER / "tree")
    rclone("sync", tree, f"{PLACE}/tree")
    rclone("check", tree, f"{PLACE}/tree", "--download")
    rclone("sync", tree, f"{PLACE}/tree")
    rclone("sync", f"{PLACE}/tree", str(cells.FOLDER / "rclone-tree"))
    assert (cells.FOLDER / "rclone-tree/sub/ü b.txt").read_bytes() == cells.SMALL


cells.run({
    "put": lambda: print(put()), "get": get, "range": a_range, "head": head, "list v2": lambda: lists("2"),
    "list v1": lambda: lists("1"), "delete": delete, "delete many": delete_many, "copy": copy, "multipart": multipart,
    "abort": abort, "presign": presign, "sync": sync,
})  # fmt: skip
