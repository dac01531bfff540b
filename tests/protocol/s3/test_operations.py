"""Clients × operations: each client drives a project's bucket with every operation it has. The manual's table is this one."""

import json
import os
import subprocess
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

from infra.embedded.config import ROOT
from tests.protocol.clients import client_python
from tests.protocol.s3.conftest import Storage

OPERATIONS = (
    "put", "get", "range", "head", "list v2", "list v1", "delete", "delete many", "copy", "multipart", "abort", "presign",
    "form", "sync",
)  # fmt: skip
_ALL = frozenset(OPERATIONS) - {"form"}  # which boto3 alone can sign
_TABLES = frozenset({"put", "get", "range", "list v2", "multipart"})
# As the table names it: the environment, the driver, what it drives.
CLIENTS = {
    "boto3": ("s3", "boto", _ALL - {"sync"} | {"form"}),
    "s3fs": ("s3fs", "fsspec_s3", _ALL - {"list v1", "sync"}),
    "pyarrow": ("s3", "arrow", _ALL - {"list v1", "abort", "presign", "sync"}),
    "polars": ("s3", "frames", _TABLES),
    "DuckDB": ("duckdb", "duck", _TABLES),
    "aws-cli": ("s3", "aws", _ALL),
    "rclone": ("rclone", "rclone", _ALL),
    "dagshub, boto": ("dagshub", "boto", _ALL - {"presign", "sync"}),
    "dagshub, s3fs": ("dagshub", "fsspec_s3", _ALL - {"list v1", "presign", "sync"}),
    "dagshub upload, storage": ("dagshub", "hub", frozenset({"put", "sync"})),
}
CELLS = [
    (client, operation)
    for client, (_, _, driven) in CLIENTS.items()
    for operation in OPERATIONS
    if operation in driven
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("clients")
    (made / "large.bin").write_bytes(os.urandom(12 << 20))
    (made / "small.txt").write_bytes(b"0123456789")
    (made / "tree/sub").mkdir(parents=True)
    for name in ("tree/a.bin", "tree/sub/ü b.txt"):
        (made / name).write_bytes(b"0123456789")
    return made


@pytest.fixture(scope="module")
def driven(shared: Storage, folder: Path) -> Callable[[str], dict[str, str]]:
    """What came of a client's operations, each with an empty text or what went wrong."""
    pair = shared.pair("writer")

    @cache
    def drive(client: str) -> dict[str, str]:
        environment, driver, _ = CLIENTS[client]
        token = shared.token("writer")
        kept = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
        settings = {
            "S3_URL": shared.buckets_url, "S3_BUCKET": shared.slug, "S3_KEY": token, "S3_SECRET": token,
            "S3_PAIR": " ".join(pair), "S3_FOLDER": str(folder), "HOME": str(folder),
        }  # fmt: skip
        if environment == "dagshub":
            rclone = client_python("rclone").parent
            # The client wants to see that one can mount before it calls rclone for anything.
            (folder / "fusermount3").write_text("#!/bin/sh\n")
            (folder / "fusermount3").chmod(0o755)
            settings |= {
                "S3_MADE_BY": "dagshub", "S3_PROJECT": f"s3-owner/{shared.slug}", "DAGSHUB_CLIENT_HOST": shared.instance.url,
                "DAGSHUB_USER_TOKEN": token, "DAGSHUB_DISABLE_ANALYTICS": "1", "AWS_DEFAULT_REGION": "us-east-1",
                "PATH": os.pathsep.join([str(rclone), str(folder), os.environ["PATH"]]),
            }  # fmt: skip
        script = Path(__file__).parent / "driven" / f"{driver}.py"
        done = subprocess.run(
            [client_python(environment), script], env={**kept, **settings}, cwd=folder, stdin=subprocess.DEVNULL,
            capture_output=True, text=True, timeout=400, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-4000:]
        return dict(json.loads(done.stdout.rstrip().rpartition("\n")[2]))

    return drive


@pytest.mark.parametrize(("client", "operation"), CELLS)
def test_cell(driven: Callable[[str], dict[str, str]], client: str, operation: str) -> None:
    found = driven(client)
    assert found[operation] == "", found[operation]
    assert set(found) == CLIENTS[client][2]


def test_the_manuals_table_is_what_is_driven() -> None:
    text = (ROOT / "docs/user/s3.md").read_text(encoding="utf-8")
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in text.splitlines()
        if line.startswith("| ")
    ]
    assert rows[0][1:] == list(OPERATIONS)
    assert {
        row[0]: {name for name, cell in zip(OPERATIONS, row[1:], strict=True) if cell == "✓"}
        for row in rows[1:]
    } == {client: set(operations) for client, (_, _, operations) in CLIENTS.items()}
