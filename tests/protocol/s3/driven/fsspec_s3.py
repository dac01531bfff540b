"""s3fs, by itself or as the dagshub client makes it (``S3_MADE_BY=dagshub``)."""

import os

import cells
import s3fs

B = cells.BUCKET


def client(key: str = cells.KEY, secret: str = cells.SECRET):
    return s3fs.S3FileSystem(
        key=key,
        secret=secret,
        config_kwargs={"signature_version": "s3v4"},
        client_kwargs={"endpoint_url": cells.URL, "region_name": "us-east-1"},
    )


if os.environ.get("S3_MADE_BY") == "dagshub":
    from dagshub import get_repo_bucket_client

    fs = get_repo_bucket_client(os.environ["S3_PROJECT"], flavor="s3fs")
else:
    fs = client()


def put(name: str = "put") -> str:
    where = f"{B}/fs/{name}"
    with fs.open(where, "wb") as file:
        file.write(cells.SMALL)
    return where


def get() -> None:
    assert fs.cat(put("get ü")) == cells.SMALL


def a_range() -> None:
    assert fs.cat_file(put("range"), start=2, end=5) == b"234"


def head() -> None:
    assert fs.info(put("head"), refresh=True)["size"] == 10


def lists() -> None:
    names = [put(f"list/{name}") for name in ("a", "b", "deep/c")]
    assert fs.find(f"{B}/fs/list", refresh=True) == names
    shallow = fs.ls(f"{B}/fs/list", detail=False, refresh=True)
    assert sorted(shallow) == [*names[:2], f"{B}/fs/list/deep"]


def delete() -> None:
    fs.rm_file(where := put("delete"))
    assert not fs.exists(where)


def delete_many() -> None:
    for name in "abc":
        put(f"many/{name}")
    fs.rm(f"{B}/fs/many", recursive=True)
    assert not fs.exists(f"{B}/fs/many")


def copy() -> None:
    fs.mv(put("copy me"), f"{B}/fs/copied")
    assert fs.cat(f"{B}/fs/copied") == cells.SMALL


def multipart() -> None:
    with fs.open(f"{B}/fs/large", "wb", block_size=5 << 20) as file:
        file.write(cells.LARGE.read_bytes())
    assert fs.cat(f"{B}/fs/large") == cells.LARGE.read_bytes()


def abort() -> None:
    file = fs.open(f"{B}/fs/abort", "wb", block_size=5 << 20)
    file.write(bytes(11 << 20))
    file.discard()
    file.closed = True  # else its end looks for what is gone, and says so
    assert not fs.exists(f"{B}/fs/abort")
    assert "Uploads" not in fs.call_s3("list_multipart_uploads", Bucket=B)


def presign() -> None:
    where = put("signed")
    assert cells.fetched(client(*cells.PAIR).url(where, expires=60)) == cells.SMALL


cells.run({
    "put": lambda: print(put()), "get": get, "range": a_range, "head": head, "list v2": lists, "delete": delete,
    "delete many": delete_many, "copy": copy, "multipart": multipart, "abort": abort,
    **({} if "S3_MADE_BY" in os.environ else {"presign": presign}),
})  # fmt: skip
