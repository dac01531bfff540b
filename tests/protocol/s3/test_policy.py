"""A bucket's policy under boto3: what it denies is denied to everybody, what would not be held to is refused."""

import json
from typing import Any

import requests

from tests.fixtures.instance import PASSWORD
from tests.protocol.s3.conftest import Storage
from tests.protocol.s3.test_bucket import Bound, parts
from tests.protocol.s3.test_remote import refused

DENIED = (403, "AccessDenied")


def policy(bucket: Bound, action: Any, keys: str = "raw/*", **changed: Any) -> str:
    statement = {
        "Effect": "Deny", "Principal": "*", "Action": action, "Resource": f"arn:aws:s3:::{bucket.name}/{keys}", **changed
    }  # fmt: skip
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def test_a_policy_denies(storage: Storage) -> None:
    owner = Bound(storage.client("owner", url=storage.buckets_url), storage.slug)
    writer = Bound(storage.client("writer", url=storage.buckets_url), storage.slug)
    assert refused(owner.get_bucket_policy) == (404, "NoSuchBucketPolicy")
    for key in ("raw/1", "raw/2", "x"):
        writer.put_object(Key=key, Body=b"1")
    owner.put_bucket_policy(
        Policy=policy(owner, ["s3:DeleteObject", "s3:PutObject", "s3:AbortMultipartUpload"])
    )
    assert json.loads(writer.get_bucket_policy()["Policy"])["Statement"][0]["Effect"] == "Deny"
    for client in (owner, writer):
        assert refused(client.delete_object, Key="raw/1") == DENIED
        assert refused(client.put_object, Key="raw/3", Body=b"") == DENIED
        assert refused(client.create_multipart_upload, Key="raw/3") == DENIED
        assert (
            refused(client.copy_object, Key="raw/1", CopySource={"Bucket": client.name, "Key": "x"}) == DENIED
        )
    gone = writer.delete_objects(Delete={"Objects": [{"Key": "raw/2"}, {"Key": "x"}]})
    assert ([one["Key"] for one in gone["Deleted"]], gone["Errors"][0]["Code"]) == (["x"], "AccessDenied")
    assert writer.get_object(Key="raw/1")["Body"].read() == b"1"
    owner.put_bucket_policy(Policy=policy(owner, "s3:Get*"))
    assert refused(writer.get_object, Key="raw/1") == DENIED
    assert refused(writer.head_object, Key="raw/1")[0] == 403
    assert refused(writer.copy_object, Key="y", CopySource={"Bucket": writer.name, "Key": "raw/1"}) == DENIED
    signed = requests.get(
        f"{storage.instance.url}/s3-owner/{storage.slug}/bucket/file?key=raw/1",
        auth=("s3-owner", PASSWORD),
        timeout=30,
    )
    assert (signed.status_code, "policy" in signed.text) == (403, True)
    writer.put_object(Key="raw/1", Body=b"2")
    owner.delete_bucket_policy()
    owner.delete_bucket_policy()
    assert writer.get_object(Key="raw/1")["Body"].read() == b"2"
    assert refused(owner.get_bucket_policy) == (404, "NoSuchBucketPolicy")


def test_an_upload_under_way_is_asked_again(storage: Storage) -> None:
    owner = Bound(storage.client("owner", url=storage.buckets_url), storage.slug)
    upload, sent = parts(owner, "raw/big", [b"tail"])
    owner.put_bucket_policy(Policy=policy(owner, "s3:*"))
    whole = {"Key": "raw/big", "UploadId": upload, "MultipartUpload": {"Parts": sent}}
    assert refused(owner.complete_multipart_upload, **whole) == DENIED
    assert refused(owner.list_parts, Key="raw/big", UploadId=upload) == DENIED
    assert refused(owner.abort_multipart_upload, Key="raw/big", UploadId=upload) == DENIED
    owner.delete_bucket_policy()
    owner.abort_multipart_upload(Key="raw/big", UploadId=upload)


def test_who_may_set_one_and_which(storage: Storage) -> None:
    owner = Bound(storage.client("owner", url=storage.buckets_url), storage.slug)
    text = policy(owner, "s3:PutObject")
    for who in ("writer", "reader"):
        client = Bound(storage.client(who, url=storage.buckets_url), storage.slug)
        assert refused(client.put_bucket_policy, Policy=text) == DENIED
        assert refused(client.delete_bucket_policy) == DENIED
    owner.put_bucket_policy(Policy=text)
    reader = Bound(storage.client("reader", url=storage.buckets_url), storage.slug)
    assert refused(reader.get_bucket_policy) == DENIED
    assert refused(owner.put_bucket_policy, Policy=policy(owner, "s3:GetObject", Effect="Allow")) == (
        501,
        "NotImplemented",
    )
    assert refused(owner.put_bucket_policy, Policy="{}") == (400, "MalformedPolicy")
    assert refused(owner.put_bucket_policy, Policy=" " * 20_001) == (400, "EntityTooLarge")
    kept = json.loads(owner.get_bucket_policy()["Policy"])
    assert kept["Statement"][0]["Action"] == ["s3:PutObject"]
    remote = Bound(storage.client("owner"), "dvc")
    assert refused(remote.get_bucket_policy) == (404, "NoSuchBucketPolicy")
    assert refused(remote.put_bucket_policy, Policy=policy(remote, "s3:PutObject")) == (501, "NotImplemented")
