"""pyarrow's own S3 client."""

import cells
import pyarrow as pa
import pyarrow.parquet as pq
from pyarrow import fs

s3 = fs.S3FileSystem(
    access_key=cells.KEY, secret_key=cells.SECRET, endpoint_override=cells.URL.removeprefix("http://"), scheme="http",
    region="us-east-1",
)  # fmt: skip
PLACE = f"{cells.BUCKET}/arrow"


def put(name: str = "put") -> str:
    with s3.open_output_stream(f"{PLACE}/{name}") as out:
        out.write(cells.SMALL)
    return f"{PLACE}/{name}"


def get() -> None:
    assert s3.open_input_stream(put("get ü")).read() == cells.SMALL
    table = pa.table({"a": list(range(300_000))})
    pq.write_table(table, f"{PLACE}/t.parquet", filesystem=s3)
    assert pq.read_table(f"{PLACE}/t.parquet", filesystem=s3).equals(table)


def a_range() -> None:
    assert s3.open_input_file(put("range")).read_at(3, 2) == b"234"


def head() -> None:
    assert s3.get_file_info(put("head")).size == 10


def lists() -> None:
    names = [put(f"list/{name}") for name in ("a", "deep/c")]
    found = s3.get_file_info(fs.FileSelector(f"{PLACE}/list", recursive=True))
    assert {one.path for one in found if one.is_file} == set(names)


def delete() -> None:
    s3.delete_file(where := put("delete"))
    assert s3.get_file_info(where).type == fs.FileType.NotFound


def delete_many() -> None:
    names = [put(f"many/{name}") for name in "abc"]
    s3.delete_dir_contents(f"{PLACE}/many")
    assert all(one.type == fs.FileType.NotFound for one in s3.get_file_info(names))


def copy() -> None:
    s3.copy_file(put("copy me"), f"{PLACE}/copied")
    assert s3.open_input_stream(f"{PLACE}/copied").read() == cells.SMALL


def multipart() -> None:
    with s3.open_output_stream(f"{PLACE}/large") as out:
        out.write(cells.LARGE.read_bytes())
    assert s3.open_input_file(f"{PLACE}/large").read() == cells.LARGE.read_bytes()


cells.run({
    "put": lambda: print(put()), "get": get, "range": a_range, "head": head, "list v2": lists, "delete": delete,
    "delete many": delete_many, "copy": copy, "multipart": multipart,
})  # fmt: skip
