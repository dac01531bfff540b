"""Everything that is stored is read again: damage is hidden, told, and mended by the next push."""

import json

import pytest
from django.test import Client

from ropewalk.core.blobs.disk import DiskStore
from ropewalk.core.models import AuditEvent
from ropewalk.data import selectors, services
from ropewalk.data.models import Scrub, StoredObject
from ropewalk.data.oids import ObjectAddress
from ropewalk.data.services import scrubbing
from ropewalk.projects.models import Project
from tests.factories.builders import make_project
from tests.integration.data.conftest import listing, md5, send

FILES = {"a": b"one", "sub/b": b"two"}


def visible(project: Project, address: ObjectAddress) -> bool:
    return selectors.object_state(project.pk, address) is not None


def spoil(objects: DiskStore, project: Project, address: ObjectAddress, content: bytes | None) -> None:
    key = address.key(project.pk)
    objects.delete(key)
    if content is not None:
        with objects.writer(key) as writer:
            writer.write(content)
            writer.commit()


@pytest.fixture
def folder(project: Project) -> ObjectAddress:
    for content in FILES.values():
        send(project, content)
    return send(project, listing(FILES), is_dir=True)


def test_what_is_well_stays_as_it_is(project: Project, folder: ObjectAddress) -> None:
    turn = services.scrub(days=30)
    assert (turn.count, turn.damaged, turn.unread, turn.ended) == (3, 0, 0, True)
    assert visible(project, folder) and selectors.last_scrub() is not None
    assert services.scrub(days=30).count == 3, "the next round begins anew"


@pytest.mark.parametrize("content", [None, b"", b"ono", b"one more"])
def test_damage_is_hidden_until_the_next_push(
    project: Project, objects: DiskStore, folder: ObjectAddress, content: bytes | None
) -> None:
    file = ObjectAddress(md5(b"one"))
    spoil(objects, project, file, content)
    assert services.scrub(days=30).damaged == 1
    assert not visible(project, file) and not visible(project, folder)
    assert visible(project, ObjectAddress(md5(b"two")))
    [found], count = selectors.damaged(project.pk)
    assert (found.name, found.path, count) == (file.oid, "a", 1)
    assert AuditEvent.objects.filter(action="data.damaged", project_id=project.pk).count() == 1
    assert services.scrub(days=30).damaged == 0, "it is told once"
    page = Client()
    page.force_login(project.created_by)
    text = page.get(f"/{project.owner.slug}/{project.slug}/settings/storage").content.decode()
    assert "Damaged data" in text and f'title="{file.oid}"' in text
    send(project, b"one")
    assert visible(project, file) and visible(project, folder)
    assert b"".join(selectors.open_object(project.pk, file)) == b"one"
    assert selectors.damaged(project.pk) == ([], 0)


def test_a_damaged_list(project: Project, objects: DiskStore, folder: ObjectAddress) -> None:
    spoil(objects, project, folder, json.dumps([]).encode())
    assert services.scrub(days=30).damaged == 1
    assert not visible(project, folder) and visible(project, ObjectAddress(md5(b"one")))
    services.remove_objects(project_id=project.pk, addresses=[ObjectAddress(md5(b"one"))], user_id=None)
    send(project, listing(FILES), is_dir=True)
    assert not visible(project, folder), "it waits for its file"
    send(project, b"one")
    assert visible(project, folder)


def test_files_do_not_complete_a_damaged_list(project: Project, objects: DiskStore) -> None:
    folder = send(project, listing(FILES), is_dir=True)
    send(project, b"one")
    spoil(objects, project, folder, b"[]")
    assert services.scrub(days=30).damaged == 1
    send(project, b"two")
    assert not visible(project, folder)


def test_forks_that_share_the_bytes_lose_sight_of_them_too(
    project: Project, objects: DiskStore, folder: ObjectAddress
) -> None:
    fork = make_project()
    services.share_all(lender_id=project.pk, borrower_id=fork.pk, pause=lambda _: None)
    file = ObjectAddress(md5(b"one"))
    assert visible(fork, folder)
    assert services.scrub(days=30).count == 3, "shared bytes are read once"
    spoil(objects, project, file, b"bad")
    assert services.scrub(days=30).damaged == 1
    assert not any(visible(one, address) for one in (project, fork) for address in (file, folder))
    send(fork, b"one")
    assert visible(fork, folder) and not visible(project, folder)


def test_a_turn_has_its_bounds_and_the_next_goes_on(
    project: Project, objects: DiskStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scrubbing, "LEAST_BYTES", 1)
    monkeypatch.setattr(scrubbing, "MOST_DAMAGED", 2)
    addresses = [send(project, bytes([65 + number]) * 1000) for number in range(6)]
    turns = [services.scrub(days=1).count for _ in range(7)]
    assert sum(turns[:6]) >= 6 and turns[0] < 6
    Scrub.objects.update(last_id=0)
    monkeypatch.setattr(scrubbing, "LEAST_BYTES", 1 << 20)
    for address in addresses:
        spoil(objects, project, address, b"bad")
    assert services.scrub(days=1).damaged == 2, "so much damage is for a person to judge"


def test_removing_what_is_damaged_keeps_nothing(
    project: Project, objects: DiskStore, folder: ObjectAddress
) -> None:
    file = ObjectAddress(md5(b"one"))
    spoil(objects, project, file, b"bad")
    services.scrub(days=30)
    services.remove_objects(project_id=project.pk, addresses=[file], user_id=None)
    assert not StoredObject.objects.for_project(project.pk).filter(oid=file.oid).exists()
    send(project, b"one")
    assert visible(project, folder)
