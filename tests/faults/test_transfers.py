"""The short form of ``tests.faults.transfers``: uploads cut at a few points of each form, a full disk, an S3 store that fails."""

from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest
from botocore.config import Config

from infra.embedded.services import temporary_home
from tests.faults import transfers
from tests.faults.transfers import MIB, Site, make_site
from tests.fixtures.instance import Instance
from tests.fixtures.relay import Relay, relay
from tests.protocol.s3store.conftest import bucket, s3_server  # noqa: F401  # fixtures

_SWEEP = """
from ropewalk.core import blobs, clock
print(blobs.store().sweep(clock.now()))
"""


@pytest.fixture
def site(instance: Instance) -> Site:
    return make_site(instance)


def test_uploads_that_are_cut(site: Site) -> None:
    assert list(transfers.cuts(site, 4, 5 * MIB)) == []


def test_uploads_to_a_full_disk(site: Site) -> None:
    assert list(transfers.full_disk(site, 5 * MIB)) == []


@pytest.fixture
def before_s3(s3_server: tuple[str, str, str], bucket: str) -> Iterator[tuple[Site, Relay]]:  # noqa: F811
    """An instance that keeps its data on an S3 server, and what stands between the two."""
    endpoint, key, secret = s3_server
    with relay(endpoint) as back, temporary_home() as home:
        running = Instance(
            Path(home), ROPEWALK_VOLATILE="1", ROPEWALK_S3_BUCKET=bucket, ROPEWALK_S3_ENDPOINT=back.url,
            ROPEWALK_S3_ACCESS_KEY_ID=key, ROPEWALK_S3_SECRET_ACCESS_KEY=secret,
        )  # fmt: skip
        try:
            yield make_site(running.start()), back
        finally:
            running.discard()


def test_uploads_to_an_s3_store_that_fails(
    before_s3: tuple[Site, Relay],
    s3_server: tuple[str, str, str],  # noqa: F811
    bucket: str,  # noqa: F811
) -> None:
    site, back = before_s3
    size = 9 * MIB  # more than one part of the store's
    assert list(transfers.failing_store(site, back, size)) == []
    endpoint, key, secret = s3_server
    client = boto3.client(
        "s3", endpoint_url=endpoint, aws_access_key_id=key, aws_secret_access_key=secret, region_name="us-east-1",
        config=Config(s3={"addressing_style": "path"}),
    )  # fmt: skip
    site.instance.manage("shell", "-v", "0", "-c", _SWEEP)
    assert client.list_multipart_uploads(Bucket=bucket).get("Uploads", []) == []
