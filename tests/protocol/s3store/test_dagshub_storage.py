"""The official ``dagshub`` client looks through a connected bucket on a real S3 server, and streams and downloads from it."""

import ipaddress
import json
import os
import subprocess
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config
from django.core.cache import cache
from pytest_django.live_server_helper import LiveServer

from ropewalk.buckets import services as buckets
from ropewalk.core import blobs
from ropewalk.outside import services
from tests.factories import builders
from tests.integration.monitors.repository import Repository
from tests.protocol.clients import ROOT, client_python

MANY = 40


@pytest.mark.usefixtures("transactional_db")
def test_it_streams_from_a_connected_bucket(
    live_server: LiveServer, s3_server: tuple[str, str, str], bucket: str, settings: Any, tmp_path: Path
) -> None:
    settings.REPOSITORIES_ROOT, settings.OBJECTS_ROOT = tmp_path / "repos", tmp_path / "objects"
    settings.ROPEWALK_ALLOWED_NETWORKS = (ipaddress.ip_network("127.0.0.1/32"),)
    settings.ROPEWALK_URL, settings.ALLOWED_HOSTS = live_server.url, ["*"]
    blobs.store.cache_clear()
    cache.clear()
    project = builders.make_project("lake")
    Repository(project, tmp_path / "work").commit({"README.md": "lake"})
    incoming = buckets.Incoming(key="mine.txt", blocks=[b"mine"])
    buckets.put_object(project_id=project.pk, bucket="files", incoming=incoming, user_id=None)
    endpoint, key, secret = s3_server
    client = boto3.client(
        "s3", endpoint_url=endpoint, aws_access_key_id=key, aws_secret_access_key=secret, region_name="us-east-1",
        config=Config(s3={"addressing_style": "path"}),
    )  # fmt: skip
    client.put_object(Bucket=bucket, Key="lake/a b.txt", Body=b"one")
    for number in range(MANY):
        client.put_object(Bucket=bucket, Key=f"lake/many/{number:04}.txt", Body=f"text {number}".encode())
    services.connect_bucket(
        project_id=project.pk, user_id=None, bucket=bucket, name="theirs", prefix="lake", endpoint=endpoint,
        key_id=key, secret=secret,
    )  # fmt: skip
    environment = {
        **os.environ,
        "DAGSHUB_CLIENT_HOST": live_server.url,
        "DAGSHUB_USER_TOKEN": builders.make_token(project.created_by),
        "DAGSHUB_DISABLE_ANALYTICS": "1",
        "DAGSHUB_CLIENT_TOKENS_CACHE": str(tmp_path / "tokens"),
        "HOME": str(tmp_path),
    }
    script = ROOT / "tests/protocol/dagshub/stream_storage.py"
    done = subprocess.run(
        [client_python("dagshub"), script, live_server.url, project.owner.slug, "lake", tmp_path],
        env=environment, cwd=tmp_path, capture_output=True, text=True, timeout=240, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-5000:]
    found = json.loads(done.stdout.rstrip().rpartition("\n")[2])
    blobs.store.cache_clear()
    assert found == {
        "storages": [["s3", "lake"], ["s3", "theirs"]],
        "listed": [["s3/theirs/a b.txt", "file", 3], ["s3/theirs/many", "dir", 0]],
        "file": "one",
        "names": ["a b.txt", "many"],
        "many": MANY,
        "streamed": "text 7",
        "own": "mine",
        "downloaded": [f"{number:04}.txt" for number in range(MANY)],
    }
