"""A real S3 server for the session (rclone's, from a PyPI wheel), and a bucket on it.

``ROPEWALK_TEST_S3`` (``endpoint,key,secret``) names another S3 server to run against, e.g. Ceph's.
"""

import os
import secrets
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import suppress

import boto3
import pytest
from botocore.config import Config

from tests.protocol.clients import client_python

KEY, SECRET = "ropewalk", "ropewalk-secret"


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


@pytest.fixture(scope="session")
def s3_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str, str]]:
    given_server = os.environ.get("ROPEWALK_TEST_S3", "")
    if given_server:
        endpoint, key, secret = given_server.split(",")
        yield endpoint, key, secret
        return
    program, port = client_python("rclone").with_name("rclone"), free_port()
    folder = tmp_path_factory.mktemp("s3")
    command = [str(program), "serve", "s3", "--config", "/dev/null", "--addr", f"127.0.0.1:{port}"]
    process = subprocess.Popen(
        [*command, "--auth-key", f"{KEY},{SECRET}", "--vfs-cache-mode", "off", str(folder)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    endpoint = f"http://127.0.0.1:{port}"
    try:
        for _ in range(300):
            with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
                break
            time.sleep(0.1)
        yield endpoint, KEY, SECRET
    finally:
        process.terminate()
        process.wait(20)


@pytest.fixture(scope="session")
def bucket(s3_server: tuple[str, str, str]) -> str:
    endpoint, key, secret = s3_server
    name = f"ropewalk-{secrets.token_hex(4)}"
    client = boto3.client(
        "s3",
        endpoint_url=endpoint,
        aws_access_key_id=key,
        aws_secret_access_key=secret,
        region_name="us-east-1",
        config=Config(s3={"addressing_style": "path"}),
    )
    client.create_bucket(Bucket=name)
    return name
