"""What one project holds shows in no other: not by its md5, in no list, by no signed address, upload or copy."""

import json
from typing import Any

import requests

from tests.protocol.s3.conftest import Storage, make_storage
from tests.protocol.s3.test_remote import key, oid, put, refused

DATA = b"held by one project"


def test_an_md5_tells_nothing_of_other_projects(storage: Storage) -> None:
    mine, theirs = storage.client(), make_storage(storage.instance).client()
    where = put(theirs, DATA)
    assert refused(mine.head_object, Bucket="dvc", Key=where) == (404, "404")
    assert refused(mine.get_object, Bucket="dvc", Key=where) == (404, "NoSuchKey")
    assert mine.list_objects_v2(Bucket="dvc")["KeyCount"] == 0
    listed = json.dumps([{"md5": oid(DATA), "relpath": "a.txt"}]).encode()
    folder = key(listed, suffix=".dir")
    mine.put_object(Bucket="dvc", Key=folder, Body=listed)
    assert refused(mine.head_object, Bucket="dvc", Key=folder) == (404, "404")
    # Who names a hash without having its bytes gets nothing; who has them is asked for them like everybody.
    assert refused(mine.put_object, Bucket="dvc", Key=where, Body=b"guess") == (400, "BadDigest")
    put(mine, DATA, IfNoneMatch="*")
    assert mine.get_object(Bucket="dvc", Key=folder)["Body"].read() == listed


def test_uploads_copies_and_signed_addresses_stay_within_one_project(storage: Storage) -> None:
    other = make_storage(storage.instance)
    pair = dict(zip(("key", "secret"), storage.pair("writer"), strict=True))
    client: Any = storage.client(url=storage.buckets_url, **pair)
    client.put_object(Bucket=other.slug, Key="theirs", Body=DATA)
    own = dict(zip(("key", "secret"), storage.project_pair("writer"), strict=True))
    bound = storage.client(url=storage.buckets_url, **own)  # for this project only
    for name in ("theirs", "nothing"):
        source = {"Bucket": other.slug, "Key": name}
        assert refused(bound.copy_object, Bucket=storage.slug, Key="x", CopySource=source) == (
            404,
            "NoSuchBucket",
        )
    upload = client.create_multipart_upload(Bucket=other.slug, Key="theirs")["UploadId"]
    where = {"Bucket": storage.slug, "Key": "theirs", "UploadId": upload}
    assert refused(client.upload_part, **where, PartNumber=1, Body=b"x") == (404, "NoSuchUpload")
    assert refused(client.list_parts, **where) == (404, "NoSuchUpload")
    assert refused(client.abort_multipart_upload, **where) == (404, "NoSuchUpload")
    assert "Uploads" not in client.list_multipart_uploads(Bucket=storage.slug)
    signed = client.generate_presigned_url("get_object", Params={"Bucket": other.slug, "Key": "theirs"})
    assert requests.get(signed, timeout=30).content == DATA
    elsewhere = signed.replace(f"/{other.slug}/", f"/{storage.slug}/")
    assert "SignatureDoesNotMatch" in requests.get(elsewhere, timeout=30).text
