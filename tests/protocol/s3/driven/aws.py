"""aws-cli."""

import json
import os
import sys
from pathlib import Path

import cells

AWS = str(Path(sys.executable).with_name("aws"))
PLACE = f"s3://{cells.BUCKET}/aws"
CONFIG = cells.FOLDER / "aws-config"
CONFIG.write_text(
    "[default]\ns3 =\n  signature_version = s3v4\n"
)  # else the first version signs addresses in the old way
os.environ.update(
    AWS_ACCESS_KEY_ID=cells.KEY, AWS_SECRET_ACCESS_KEY=cells.SECRET, AWS_DEFAULT_REGION="us-east-1",
    AWS_CONFIG_FILE=str(CONFIG),
)  # fmt: skip


def aws(*arguments: str) -> bytes:
    return cells.program(AWS, "--endpoint-url", cells.URL, *arguments)


def api(operation: str, *arguments: str, key: str = "") -> dict:
    named = ("--key", f"aws/{key}") if key else ()
    return json.loads(aws("s3api", operation, "--bucket", cells.BUCKET, *named, *arguments) or b"{}")


def put(key: str = "put") -> str:
    api("put-object", "--body", str(cells.FOLDER / "small.txt"), key=key)
    return key


def get(*arguments: str) -> bytes:
    api("get-object", *arguments, str(cells.FOLDER / "aws"), key=put("get"))
    return (cells.FOLDER / "aws").read_bytes()


def whole() -> None:
    assert get() == cells.SMALL


def a_range() -> None:
    assert get("--range", "bytes=2-4") == b"234"


def head() -> None:
    assert api("head-object", key=put("head"))["ContentLength"] == 10


def lists(operation: str) -> None:
    put("list/a")
    put("list/b")
    found = api(operation, "--prefix", "aws/list/", "--page-size", "1")
    assert [one["Key"] for one in found["Contents"]] == ["aws/list/a", "aws/list/b"]


def is_gone(key: str) -> bool:
    return not api("list-objects-v2", "--prefix", f"aws/{key}").get("Contents")


def delete() -> None:
    api("delete-object", key=put("delete"))
    assert is_gone("delete")


def delete_many() -> None:
    keys = [{"Key": f"aws/{put(f'many/{number}')}"} for number in range(2)]
    api("delete-objects", "--delete", json.dumps({"Objects": keys}))
    assert is_gone("many/")


def copy() -> None:
    aws("s3", "mv", f"{PLACE}/{put('copy me')}", f"{PLACE}/copied")
    assert is_gone("copy me") and aws("s3", "cp", f"{PLACE}/copied", "-") == cells.SMALL


def multipart() -> None:
    aws("s3", "cp", str(cells.LARGE), f"{PLACE}/large")
    assert api("head-object", key="large")["ETag"].endswith('-2"')
    assert aws("s3", "cp", f"{PLACE}/large", "-") == cells.LARGE.read_bytes()


def abort() -> None:
    upload = api("create-multipart-upload", key="abort")["UploadId"]
    api("abort-multipart-upload", "--upload-id", upload, key="abort")
    assert not api("list-multipart-uploads", "--prefix", "aws/").get("Uploads")


def presign() -> None:
    before = dict(os.environ)
    os.environ.update(AWS_ACCESS_KEY_ID=cells.PAIR[0], AWS_SECRET_ACCESS_KEY=cells.PAIR[1])
    try:
        address = aws("s3", "presign", f"{PLACE}/{put('signed')}").decode().strip()
    finally:
        os.environ.update(before)
    assert cells.fetched(address) == cells.SMALL


def sync() -> None:
    aws("s3", "sync", str(cells.FOLDER / "tree"), f"{PLACE}/tree")
    assert aws("s3", "sync", str(cells.FOLDER / "tree"), f"{PLACE}/tree") == b""
    aws("s3", "sync", f"{PLACE}/tree", str(cells.FOLDER / "aws-tree"))
    assert (cells.FOLDER / "aws-tree/sub/ü b.txt").read_bytes() == cells.SMALL
    aws("s3", "rm", "--recursive", f"{PLACE}/tree/")
    assert is_gone("tree/")


cells.run({
    "put": lambda: print(put()), "get": whole, "range": a_range, "head": head, "list v2": lambda: lists("list-objects-v2"),
    "list v1": lambda: lists("list-objects"), "delete": delete, "delete many": delete_many, "copy": copy,
    "multipart": multipart, "abort": abort, "presign": presign, "sync": sync,
})  # fmt: skip
