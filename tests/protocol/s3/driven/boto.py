"""boto3, by itself or as the dagshub client makes it (``S3_MADE_BY=dagshub``)."""

import os

import boto3
import cells
import urllib3
from boto3.s3.transfer import TransferConfig
from botocore.config import Config
from botocore.exceptions import ClientError

PATHS = Config(signature_version="s3v4", s3={"addressing_style": "path"})


def client(key: str = cells.KEY, secret: str = cells.SECRET):
    return boto3.client(
        "s3", endpoint_url=cells.URL, aws_access_key_id=key, aws_secret_access_key=secret, region_name="eu-west-3",
        config=PATHS,
    )  # fmt: skip


if os.environ.get("S3_MADE_BY") == "dagshub":
    from dagshub import get_repo_bucket_client

    s3 = get_repo_bucket_client(os.environ["S3_PROJECT"])
else:
    s3 = client()
B = cells.BUCKET
SPLIT = TransferConfig(multipart_threshold=1 << 20, multipart_chunksize=5 << 20)


def put(key: str = "boto/put", body: bytes = cells.SMALL) -> str:
    s3.put_object(Bucket=B, Key=key, Body=body)
    return key


def read(key: str, **more: str) -> bytes:
    return s3.get_object(Bucket=B, Key=key, **more)["Body"].read()


def get() -> None:
    assert read(put("boto/get ü+%2F")) == cells.SMALL


def a_range() -> None:
    assert read(put("boto/range"), Range="bytes=2-4") == b"234"
    assert read("boto/range", Range="bytes=-3") == b"789"


def head() -> None:
    assert s3.head_object(Bucket=B, Key=put("boto/head"))["ContentLength"] == 10


def listed(call: str) -> list[str]:
    pages = s3.get_paginator(call).paginate(
        Bucket=B, Prefix="boto/list/", Delimiter="/", PaginationConfig={"PageSize": 2}
    )
    return [one["Key"] for page in pages for one in page.get("Contents", [])] + [
        one["Prefix"] for page in pages for one in page.get("CommonPrefixes", [])
    ]


def lists(call: str) -> None:
    for name in ("a", "b", "c", "deep/d"):
        put(f"boto/list/{name}")
    assert listed(call) == ["boto/list/a", "boto/list/b", "boto/list/c", "boto/list/deep/"]


def is_gone(key: str) -> bool:
    try:
        s3.head_object(Bucket=B, Key=key)
    except ClientError as error:
        return error.response["ResponseMetadata"]["HTTPStatusCode"] == 404
    return False


def delete() -> None:
    s3.delete_object(Bucket=B, Key=put("boto/delete"))
    assert is_gone("boto/delete")


def delete_many() -> None:
    keys = [put(f"boto/many/{number}") for number in range(3)]
    s3.delete_objects(Bucket=B, Delete={"Objects": [{"Key": key} for key in keys]})
    assert all(map(is_gone, keys))


def copy() -> None:
    s3.copy_object(Bucket=B, Key="boto/copied", CopySource={"Bucket": B, "Key": put("boto/copy me")})
    assert read("boto/copied") == cells.SMALL


def multipart() -> None:
    s3.upload_file(str(cells.LARGE), B, "boto/large", Config=SPLIT)
    assert s3.head_object(Bucket=B, Key="boto/large")["ETag"].endswith('-3"')
    s3.download_file(B, "boto/large", str(cells.FOLDER / "boto"), Config=SPLIT)
    assert (cells.FOLDER / "boto").read_bytes() == cells.LARGE.read_bytes()


def abort() -> None:
    where = {"Bucket": B, "Key": "boto/abort"}
    upload = s3.create_multipart_upload(**where)["UploadId"]
    s3.upload_part(**where, UploadId=upload, PartNumber=1, Body=b"x")
    assert [one["UploadId"] for one in s3.list_multipart_uploads(Bucket=B)["Uploads"]] == [upload]
    s3.abort_multipart_upload(**where, UploadId=upload)
    assert "Uploads" not in s3.list_multipart_uploads(Bucket=B)


def presign() -> None:
    signer = client(*cells.PAIR)
    where = {"Bucket": B, "Key": "boto/signed"}
    cells.fetched(signer.generate_presigned_url("put_object", Params=where), "PUT", b"signed")
    assert cells.fetched(signer.generate_presigned_url("get_object", Params=where)) == b"signed"


def form() -> None:
    signed = client(*cells.PAIR).generate_presigned_post(B, "boto/form/${filename}")
    fields = {**signed["fields"], "file": ("ü.txt", cells.SMALL)}
    assert urllib3.request("POST", signed["url"], fields=fields, retries=False).status == 204
    assert read("boto/form/ü.txt") == cells.SMALL


cells.run({
    "put": lambda: print(put()), "get": get, "range": a_range, "head": head,
    "list v2": lambda: lists("list_objects_v2"), "list v1": lambda: lists("list_objects"), "delete": delete,
    "delete many": delete_many, "copy": copy, "multipart": multipart, "abort": abort,
    **({} if "S3_MADE_BY" in os.environ else {"presign": presign, "form": form}),
})  # fmt: skip
