"""The bucket ``dvc`` under boto3, the reference client: what it puts it gets, and what may not be is refused by name."""

import hashlib
import json
from typing import Any

import pytest
import requests
from botocore.exceptions import ClientError

from tests.protocol.s3.conftest import Storage, make_storage


def oid(data: bytes) -> str:
    return hashlib.md5(data).hexdigest()


def key(data: bytes, *, suffix: str = "", root: str = "files/md5/") -> str:
    name = oid(data)
    return f"{root}{name[:2]}/{name[2:]}{suffix}"


def put(client: Any, data: bytes, **more: Any) -> str:
    where = key(data)
    answer = client.put_object(Bucket="dvc", Key=where, Body=data, **more)
    assert answer["ETag"] == f'"{oid(data)}"'
    return where


def refused(call: Any, **values: Any) -> tuple[int, str]:
    with pytest.raises(ClientError) as caught:
        call(**values)
    return caught.value.response["ResponseMetadata"]["HTTPStatusCode"], caught.value.response["Error"]["Code"]


@pytest.mark.parametrize("algorithm", ["CRC32", "CRC32C", "CRC64NVME", "SHA1", "SHA256"])
def test_what_is_put_comes_back(shared: Storage, algorithm: str) -> None:
    client = shared.client()
    data = algorithm.encode() * 70_000
    where = put(client, data, ChecksumAlgorithm=algorithm)
    got = client.get_object(Bucket="dvc", Key=where)
    assert got["Body"].read() == data
    assert got["ContentLength"] == len(data) and got["ETag"] == f'"{oid(data)}"'
    assert client.get_object(Bucket="dvc", Key=where, Range="bytes=7-9")["Body"].read() == data[7:10]
    head = client.head_object(Bucket="dvc", Key=where)
    assert (head["ContentLength"], head["ETag"]) == (len(data), f'"{oid(data)}"')


def test_what_is_not_what_its_name_or_its_checksum_says_is_not_stored(shared: Storage) -> None:
    client = shared.client()
    wrong = key(b"something else")
    assert refused(client.put_object, Bucket="dvc", Key=wrong, Body=b"body") == (400, "BadDigest")
    data, zero = b"right", "AAAAAA=="
    assert refused(client.put_object, Bucket="dvc", Key=key(data), Body=data, ChecksumCRC32=zero) == (
        400,
        "BadDigest",
    )
    assert refused(client.put_object, Bucket="dvc", Key=key(data), Body=data, ContentMD5="A" * 22 + "==") == (
        400,
        "BadDigest",
    )
    for where in (wrong, key(data)):
        assert refused(client.head_object, Bucket="dvc", Key=where) == (404, "404")
    assert refused(client.put_object, Bucket="dvc", Key="some/where", Body=b"x") == (403, "AccessDenied")
    put(client, data)


def test_folders_show_when_they_are_whole(shared: Storage) -> None:
    client = shared.client()
    listed = json.dumps([{"md5": oid(b"in"), "relpath": "a.txt"}]).encode()
    where = key(listed, suffix=".dir")
    client.put_object(Bucket="dvc", Key=where, Body=listed)
    assert refused(client.head_object, Bucket="dvc", Key=where) == (404, "404")
    assert "Contents" not in client.list_objects_v2(Bucket="dvc", Prefix=where)
    put(client, b"in")
    assert client.get_object(Bucket="dvc", Key=where)["Body"].read() == listed


def test_listing(storage: Storage) -> None:
    client = storage.client()
    assert client.list_objects_v2(Bucket="dvc")["KeyCount"] == 0
    keys = [put(client, b"%d" % number) for number in range(25)]
    old = key(b"old", root="")
    client.put_object(Bucket="dvc", Key=old, Body=b"old")
    expected = sorted([*keys, old])
    for version in ("list_objects_v2", "list_objects"):
        pages = client.get_paginator(version).paginate(Bucket="dvc", PaginationConfig={"PageSize": 4})
        assert [item["Key"] for page in pages for item in page.get("Contents", [])] == expected
    folders = client.list_objects_v2(Bucket="dvc", Prefix="files/md5/", Delimiter="/")
    assert [found["Prefix"] for found in folders["CommonPrefixes"]] == sorted({name[:13] for name in keys})
    assert "Contents" not in folders
    pages = client.get_paginator("list_objects_v2").paginate(
        Bucket="dvc", Prefix="files/md5/", Delimiter="/", PaginationConfig={"PageSize": 3}
    )
    found = [entry["Prefix"] for page in pages for entry in page.get("CommonPrefixes", [])]
    assert found == sorted({name[:13] for name in keys})
    first = keys[0]
    assert [item["Key"] for item in client.list_objects_v2(Bucket="dvc", Prefix=first[:16])["Contents"]] == [
        first
    ]
    behind = client.list_objects_v2(Bucket="dvc", StartAfter=first).get("Contents", [])
    assert [item["Key"] for item in behind] == [name for name in expected if name > first]


def test_who_may_do_what(shared: Storage) -> None:
    writer, reader = shared.client("writer"), shared.client("reader")
    where = put(writer, b"shared")
    assert reader.get_object(Bucket="dvc", Key=where)["Body"].read() == b"shared"
    assert refused(reader.put_object, Bucket="dvc", Key=key(b"r"), Body=b"r") == (403, "AccessDenied")
    stranger = shared.client("stranger")
    assert refused(stranger.get_object, Bucket="dvc", Key=where) == (404, "NoSuchBucket")
    assert refused(stranger.list_objects_v2, Bucket="dvc") == (404, "NoSuchBucket")
    unknown = shared.client(key="rw_nobody", secret="rw_nobody")
    assert refused(unknown.get_object, Bucket="dvc", Key=where) == (403, "InvalidAccessKeyId")
    wrong = shared.client("writer", secret="wrong")
    assert refused(wrong.get_object, Bucket="dvc", Key=where) == (403, "SignatureDoesNotMatch")
    assert refused(writer.get_object, Bucket="other", Key=where) == (404, "NoSuchBucket")
    for call in (writer.get_bucket_acl, writer.get_bucket_versioning, writer.list_object_versions):
        assert refused(call, Bucket="dvc") == (501, "NotImplemented")


def test_key_pairs_and_signed_addresses(shared: Storage) -> None:
    key_id, secret = shared.pair("writer")
    client = shared.client(key=key_id, secret=secret)
    where = put(client, b"signed" * 1000)
    address = client.generate_presigned_url(
        "get_object", Params={"Bucket": "dvc", "Key": where}, ExpiresIn=60
    )
    assert requests.get(address, timeout=30).content == b"signed" * 1000
    other = make_storage(shared.instance)
    elsewhere = address.replace(f"/{shared.slug}.s3/", f"/{other.slug}.s3/")
    assert "SignatureDoesNotMatch" in requests.get(elsewhere, timeout=30).text
    sent = client.generate_presigned_url(
        "put_object", Params={"Bucket": "dvc", "Key": key(b"sent")}, ExpiresIn=60
    )
    assert requests.put(sent, data=b"sent", timeout=30).status_code == 200
    second = shared.client("writer", signature_version="s3")
    assert refused(second.get_object, Bucket="dvc", Key=where) == (400, "InvalidRequest")
    token = shared.client("writer")
    given_away = token.generate_presigned_url("get_object", Params={"Bucket": "dvc", "Key": where})
    answer = requests.get(given_away, timeout=30)
    assert (answer.status_code, "AccessDenied" in answer.text) == (403, True)
    assert secret not in answer.text


def test_maintainers_remove_objects_one_by_one_and_many_at_once(storage: Storage) -> None:
    writer, owner = storage.client(), storage.client("owner")
    keys = [put(writer, b"%d" % number) for number in range(4)]
    assert refused(writer.delete_object, Bucket="dvc", Key=keys[0]) == (403, "AccessDenied")
    many = {"Objects": [{"Key": name} for name in keys[1:]] + [{"Key": key(b"never there")}]}
    assert refused(writer.delete_objects, Bucket="dvc", Delete=many) == (403, "AccessDenied")
    assert len(writer.list_objects_v2(Bucket="dvc")["Contents"]) == 4
    owner.delete_object(Bucket="dvc", Key=keys[0])
    assert refused(owner.get_object, Bucket="dvc", Key=keys[0]) == (404, "NoSuchKey")
    gone = owner.delete_objects(Bucket="dvc", Delete=many)
    assert [item["Key"] for item in gone["Deleted"]] == [item["Key"] for item in many["Objects"]]
    assert "Contents" not in owner.list_objects_v2(Bucket="dvc")
    assert put(writer, b"0") == keys[0]
    assert owner.get_object(Bucket="dvc", Key=keys[0])["Body"].read() == b"0"
