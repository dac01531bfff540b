"""The dagshub client's own ways to the bucket: uploads of files and folders, and ``dagshub.storage``, which starts rclone."""

import os

import cells
from dagshub import get_repo_bucket_client
from dagshub.storage import sync as sync_with_rclone
from dagshub.upload import Repo

PROJECT = os.environ["S3_PROJECT"]
s3 = get_repo_bucket_client(PROJECT)


def read(key: str) -> bytes:
    return s3.get_object(Bucket=cells.BUCKET, Key=key)["Body"].read()


def put() -> None:
    Repo(*PROJECT.split("/")).upload(str(cells.FOLDER / "small.txt"), remote_path="hub/put", bucket=True)
    assert read("hub/put") == cells.SMALL


def sync() -> None:
    Repo(*PROJECT.split("/")).upload(str(cells.FOLDER / "tree"), remote_path="hub/up", bucket=True)
    assert read("hub/up/sub/ü b.txt") == cells.SMALL
    sync_with_rclone(PROJECT, cells.FOLDER / "tree", "hub/tree")
    assert read("hub/tree/sub/ü b.txt") == cells.SMALL


cells.run({"put": put, "sync": sync})
