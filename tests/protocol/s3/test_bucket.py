"""A project's own bucket under boto3: free keys, uploads in parts, copies, deletions, conditions."""

import hashlib
import io
import os
from typing import Any

import boto3
import pytest
from boto3.s3.transfer import TransferConfig
from botocore import UNSIGNED
from botocore.exceptions import ClientError

from tests.protocol.s3.conftest import Storage, make_storage
from tests.protocol.s3.test_remote import key, refused

MIB = 1 << 20


@pytest.fixture
def bucket(storage: Storage) -> Any:
    """boto3 with the bucket's name given to every call."""
    return Bound(storage.client("writer", url=storage.buckets_url), storage.slug)


class Bound:
    """A client whose calls are about one bucket."""

    def __init__(self, client: Any, name: str) -> None:
        self.client, self.name = client, name

    def __getattr__(self, call: str) -> Any:
        return lambda **values: getattr(self.client, call)(Bucket=self.name, **values)


def test_objects(bucket: Bound) -> None:
    name, data = "a folder/ü+%2F ☃.txt", b"text"
    put = bucket.put_object(Key=name, Body=data, ContentType="text/html", Metadata={"made-by": "me"})
    got = bucket.get_object(Key=name)
    assert got["Body"].read() == data
    assert (got["ETag"], put["ETag"]) == (f'"{hashlib.md5(data).hexdigest()}"',) * 2
    assert (got["ContentType"], got["Metadata"]) == ("text/html", {"made-by": "me"})
    bucket.put_object(Key=name, Body=b"other")
    assert bucket.get_object(Key=name)["Body"].read() == b"other"
    [entry] = bucket.list_objects_v2()["Contents"]
    assert (entry["Key"], entry["Size"]) == (name, 5)
    facts = bucket.get_object_attributes(Key=name, ObjectAttributes=["ETag", "ObjectSize", "Checksum"])
    assert (facts["ObjectSize"], facts["ETag"]) == (5, hashlib.md5(b"other").hexdigest())
    bucket.copy_object(Key="copy", CopySource={"Bucket": bucket.name, "Key": name})
    assert bucket.get_object(Key="copy")["Body"].read() == b"other"
    bucket.delete_object(Key=name)
    bucket.delete_object(Key=name)  # it is gone afterwards, as before
    assert refused(bucket.get_object, Key=name) == (404, "NoSuchKey")
    assert refused(bucket.put_object, Key="a" * 1025, Body=b"") == (400, "InvalidArgument")


def test_conditions(bucket: Bound) -> None:
    etag = bucket.put_object(Key="one", Body=b"1", IfNoneMatch="*")["ETag"]
    assert refused(bucket.put_object, Key="one", Body=b"2", IfNoneMatch="*") == (412, "PreconditionFailed")
    assert refused(bucket.put_object, Key="one", Body=b"2", IfMatch='"other"') == (412, "PreconditionFailed")
    assert refused(bucket.put_object, Key="none", Body=b"2", IfMatch=etag) == (404, "NoSuchKey")
    assert bucket.get_object(Key="one", IfMatch=etag)["Body"].read() == b"1"
    bucket.put_object(Key="one", Body=b"2", IfMatch=etag)
    assert refused(bucket.get_object, Key="one", IfMatch=etag) == (412, "PreconditionFailed")
    assert bucket.get_object(Key="one")["Body"].read() == b"2"


def test_many_are_deleted_at_once(bucket: Bound) -> None:
    for number in range(5):
        bucket.put_object(Key=f"d/{number}", Body=b"x")
    gone = bucket.delete_objects(
        Delete={"Objects": [{"Key": f"d/{number}"} for number in range(4)] + [{"Key": "no"}]}
    )
    assert len(gone["Deleted"]) == 5 and "Errors" not in gone
    assert [entry["Key"] for entry in bucket.list_objects_v2()["Contents"]] == ["d/4"]


def parts(bucket: Bound, name: str, bodies: list[bytes]) -> tuple[str, list[dict[str, Any]]]:
    upload = bucket.create_multipart_upload(Key=name, Metadata={"a": "b"})["UploadId"]
    sent = [
        {
            "PartNumber": n,
            "ETag": bucket.upload_part(Key=name, UploadId=upload, PartNumber=n, Body=body)["ETag"],
        }
        for n, body in enumerate(bodies, 1)
    ]
    return upload, sent


def test_uploads_in_parts(bucket: Bound) -> None:
    bodies = [os.urandom(5 * MIB), os.urandom(5 * MIB), b"tail"]
    upload, sent = parts(bucket, "big", bodies)
    assert [part["Size"] for part in bucket.list_parts(Key="big", UploadId=upload)["Parts"]] == [
        5 * MIB,
        5 * MIB,
        4,
    ]
    assert [one["Key"] for one in bucket.list_multipart_uploads()["Uploads"]] == ["big"]
    assert refused(bucket.head_object, Key="big")[0] == 404
    whole = {"Key": "big", "UploadId": upload, "MultipartUpload": {"Parts": sent}}
    etag = bucket.complete_multipart_upload(**whole)["ETag"]
    md5 = hashlib.md5(b"".join(hashlib.md5(body).digest() for body in bodies)).hexdigest()
    assert etag == f'"{md5}-3"'
    assert bucket.complete_multipart_upload(**whole)["ETag"] == etag  # the first answer was lost
    got = bucket.get_object(Key="big")
    assert (got["Body"].read(), got["Metadata"], got["ETag"]) == (b"".join(bodies), {"a": "b"}, etag)
    assert "Uploads" not in bucket.list_multipart_uploads()


def test_what_cannot_be_made_of_parts(bucket: Bound) -> None:
    upload, sent = parts(bucket, "bad", [b"small", b"tail"])

    def complete(given: list[dict[str, Any]], token: str = upload) -> tuple[int, str]:
        return refused(
            bucket.complete_multipart_upload, Key="bad", UploadId=token, MultipartUpload={"Parts": given}
        )

    assert complete(sent) == (400, "EntityTooSmall")
    assert complete(sent[::-1]) == (400, "InvalidPartOrder")
    assert complete([{**sent[0], "ETag": '"x"'}]) == (400, "InvalidPart")
    assert complete([{**sent[0], "PartNumber": 9}]) == (400, "InvalidPart")
    assert complete(sent, "0" * 32) == (404, "NoSuchUpload")
    assert refused(bucket.upload_part, Key="bad", UploadId=upload, PartNumber=10_001, Body=b"")[0] == 400
    bucket.abort_multipart_upload(Key="bad", UploadId=upload)
    assert complete(sent) == (404, "NoSuchUpload")
    assert refused(bucket.head_object, Key="bad")[0] == 404


def test_large_objects_of_the_remote_come_in_parts_and_are_verified(storage: Storage) -> None:
    client = storage.client()
    data = os.urandom(12 * MIB)
    split = TransferConfig(multipart_threshold=MIB, multipart_chunksize=5 * MIB)
    client.upload_fileobj(io.BytesIO(data), "dvc", key(data), Config=split)
    assert client.get_object(Bucket="dvc", Key=key(data))["Body"].read() == data
    with pytest.raises((ClientError, boto3.exceptions.S3UploadFailedError), match="BadDigest"):
        client.upload_fileobj(io.BytesIO(data), "dvc", key(b"other"), Config=split)
    assert refused(client.head_object, Bucket="dvc", Key=key(b"other"))[0] == 404


def test_buckets_of_others(storage: Storage) -> None:
    reader = Bound(storage.client("reader", url=storage.buckets_url), storage.slug)
    assert reader.list_objects_v2()["KeyCount"] == 0
    assert refused(reader.put_object, Key="x", Body=b"") == (403, "AccessDenied")
    stranger = Bound(storage.client("stranger", url=storage.buckets_url), storage.slug)
    assert refused(stranger.list_objects_v2) == (404, "NoSuchBucket")
    assert refused(stranger.create_multipart_upload, Key="x") == (404, "NoSuchBucket")


def test_the_owners_buckets(storage: Storage) -> None:
    def names(who: str) -> set[str]:
        return {
            found["Name"] for found in storage.client(who, url=storage.buckets_url).list_buckets()["Buckets"]
        }

    assert storage.slug in names("reader")
    assert storage.slug not in names("stranger")
    public = make_storage(storage.instance, "public")
    assert public.slug in names("stranger")


def test_tools_may_make_the_bucket_that_is_there(storage: Storage) -> None:
    bucket = Bound(storage.client("writer", url=storage.buckets_url), storage.slug)
    bucket.put_object(Key="kept", Body=b"1")
    bucket.create_bucket()
    bucket.create_bucket(CreateBucketConfiguration={"LocationConstraint": "eu-west-3"})
    assert bucket.get_object(Key="kept")["Body"].read() == b"1"
    reader = Bound(storage.client("reader", url=storage.buckets_url), storage.slug)
    assert refused(reader.create_bucket) == (403, "AccessDenied")
    nowhere = Bound(storage.client("writer", url=storage.buckets_url), "no-such-project")
    assert refused(nowhere.create_bucket) == (404, "NoSuchBucket")


def test_who_signs_nothing(storage: Storage) -> None:
    unsigned = Bound(storage.client(url=storage.buckets_url, signature_version=UNSIGNED), storage.slug)
    assert refused(unsigned.get_object, Key="x") == (403, "AccessDenied")
    assert refused(unsigned.put_object, Key="x", Body=b"") == (403, "AccessDenied")
    public = make_storage(storage.instance, "public")
    storage.client("writer", url=public.buckets_url).put_object(Bucket=public.slug, Key="x", Body=b"open")
    unsigned.name = public.slug
    assert unsigned.get_object(Key="x")["Body"].read() == b"open"
    assert refused(unsigned.put_object, Key="x", Body=b"") == (403, "AccessDenied")
