"""Over TLS clients send bodies in pieces with a trailer instead of signing their hash: DVC and boto3 through a TLS front."""

import hashlib
import io
import os
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from boto3.s3.transfer import TransferConfig

from tests.fixtures.elsewhere import certified
from tests.fixtures.relay import Relay, relay
from tests.protocol.dvc.test_client import working_copy as over_http
from tests.protocol.s3.conftest import Storage
from tests.protocol.s3.test_dvc import working_copy as over_s3
from tests.protocol.s3.test_remote import key, put
from tests.protocol.working_copies import WorkingCopy

MIB = 1 << 20


@pytest.fixture
def front(storage: Storage, tmp_path: Path) -> Iterator[tuple[Relay, Path]]:
    context, authority = certified(tmp_path)
    with relay(storage.instance.url, context) as found:
        yield found, authority


class Named:
    """A remote of ``tests.protocol.dvc``, as far as a working copy asks."""

    def __init__(self, storage: Storage, url: str) -> None:
        self.url, self._storage = f"{url}/s3-owner/{storage.slug}.dvc", storage

    def credentials(self, who: str) -> tuple[str, str]:
        return f"s3-{who}", self._storage.token(who)


def there_and_back(work: WorkingCopy) -> None:
    (work.folder / "data").mkdir()
    for number in range(20):
        (work.folder / f"data/{number}.bin").write_bytes(secrets.token_bytes(5000))
    (work.folder / "data/empty").touch()
    (work.folder / "big.bin").write_bytes(secrets.token_bytes(30 * MIB))
    before = work.digests()
    work.dvc("add", "-q", "data", "big.bin")
    work.dvc("push", "-q")
    assert "in sync" in work.dvc("status", "-c")
    work.forget()
    work.dvc("pull", "-q")
    assert work.digests() == before


@pytest.mark.parametrize("form", ["s3", "dvc"])
def test_dvc(storage: Storage, front: tuple[Relay, Path], tmp_path: Path, form: str) -> None:
    found, authority = front
    folder = tmp_path / "work"
    if form == "s3":
        work = over_s3(folder, storage, "writer", f"{found.url}/s3-owner/{storage.slug}.s3")
    else:
        work = over_http(folder, Named(storage, found.url), "writer", "PUT")
    work.dvc("remote", "modify", "ropewalk", "ssl_verify", str(authority))
    there_and_back(work)


def test_boto3(storage: Storage, front: tuple[Relay, Path]) -> None:
    found, authority = front
    token = storage.token("writer")
    client: Any = boto3.client(
        "s3", endpoint_url=f"{found.url}/s3-owner/{storage.slug}.s3", region_name="us-east-1", aws_access_key_id=token,
        aws_secret_access_key=token, verify=str(authority),
    )  # fmt: skip
    sent: list[str] = []
    client.meta.events.register(
        "before-send.s3.PutObject", lambda request, **_: sent.append(request.headers["X-Amz-Content-SHA256"])
    )
    for algorithm in ("CRC32", "CRC64NVME", "SHA256"):
        put(client, algorithm.encode() * 50_000, ChecksumAlgorithm=algorithm)
    assert {str(one, "ascii") if isinstance(one, bytes) else one for one in sent} == {
        "STREAMING-UNSIGNED-PAYLOAD-TRAILER"
    }
    data = os.urandom(12 * MIB)
    split = TransferConfig(multipart_threshold=MIB, multipart_chunksize=5 * MIB)
    client.upload_fileobj(io.BytesIO(data), "dvc", key(data), Config=split)
    back = io.BytesIO()
    client.download_fileobj("dvc", key(data), back, Config=split)
    assert hashlib.md5(back.getvalue()).digest() == hashlib.md5(data).digest()
