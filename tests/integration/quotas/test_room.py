"""Limits: whose they are, when they are heeded, and that every way in asks for room before and while it stores."""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from pytest_django import DjangoAssertNumQueries

from ropewalk.buckets import services as buckets
from ropewalk.buckets.models import BucketObject
from ropewalk.conf.env import BadEnvironment, load
from ropewalk.core import clock
from ropewalk.core.blobs.disk import DiskStore
from ropewalk.core.derived import cache
from ropewalk.core.errors import Invalid
from ropewalk.core.models import AuditEvent
from ropewalk.data import services as data
from ropewalk.data.models import StoredObject
from ropewalk.data.oids import ObjectAddress
from ropewalk.edges.mlflow_http import artifacts
from ropewalk.projects.models import Project
from ropewalk.quotas import services
from ropewalk.quotas.selectors import flow_key, project_use, recent_standing, standing
from ropewalk.quotas.types import OverQuota, parse_size, size_text
from ropewalk.releases import services as releases
from ropewalk.releases.models import Release
from tests.factories.builders import make_project, make_user
from tests.integration.data.conftest import md5, send, stored_files

MIB = 1 << 20


class Body:
    """Blocks of a mebibyte; ``taken`` says how many were asked for."""

    def __init__(self, blocks: int) -> None:
        self.blocks, self.taken = blocks, 0

    def __iter__(self) -> Iterator[bytes]:
        for number in range(self.blocks):
            self.taken += 1
            yield bytes([number]) * MIB

    @property
    def content(self) -> bytes:
        return b"".join(bytes([number]) * MIB for number in range(self.blocks))


def as_object(project: Project, body: Body, announced: int | None) -> None:
    address = ObjectAddress(md5(body.content))
    data.receive_object(
        project_id=project.pk, address=address, blocks=body, user_id=None, announced=announced
    )


def as_bucket_object(project: Project, body: Body, announced: int | None) -> None:
    incoming = buckets.Incoming(key="a", blocks=body, announced=announced)
    buckets.put_object(project_id=project.pk, bucket="files", incoming=incoming, user_id=None)


def as_part(project: Project, body: Body, announced: int | None) -> None:
    values: Any = {"content_type": "", "metadata": {}, "user_id": None}
    upload = buckets.begin(project_id=project.pk, bucket="files", key="k", **values)
    buckets.receive_part(upload, number=1, blocks=body, announced=announced)


def as_artifact(project: Project, body: Body, announced: int | None) -> None:
    artifacts.store_artifact(project.pk, "1/r/artifacts/m", body, announced=announced)


def as_release_file(project: Project, body: Body, announced: int | None) -> None:
    now = clock.now()
    release = Release.objects.create(
        project_id=project.pk, tag="v1", title="v1", created_at=now, updated_at=now
    )
    releases.receive_file(project_id=project.pk, release_id=release.pk, name="f", blocks=body, user_id=None)


Way = Callable[[Project, Body, int | None], None]
WAYS = [as_object, as_bucket_object, as_part, as_artifact, as_release_file]


@pytest.mark.parametrize("way", WAYS)
def test_every_way_in_is_cut_where_the_room_ends(project: Project, objects: DiskStore, way: Way) -> None:
    services.set_project_quota(project_id=project.pk, limit=3 * MIB)
    body = Body(10)
    with pytest.raises(OverQuota, match=r"may store 3\.0 MiB; 0 B are used, and 4\.0 MiB more do not fit"):
        way(project, body, None)
    assert body.taken == 4
    assert stored_files(objects) == []
    assert project_use(project.pk).size == 0


@pytest.mark.parametrize("way", WAYS)
def test_what_just_fits_is_stored_and_then_nothing_is_read(project: Project, way: Way) -> None:
    services.set_project_quota(project_id=project.pk, limit=3 * MIB)
    way(project, Body(3), 3 * MIB)
    assert project_use(project.pk).size == 3 * MIB
    body = Body(2)
    with pytest.raises(OverQuota, match=r"may store 3\.0 MiB; 3\.0 MiB are used\."):
        as_bucket_object(project, body, None)
    assert body.taken == 0


@pytest.mark.parametrize("way", WAYS[:-1])
def test_an_announced_length_is_refused_before_a_byte_is_read(project: Project, way: Way) -> None:
    services.set_project_quota(project_id=project.pk, limit=3 * MIB)
    body = Body(4)
    with pytest.raises(OverQuota):
        way(project, body, 4 * MIB)
    assert body.taken == 0


def test_what_is_here_already_may_be_sent_again(project: Project) -> None:
    address = send(project, b"abc")
    services.set_project_quota(project_id=project.pk, limit=1)
    done = data.receive_object(project_id=project.pk, address=address, blocks=[b"abc"], user_id=None)
    assert not done.created


def test_an_empty_object_needs_no_room(project: Project) -> None:
    send(project, b"abc")
    services.set_project_quota(project_id=project.pk, limit=1)
    incoming = buckets.Incoming(key="empty", blocks=[], announced=0)
    buckets.put_object(project_id=project.pk, bucket="files", incoming=incoming, user_id=None)
    assert BucketObject.objects.for_project(project.pk).count() == 1


def test_room_that_somebody_makes_meanwhile_is_used(project: Project) -> None:
    services.set_project_quota(project_id=project.pk, limit=3 * MIB)
    as_bucket_object(project, Body(2), None)

    def blocks() -> Iterator[bytes]:
        yield b"x" * MIB
        buckets.delete_object(project_id=project.pk, bucket="files", key="a")
        yield b"x" * MIB

    buckets.put_object(
        project_id=project.pk,
        bucket="files",
        incoming=buckets.Incoming(key="b", blocks=blocks()),
        user_id=None,
    )
    assert project_use(project.pk).size == 2 * MIB


@pytest.mark.usefixtures("objects")
def test_an_owners_limit_is_for_all_projects_together(project: Project) -> None:
    owner = project.owner_id
    services.set_owner_quota(owner_id=owner, limit=3 * MIB)
    as_bucket_object(project, Body(2), None)
    other = make_project(owner=project.created_by)
    with pytest.raises(OverQuota, match=f"All projects of {project.owner.slug} together may store"):
        as_bucket_object(other, Body(2), 2 * MIB)
    as_bucket_object(make_project(), Body(4), None)  # somebody else's


def test_the_settings_hold_unless_staff_said_otherwise(project: Project, settings: Any) -> None:
    settings.ROPEWALK_PROJECT_QUOTA, settings.ROPEWALK_OWNER_QUOTA = 10, 20
    found = standing(project.pk)
    assert (found.project.most, found.owner.most, found.project.own) == (10, 20, False)
    services.set_project_quota(project_id=project.pk, limit=None)
    services.set_owner_quota(owner_id=project.owner_id, limit=5)
    found = standing(project.pk)
    assert (found.project.most, found.owner.most, found.project.own) == (None, 5, True)
    assert found.tightest is found.owner
    services.set_project_quota(project_id=project.pk, limit=None, default=True)
    services.set_owner_quota(owner_id=project.owner_id, limit=None, default=True)
    assert standing(project.pk).project.most == 10
    events = AuditEvent.objects.filter(action__endswith="quota_set").order_by("pk")
    assert [event.subject for event in events] == ["any amount", "5 B", *["as the settings say"] * 2]


def test_asking_costs_one_plain_statement_while_there_is_much_room(
    project: Project, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    services.set_owner_quota(owner_id=project.owner_id, limit=100)
    services.set_project_quota(project_id=project.pk, limit=100)
    recent_standing(project.pk)
    for number in range(4):
        send(project, bytes([number]) * 20)
    with django_assert_num_queries(2):
        assert services.room_left(project.pk) == 20
        services.require_room(project.pk, 20)
    with pytest.raises(OverQuota):
        services.require_room(project.pk, 21)
    StoredObject.objects.for_project(project.pk).all().delete()
    services.require_room(project.pk, 100)  # a refusal is never late
    for number in range(4):
        send(project, bytes([number]) * 20)
    send(make_project(owner=project.created_by), b"x" * 15)  # the owner's room is what gets little
    for used in (95, 96):
        assert services.room_left(project.pk) == 100 - used
        send(project, bytes([used]))


def test_without_limits_nobody_asks_what_is_used(
    project: Project, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(1):
        assert recent_standing(project.pk).tightest is None
    with django_assert_num_queries(1):
        services.require_room(project.pk, 1 << 60)


def test_without_the_count_the_answer_is_exact(project: Project) -> None:
    services.set_project_quota(project_id=project.pk, limit=100)
    send(project, b"x" * 20)
    assert services.room_left(project.pk) == 80
    StoredObject.objects.for_project(project.pk).all().delete()
    assert services.room_left(project.pk) == 80
    cache.delete(flow_key(project.owner_id))
    assert services.room_left(project.pk) == 100


@pytest.mark.django_db(transaction=True)
def test_uploads_at_once_overshoot_by_no_more_than_what_is_under_way(objects: DiskStore) -> None:
    project = make_project()
    services.set_project_quota(project_id=project.pk, limit=3 * MIB)
    barrier, refused = threading.Barrier(4), []

    def upload(number: int) -> None:
        from django.db import connections  # closed by the thread that used them

        barrier.wait()
        incoming = buckets.Incoming(key=str(number), blocks=Body(2))
        try:
            buckets.put_object(project_id=project.pk, bucket="files", incoming=incoming, user_id=None)
        except OverQuota:
            refused.append(number)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=upload, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert project_use(project.pk).size == (4 - len(refused)) * 2 * MIB
    with pytest.raises(OverQuota):
        as_bucket_object(project, Body(2), None)


@pytest.mark.parametrize(
    ("text", "size"),
    [("", None), ("0", 0), ("50GB", 50 * 10**9), ("1.5 TiB", 3 << 39), ("10k", 10_000), (" 7 mib ", 7 << 20)],
)
def test_sizes_as_people_write_them(text: str, size: int | None) -> None:
    assert parse_size(text) == size


@pytest.mark.parametrize("text", ["much", "-1", "1XB", "1e9", "5 GB more", "9" * 20, "٣GB"])
def test_what_is_no_size_is_said_to_be_none(text: str) -> None:
    with pytest.raises(Invalid):
        parse_size(text)


def test_sizes_of_the_settings_are_read(tmp_path: Path) -> None:
    home = {"ROPEWALK_HOME": str(tmp_path)}
    assert load(home).project_quota is None
    assert load({**home, "ROPEWALK_OWNER_QUOTA": "2TiB"}).owner_quota == 2 << 40
    with pytest.raises(BadEnvironment, match="ROPEWALK_PROJECT_QUOTA"):
        load({**home, "ROPEWALK_PROJECT_QUOTA": "lots"})


def test_the_command_sets_and_shows(project: Project, capsys: pytest.CaptureFixture[str]) -> None:
    send(project, b"abc")
    for whose in (str(project), project.owner.slug):
        call_command("set_quota", whose, "2KiB")
        assert capsys.readouterr().out == f"{whose} may store 2.0 KiB (set for it alone); 3 B are used.\n"
        call_command("set_quota", whose, "none")
        call_command("set_quota", whose, "default")
        call_command("set_quota", whose)
        assert capsys.readouterr().out.endswith("may store any amount (as the settings say); 3 B are used.\n")
    for wrong in (("nobody-here",), (f"{project.owner.slug}/none",), (str(project), "much")):
        with pytest.raises(CommandError):
            call_command("set_quota", *wrong)


def test_staff_sets_limits_in_the_admin(project: Project, client: Any) -> None:
    staff = make_user(is_admin=True)
    client.force_login(staff)
    for name, field, number in (
        ("projectquota", "project", project.pk),
        ("ownerquota", "owner", project.owner_id),
    ):
        for amount in ("much", "2KiB", "3KiB"):
            answer = client.post(f"/admin/quotas/{name}/add/", {field: number, "amount": amount})
            assert answer.status_code == (200 if amount == "much" else 302)
        page = client.get(f"/admin/quotas/{name}/").content.decode()
        assert size_text(3 << 10) in page
    found = standing(project.pk)
    assert (found.project.most, found.owner.most) == (3 << 10, 3 << 10)
