"""Buckets' objects are read again like DVC's: damage is noted, told on the page, and ended by the next upload."""

from html import unescape

import pytest
from django.test import Client

from ropewalk.buckets import selectors as found_in
from ropewalk.buckets import services as buckets
from ropewalk.buckets.types import blob_key
from ropewalk.core.blobs.disk import DiskStore
from ropewalk.core.models import AuditEvent
from ropewalk.data import services
from ropewalk.data.services import scrubbing
from ropewalk.projects.models import Project
from ropewalk.quotas.services import fold_all
from tests.factories.builders import make_token
from tests.integration.data.conftest import send


def put(project: Project, key: str, content: bytes, etag: str = "") -> str:
    """Store an object (with an ``etag`` as what came in parts has it); where its bytes lie."""
    incoming = buckets.Incoming(key=key, blocks=[content], etag=etag)
    stored = buckets.put_object(project_id=project.pk, bucket="files", incoming=incoming, user_id=None)
    return blob_key(project.pk, stored.blob)


def spoil(objects: DiskStore, key: str, content: bytes | None) -> None:
    objects.delete(key)
    if content is not None:
        with objects.writer(key) as writer:
            writer.write(content)
            writer.commit()


@pytest.mark.parametrize("content", [None, b"onE"])
def test_damage_is_noted_told_and_ended_by_an_upload(
    project: Project, objects: DiskStore, content: bytes | None
) -> None:
    send(project, b"of dvc")
    put(project, "well", b"well")
    key = put(project, "deep/<b>.bin", b"one", etag=f"{'a' * 32}-2")
    turn = services.scrub(days=30)
    assert (turn.count, turn.damaged, turn.ended) == (3, 0, True)
    spoil(objects, key, content)
    assert services.scrub(days=30).damaged == 1
    assert services.scrub(days=30).damaged == 0, "it is told once"
    assert found_in.damaged_objects(project.pk) == ([("files", "deep/<b>.bin", 3)], 1)
    assert AuditEvent.objects.filter(action="bucket.damaged", project_id=project.pk).count() == 1
    page = Client()
    page.force_login(project.created_by)
    text = page.get(f"/{project.owner.slug}/{project.slug}/settings/storage").content.decode()
    assert "Damaged objects of buckets" in text and "deep/<b>.bin" in unescape(text) and "<b>" not in text
    put(project, "deep/<b>.bin", b"one")
    assert found_in.damaged_objects(project.pk) == ([], 0)


def test_nobody_gets_what_is_damaged(project: Project, objects: DiskStore) -> None:
    key = put(project, "in/one.bin", b"one")
    put(project, "in/well.bin", b"well")
    spoil(objects, key, b"onE")
    assert services.scrub(days=30).damaged == 1
    name = f"{project.owner.slug}/{project.slug}"
    page, client = Client(), Client(headers={"Authorization": f"Bearer {make_token(project.created_by)}"})
    page.force_login(project.created_by)
    text = page.get(f"/{name}/bucket?prefix=in/").content.decode()
    assert "in%2Fwell.bin" in text and "bucket/file?key=in%2Fone.bin" not in text
    assert "can't be downloaded" in text and text.count("is-bad") == 1
    answer = page.get(f"/{name}/bucket/file?key=in/one.bin")
    assert answer.status_code == 409 and "Upload it again" in answer.content.decode()
    raw = client.get(f"/api/v1/repos/{name}/storage/raw/s3/{project.slug}/in/one.bin")
    assert raw.status_code == 409
    there = f"/api/v1/repo-buckets/s3/{name}/in"
    for more in ({}, {"Range": "bytes=0-0"}):
        answer = client.get(f"{there}/one.bin", headers=more)
        assert answer.status_code == 409 and b"<Code>ObjectDamaged</Code>" in answer.content
    copied = client.put(f"{there}/copy.bin", headers={"x-amz-copy-source": f"/{project.slug}/in/one.bin"})
    assert copied.status_code == 409
    assert client.get(f"{there}/copy.bin").status_code == 404
    head = client.head(f"{there}/one.bin")
    assert (head.status_code, head["x-ropewalk-damaged"], head["Content-Length"]) == (200, "true", "3")
    put(project, "in/one.bin", b"one")
    assert client.get(f"{there}/one.bin").content == b"one"
    assert "x-ropewalk-damaged" not in client.head(f"{there}/one.bin")
    assert "can't be downloaded" not in page.get(f"/{name}/bucket?prefix=in/").content.decode()


def test_a_killed_turn_goes_on_in_the_bucket(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    send(project, b"of dvc")
    for number in range(5):
        put(project, str(number), b"x" * 1000)
    monkeypatch.setattr(scrubbing, "LEAST_BYTES", 1500)
    turns = [services.scrub(days=3000) for _ in range(4)]
    assert [turn.count for turn in turns] == [3, 2, 1, 3], [turn.count for turn in turns]
    assert [turn.ended for turn in turns] == [False, False, True, False]


def test_an_object_that_takes_too_long_is_passed_over(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(project, "a", b"a" * 1000)
    put(project, "b", b"b" * 1000)
    monkeypatch.setattr(scrubbing, "LONGEST_OBJECT", -1000.0)
    turn = services.scrub(days=1)
    assert turn.unread == turn.count > 0
    assert found_in.damaged_objects(project.pk) == ([], 0)
    monkeypatch.setattr(scrubbing, "LONGEST_OBJECT", 1500.0)
    assert services.scrub(days=1).unread == 0


def test_the_turns_part_comes_from_the_sums(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scrubbing, "LEAST_BYTES", 1)
    send(project, b"x" * 1000)
    put(project, "a", b"x" * 4000)
    fold_all()
    assert scrubbing._budget(1) == 6000
