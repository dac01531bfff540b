"""A project's bucket under the clients that people have: each stores, reads, lists, copies large ones in parts, and removes."""

import os
import subprocess
from pathlib import Path

import pytest

from tests.protocol.clients import client_python
from tests.protocol.s3.conftest import Storage

_FSSPEC = """
import s3fs
fs = s3fs.S3FileSystem(key=KEY, secret=SECRET, client_kwargs={"endpoint_url": URL, "region_name": "us-east-1"})
fs.put(str(FOLDER / "large.bin"), f"{BUCKET}/fs/large.bin")
with fs.open(f"{BUCKET}/fs/ü b.txt", "wb") as file:
    file.write(b"text")
assert fs.cat(f"{BUCKET}/fs/ü b.txt") == b"text"
assert sorted(fs.ls(f"{BUCKET}/fs")) == [f"{BUCKET}/fs/large.bin", f"{BUCKET}/fs/ü b.txt"]
assert fs.cat(f"{BUCKET}/fs/large.bin") == (FOLDER / "large.bin").read_bytes()
fs.mv(f"{BUCKET}/fs/ü b.txt", f"{BUCKET}/fs/c.txt")
fs.rm(f"{BUCKET}/fs", recursive=True)
assert not fs.exists(f"{BUCKET}/fs")
"""
_ARROW = """
import pyarrow as pa
import pyarrow.parquet as pq
from pyarrow import fs
host = URL.removeprefix("http://")
s3 = fs.S3FileSystem(access_key=KEY, secret_key=SECRET, endpoint_override=host, scheme="http", region="us-east-1")
table = pa.table({"a": list(range(300_000))})
pq.write_table(table, f"{BUCKET}/arrow/t.parquet", filesystem=s3)
assert pq.read_table(f"{BUCKET}/arrow/t.parquet", filesystem=s3).equals(table)
with s3.open_output_stream(f"{BUCKET}/arrow/large.bin") as out:
    out.write((FOLDER / "large.bin").read_bytes())
assert s3.open_input_file(f"{BUCKET}/arrow/large.bin").read() == (FOLDER / "large.bin").read_bytes()
names = [one.path for one in s3.get_file_info(fs.FileSelector(f"{BUCKET}/arrow"))]
assert sorted(names) == [f"{BUCKET}/arrow/large.bin", f"{BUCKET}/arrow/t.parquet"]
s3.delete_dir_contents(f"{BUCKET}/arrow")
"""
_POLARS = """
import polars as pl
options = {"aws_access_key_id": KEY, "aws_secret_access_key": SECRET, "aws_endpoint_url": URL, "aws_region": "us-east-1",
           "aws_allow_http": "true"}
frame = pl.DataFrame({"a": range(100_000)})
frame.write_parquet(f"s3://{BUCKET}/polars/t.parquet", storage_options=options)
found = pl.scan_parquet(f"s3://{BUCKET}/polars/*.parquet", storage_options=options).select(pl.col("a").sum()).collect()
assert found.item() == sum(range(100_000))
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("clients")
    (made / "large.bin").write_bytes(os.urandom(12 << 20))
    (made / "small.txt").write_text("small\n")
    return made


def run(*command: str, storage: Storage, **more: str) -> str:
    token = storage.token("writer")
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    keys = {"AWS_ACCESS_KEY_ID": token, "AWS_SECRET_ACCESS_KEY": token, "AWS_DEFAULT_REGION": "us-east-1"}
    done = subprocess.run(
        command, env={**kept, **keys, **more}, capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.parametrize("script", [_FSSPEC, _ARROW, _POLARS], ids=["s3fs", "pyarrow", "polars"])
def test_libraries(shared: Storage, folder: Path, script: str) -> None:
    token = shared.token("writer")
    values = {"KEY": token, "SECRET": token, "URL": shared.buckets_url, "BUCKET": shared.slug}
    head = "from pathlib import Path\n" + "".join(f"{name} = {value!r}\n" for name, value in values.items())
    head += f"FOLDER = Path({str(folder)!r})\n"
    run(str(client_python("s3")), "-c", head + script, storage=shared)


def test_aws_cli(shared: Storage, folder: Path) -> None:
    program = str(client_python("s3").with_name("aws"))

    def aws(*arguments: str) -> str:
        return run(program, "--endpoint-url", shared.buckets_url, "s3", *arguments, storage=shared)

    place = f"s3://{shared.slug}/aws"
    aws("sync", str(folder), place)
    assert "12582912 large.bin" in aws("ls", f"{place}/")
    aws("cp", f"{place}/large.bin", str(folder / "back"))
    assert (folder / "back").read_bytes() == (folder / "large.bin").read_bytes()
    (folder / "back").unlink()
    assert aws("sync", str(folder), place) == ""
    aws("mv", f"{place}/small.txt", f"{place}/moved.txt")
    aws("rm", "--recursive", f"{place}/")
    assert "aws/" not in aws("ls", f"s3://{shared.slug}/")


def test_rclone(shared: Storage, folder: Path, tmp_path: Path) -> None:
    program = client_python("rclone").with_name("rclone")
    token = shared.token("writer")
    remote = (
        f":s3,provider=Other,access_key_id={token},secret_access_key={token},endpoint='{shared.buckets_url}':"
    )
    settings = {
        "RCLONE_CONFIG": str(tmp_path / "none"),
        "RCLONE_S3_UPLOAD_CUTOFF": "6Mi",
        "RCLONE_S3_CHUNK_SIZE": "5Mi",
    }

    def call(*arguments: str) -> str:
        return run(str(program), *arguments, storage=shared, **settings)

    place = f"{remote}{shared.slug}/rclone"
    call("copy", str(folder), place)
    call("check", str(folder), place, "--download")
    assert set(call("lsf", place).split()) == {"large.bin", "small.txt"}
    call("sync", str(folder), place)
    call("purge", place)
    assert "rclone/" not in call("lsf", f"{remote}{shared.slug}").split()
