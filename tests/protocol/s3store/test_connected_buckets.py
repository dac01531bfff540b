"""A connected bucket on a real S3 server: connected, looked through, read, and let go."""

import ipaddress
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import boto3
import pytest
from botocore.config import Config
from django.core.cache import cache
from django.test import Client

from ropewalk.core import blobs
from ropewalk.core.errors import Conflict, NotFound, RopewalkError
from ropewalk.core.models import AuditEvent
from ropewalk.core.outbound import AddressRefused
from ropewalk.outside import selectors, services
from ropewalk.outside.errors import BucketRefused, ContentChanged
from ropewalk.outside.models import ConnectedBucket
from ropewalk.outside.visits import Visit
from ropewalk.projects.models import Project
from tests.factories import builders

S3 = tuple[str, str, str]


@pytest.fixture
def project(transactional_db: None, settings: Any, tmp_path: Path) -> Iterator[Project]:
    settings.REPOSITORIES_ROOT = tmp_path / "repos"
    settings.OBJECTS_ROOT = tmp_path / "objects"
    settings.ROPEWALK_ALLOWED_NETWORKS = (ipaddress.ip_network("127.0.0.1/32"),)
    blobs.store.cache_clear()
    cache.clear()
    yield builders.make_project()
    blobs.store.cache_clear()


@pytest.fixture
def filled(s3_server: S3, bucket: str) -> Any:
    """The server's own client, with files in folders."""
    endpoint, key, secret = s3_server
    client = boto3.client(
        "s3", endpoint_url=endpoint, aws_access_key_id=key, aws_secret_access_key=secret, region_name="us-east-1",
        config=Config(s3={"addressing_style": "path"}),
    )  # fmt: skip
    for name in ("team/a b+c%.csv", "team/ü/deep.txt", "team/ü/more.txt", "other/hidden.txt"):
        client.put_object(Bucket=bucket, Key=name, Body=name.encode() * 1000)
    for number in range(7):
        client.put_object(Bucket=bucket, Key=f"team/many/{number}", Body=b"x" * number)
    return client


def connect(project: Project, s3: S3, within: str, **more: Any) -> None:
    endpoint, key, secret = s3
    given = {"endpoint": endpoint, "key_id": key, "secret": secret, "bucket": within, **more}
    services.connect_bucket(project_id=project.pk, user_id=project.created_by_id, **given)


def pages(project: Project, name: str, folder: str, limit: int) -> list[str]:
    found, token = [], ""
    while True:
        with Visit(project.pk, name) as visit:
            page = visit.reader.page(folder, token=token, limit=limit)
        assert len(page.folders) + len(page.files) <= limit
        found += [*page.folders, *(one.key for one in page.files)]
        token = page.next
        if not token:
            return sorted(found)


def test_it_is_looked_through_and_read(project: Project, s3_server: S3, bucket: str, filled: Any) -> None:
    connect(project, s3_server, bucket, name="theirs", prefix="/team/")
    assert pages(project, "theirs", "", 100) == ["a b+c%.csv", "many/", "ü/"]
    assert pages(project, "theirs", "ü/", 100) == ["ü/deep.txt", "ü/more.txt"]
    assert pages(project, "theirs", "many/", 3) == [f"many/{number}" for number in range(7)]
    body = b"team/a b+c%.csv" * 1000
    with Visit(project.pk, "theirs") as visit:
        file = visit.reader.stat("a b+c%.csv")
        assert (file.size, bool(file.etag), file.modified is not None) == (len(body), True, True)
        assert b"".join(visit.body(file)) == body
    with Visit(project.pk, "theirs") as visit:
        assert b"".join(visit.body(file, 5, 19)) == body[5:19]
    with Visit(project.pk, "theirs") as visit:
        empty = visit.reader.stat("many/0")
        assert (empty.size, b"".join(visit.body(empty))) == (0, b"")
    for key in ("gone", "../other/hidden.txt", "ü/../../other/hidden.txt", "..\\other\\hidden.txt"):
        with Visit(project.pk, "theirs") as visit, pytest.raises(NotFound):
            visit.reader.stat(key)
    with Visit(project.pk, "theirs") as visit:
        assert visit.reader.page("../other/").files == ()
    filled.put_object(Bucket=bucket, Key="team/a b+c%.csv", Body=b"another content")
    with Visit(project.pk, "theirs") as visit, pytest.raises(ContentChanged):
        visit.body(file)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"secret": "wrong-secret"}, "sign_in_refused"),
        ({"key_id": "nobody"}, "sign_in_refused"),
        ({"bucket": "no-such-bucket"}, "no_bucket"),
        ({"key_id": "", "secret": ""}, "sign_in_needed"),
        ({"secret": ""}, "bad_sign_in"),
        ({"bucket": "a/b"}, "bad_bucket"),
        ({"prefix": "a/../b"}, "bad_prefix"),
        ({"region": "no region"}, "bad_region"),
        ({"endpoint": "https://169.254.169.254"}, "address_refused"),
        ({"endpoint": "ftp://example.org"}, "bad_scheme"),
        ({"endpoint": "http://key:secret@127.0.0.1"}, "credentials_in_url"),
        ({"endpoint": "http://127.0.0.1:1"}, "broken_answer"),
        ({"name": "Not A Name"}, "bad_name"),
    ],
)
def test_what_cannot_be_connected(
    project: Project, s3_server: S3, bucket: str, change: dict[str, str], code: str
) -> None:
    with pytest.raises(RopewalkError) as raised:
        connect(project, s3_server, bucket, **change)
    assert raised.value.code == code, raised.value.message
    assert "wrong-secret" not in raised.value.message + raised.value.hint
    assert selectors.connected_buckets(project.pk) == []


def test_the_key_is_sealed_and_every_change_is_recorded(
    project: Project, s3_server: S3, bucket: str, settings: Any
) -> None:
    _, key, secret = s3_server
    connect(project, s3_server, bucket, name="theirs")
    row = ConnectedBucket.objects.for_project(project.pk).get()
    assert secret not in row.sign_in and key not in row.sign_in
    with pytest.raises(Conflict):
        connect(project, s3_server, bucket, name="theirs")
    services.rename_bucket(project_id=project.pk, name="theirs", new_name="others")
    with pytest.raises(BucketRefused):
        services.replace_key(project_id=project.pk, name="others", key_id=key, secret="wrong")
    assert services.check_bucket(project_id=project.pk, name="others") >= 0
    services.replace_key(project_id=project.pk, name="others", key_id=key, secret=secret)
    other = builders.make_project()
    with pytest.raises(NotFound):
        selectors.connected_bucket(other.pk, "others")
    settings.ROPEWALK_ALLOWED_NETWORKS = ()
    with pytest.raises(AddressRefused):  # the address is checked at each use
        services.check_bucket(project_id=project.pk, name="others")
    services.disconnect_bucket(project_id=project.pk, name="others")
    events = AuditEvent.objects.filter(action__startswith="bucket.").order_by("pk")
    assert [event.action for event in events] == [
        "bucket.connected", "bucket.renamed", "bucket.key_replaced", "bucket.disconnected",
    ]  # fmt: skip
    assert all(secret not in str(event.detail) for event in events)


def test_the_pages(project: Project, s3_server: S3, bucket: str, filled: Any) -> None:
    endpoint, key, secret = s3_server
    client = Client()
    client.force_login(project.created_by)
    form = {"bucket": bucket, "folder": "team", "endpoint": endpoint, "key_id": key, "name": "theirs"}
    wrong = client.post(f"/{project}/settings/buckets", {**form, "secret": "wrong-secret"}).content.decode()
    assert "did not accept the access key" in wrong and "wrong-secret" not in wrong
    answer = client.post(f"/{project}/settings/buckets", {**form, "secret": secret})
    assert answer.status_code == 302
    assert "theirs" in client.get(f"/{project}/settings/buckets").content.decode()
    page = client.get(f"/{project}/settings/buckets/theirs").content.decode()
    assert secret not in page and "kept sealed" in page
    tested = client.post(f"/{project}/settings/buckets/theirs/test", follow=True).content.decode()
    assert "It answers." in tested

    reader = Client()
    reader.force_login(builders.make_collaborator(project, "reader"))
    assert f"/{project}/buckets/theirs" in reader.get(f"/{project}/bucket").content.decode()
    top = reader.get(f"/{project}/buckets/theirs").content.decode()
    assert "a b+c%.csv" in top and "hidden.txt" not in top
    query = urlencode({"key": "a b+c%.csv"})
    facts = reader.get(f"/{project}/buckets/theirs/file?{query}").content.decode()
    assert f"s3://{bucket}/team/a b+c%.csv" in facts and "dvc import-url" in facts
    body = b"team/a b+c%.csv" * 1000
    whole = reader.get(f"/{project}/buckets/theirs/download?{query}")
    assert b"".join(whole.streaming_content) == body
    assert (
        whole["Content-Disposition"].startswith("attachment")
        and "sandbox" in whole["Content-Security-Policy"]
    )
    part = reader.get(f"/{project}/buckets/theirs/download?{query}", headers={"Range": "bytes=10-19"})
    assert (part.status_code, b"".join(part.streaming_content)) == (206, body[10:20])
    same = reader.get(f"/{project}/buckets/theirs/download?{query}", headers={"If-None-Match": whole["ETag"]})
    assert same.status_code == 304
    assert reader.get(f"/{project}/settings/buckets").status_code == 403

    assert "Disconnect" in client.get(f"/{project}/settings/buckets/theirs/remove").content.decode()
    assert client.post(f"/{project}/settings/buckets/theirs/remove").status_code == 302
    assert client.get(f"/{project}/buckets/theirs").status_code == 404
