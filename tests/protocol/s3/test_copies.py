"""Copies between buckets: a project's own, its DVC remote, and those of its owner's other projects. Both rights are asked."""

import os
from typing import Any

import pytest
from boto3.s3.transfer import TransferConfig

from tests.protocol.s3.conftest import Storage, make_storage
from tests.protocol.s3.test_remote import key, put, refused

MIB = 1 << 20


def source(bucket: str, name: str) -> dict[str, str]:
    return {"Bucket": bucket, "Key": name}


@pytest.fixture
def other(storage: Storage) -> Storage:
    return make_storage(storage.instance)


def test_between_projects(storage: Storage, other: Storage) -> None:
    client = storage.client(url=storage.buckets_url)
    client.put_object(Bucket=other.slug, Key="a", Body=b"theirs", ContentType="text/csv", Metadata={"x": "1"})
    client.copy_object(Bucket=storage.slug, Key="b", CopySource=source(other.slug, "a"))
    got = client.get_object(Bucket=storage.slug, Key="b")
    assert (got["Body"].read(), got["ContentType"], got["Metadata"]) == (b"theirs", "text/csv", {"x": "1"})
    copy: Any = {"Bucket": storage.slug, "Key": "c"}
    assert refused(client.copy_object, **copy, CopySource=source(other.slug, "no")) == (404, "NoSuchKey")
    assert refused(client.copy_object, **copy, CopySource=source("no-such-project", "a")) == (
        404,
        "NoSuchBucket",
    )
    reader = storage.client("reader", url=storage.buckets_url)
    assert refused(reader.copy_object, **copy, CopySource=source(other.slug, "a")) == (403, "AccessDenied")


def test_in_parts(storage: Storage, other: Storage) -> None:
    client = storage.client(url=storage.buckets_url)
    data = os.urandom(12 * MIB)
    client.put_object(Bucket=other.slug, Key="large", Body=data)
    split = TransferConfig(multipart_threshold=MIB, multipart_chunksize=5 * MIB)
    client.copy(source(other.slug, "large"), storage.slug, "large", Config=split)
    assert client.get_object(Bucket=storage.slug, Key="large")["Body"].read() == data


def test_between_a_remote_and_buckets(storage: Storage, other: Storage) -> None:
    bucket, remote = storage.client(url=storage.buckets_url), storage.client()
    data = b"an object of DVC's"
    where = put(remote, data)
    bucket.copy_object(Bucket=storage.slug, Key="data.csv", CopySource=source(f"{storage.slug}.s3", where))
    assert bucket.get_object(Bucket=storage.slug, Key="data.csv")["Body"].read() == data
    theirs = other.client()
    theirs.copy_object(Bucket="dvc", Key=where, CopySource=source(storage.slug, "data.csv"))
    assert theirs.get_object(Bucket="dvc", Key=where)["Body"].read() == data
    wrong = {"Bucket": "dvc", "Key": key(b"something else")}
    assert refused(theirs.copy_object, **wrong, CopySource=source(storage.slug, "data.csv")) == (
        400,
        "BadDigest",
    )
    assert refused(theirs.head_object, **wrong)[0] == 404
    third = make_storage(storage.instance)
    third.client().copy_object(Bucket="dvc", Key=where, CopySource=source(f"{storage.slug}.s3", where))
    assert third.client().get_object(Bucket="dvc", Key=where)["Body"].read() == data
