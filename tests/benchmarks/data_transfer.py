"""Run by DVC's interpreter: push and pull of many small objects and a large one by DVC's own object layer; seconds as JSON."""

import hashlib
import json
import logging
import os
import shutil
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from dvc_data.hashfile.db import HashFileDB
from dvc_data.hashfile.db.local import LocalHashFileDB
from dvc_data.hashfile.hash_info import HashInfo
from dvc_data.hashfile.transfer import transfer
from dvc_objects.fs import LocalFileSystem

JOBS = 8
MIB = 1 << 20


def remote(kind: str, url: str, key: str, secret: str, bucket: str) -> HashFileDB:
    """A remote as DVC opens it."""
    fs: Any
    if kind == "dvc":
        from dvc_http import HTTPFileSystem

        fs = HTTPFileSystem(url=url, method="PUT", jobs=JOBS, auth="basic", user=key, password=secret)
        return HashFileDB(fs, f"{url}/files/md5", hash_name="md5")
    from dvc_s3 import S3FileSystem

    fs = S3FileSystem(
        url=f"s3://{bucket}", endpointurl=url, access_key_id=key, secret_access_key=secret, region="us-east-1",
        jobs=JOBS,
    )  # fmt: skip
    return HashFileDB(fs, f"{bucket}/files/md5", hash_name="md5")


def cached(folder: Path, count: int, size: int) -> list[HashInfo]:
    """Random objects in a local cache."""
    found = []
    for _ in range(count):
        digest, temporary = hashlib.md5(usedforsecurity=False), folder / "new"
        folder.mkdir(exist_ok=True)
        with temporary.open("wb") as file:
            for at in range(0, size, MIB):
                block = os.urandom(min(MIB, size - at))
                digest.update(block)
                file.write(block)
        name = digest.hexdigest()
        (folder / name[:2]).mkdir(exist_ok=True)
        temporary.rename(folder / name[:2] / name[2:])
        (folder / name[:2] / name[2:]).chmod(0o444)
        found.append(HashInfo("md5", name))
    return found


def timed(source: HashFileDB, target: HashFileDB, objects: list[HashInfo]) -> float:
    """Seconds for a transfer of all these objects."""
    start = time.monotonic()
    done = transfer(source, target, objects, jobs=JOBS)
    assert (len(done.transferred), len(done.failed)) == (len(objects), 0), done
    return time.monotonic() - start


def cache(folder: Path) -> LocalHashFileDB:
    """DVC's cache in a folder."""
    return LocalHashFileDB(LocalFileSystem(), str(folder), hash_name="md5")


def main(kind: str, url: str, key: str, secret: str, bucket: str, small: str, large: str) -> None:
    logging.disable(logging.CRITICAL)
    folder, found = Path(tempfile.mkdtemp(prefix="bench-data-")), {}
    try:
        for name, count, size in (("small", int(small), 10_000), ("large", 1, int(large) * MIB)):
            objects = cached(folder / name, count, size)

            there, back = remote(kind, url, key, secret, bucket), cache(folder / f"{name}-back")
            found[f"push {name}"] = timed(cache(folder / name), there, objects)
            found[f"pull {name}"] = timed(there, back, objects)
            for one in objects:
                content = Path(back.oid_to_path(one.value)).read_bytes()
                assert hashlib.md5(content, usedforsecurity=False).hexdigest() == one.value
    finally:
        shutil.rmtree(folder)
    print(json.dumps(found))


if __name__ == "__main__":
    main(*sys.argv[1:])
