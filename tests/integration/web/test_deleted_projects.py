"""Deleted projects, on the page where their owners restore them."""

from datetime import timedelta

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from ropewalk.accounts import services as accounts
from ropewalk.accounts.models import User
from ropewalk.core import clock
from ropewalk.core.errors import NotFound
from ropewalk.core.models import AuditEvent
from ropewalk.projects import services
from ropewalk.projects.models import Project
from tests.factories.builders import (
    live_project,
    make_collaborator,
    make_organization,
    make_project,
    make_user,
)

pytestmark = pytest.mark.django_db
PAGE = "/settings/deleted-projects"
COST = 6


def client_of(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def deleted(project: Project, **ago: float) -> Project:
    services.delete_project(project_id=project.pk)
    if ago:
        Project.objects.filter(pk=project.pk).update(deleted_at=clock.now() - timedelta(**ago))
    return project


def test_deleting_leads_to_the_page_and_restoring_back_to_the_project() -> None:
    anna = make_user("anna")
    project = make_project("wine", owner=anna)
    client = client_of(anna)
    danger = client.get("/anna/wine/settings/danger").content.decode()
    assert PAGE in danger
    assert "For 7 days" in danger
    answer = client.post("/anna/wine/settings/delete", {"confirm": "anna/wine"}, follow=True)
    assert answer.redirect_chain == [(PAGE, 302)]
    assert f"{PAGE}/{project.pk}" in answer.content.decode()
    assert client.get("/anna/wine").status_code == 404
    assert 'value="wine"' in client.get(f"{PAGE}/{project.pk}").content.decode()
    assert live_project("anna", "wine") is None, "asking restores nothing"
    answer = client.post(f"{PAGE}/{project.pk}", {"name": "wine"})
    assert answer["Location"] == "/anna/wine"
    assert client.get("/anna/wine").status_code == 200
    assert "anna/wine</td>" not in client.get(PAGE).content.decode()
    event = AuditEvent.objects.get(action="project.restored", project_id=project.pk)
    assert event.actor_id == anna.pk


def test_a_wrong_name_deletes_nothing() -> None:
    anna = make_user("anna")
    make_project("wine", owner=anna)
    page = client_of(anna).post("/anna/wine/settings/delete", {"confirm": "wine"}).content.decode()
    assert "not the project&#x27;s name" in page
    assert live_project("anna", "wine") is not None


def test_a_taken_or_bad_name_is_said_at_the_field_and_another_helps() -> None:
    anna = make_user("anna")
    first = deleted(make_project("wine", owner=anna))
    make_project("wine", owner=anna)
    client = client_of(anna)
    assert (
        "Another project has this name"
        in client.post(f"{PAGE}/{first.pk}", {"name": "WINE"}).content.decode()
    )
    assert 'role="alert"' in client.post(f"{PAGE}/{first.pk}", {"name": "a/../b"}).content.decode()
    assert live_project("anna", "old-wine") is None
    assert client.post(f"{PAGE}/{first.pk}", {"name": "old-wine"})["Location"] == "/anna/old-wine"
    found = live_project("anna", "old-wine")
    assert found is not None
    assert found.id == first.pk


def test_only_owners_see_and_restore() -> None:
    anna, member, stranger = make_user("anna"), make_user("member"), make_user("stranger")
    acme = make_organization("acme", owner=anna)
    accounts.set_member(owner_id=acme.owner_id, username="member", role="member")
    ours = make_project("ours", owner=acme)
    maintainer = make_collaborator(ours, "maintainer")
    deleted(ours)
    for person in (member, maintainer, stranger):
        client = client_of(person)
        assert "acme/ours" not in client.get(PAGE).content.decode()
        assert client.get(f"{PAGE}/{ours.pk}").status_code == 404
        assert client.post(f"{PAGE}/{ours.pk}", {"name": "mine"}).status_code == 404
    assert Project.objects.get(pk=ours.pk).deleted_at is not None
    owner = client_of(anna)
    assert "acme/ours" in owner.get(PAGE).content.decode()
    assert owner.post(f"{PAGE}/{ours.pk}", {"name": "ours"}).status_code == 302
    assert Project.objects.get(pk=ours.pk).deleted_at is None


def test_the_service_checks_the_owner_under_its_lock() -> None:
    anna, berta = make_user("anna"), make_user("berta")
    project = deleted(make_project(owner=anna))
    with pytest.raises(NotFound):
        services.restore_project(project_id=project.pk, owner_ids=[berta.owner_id])
    services.restore_project(project_id=project.pk, owner_ids=[anna.owner_id])


def test_what_lives_and_what_is_being_removed_is_not_there() -> None:
    anna = make_user("anna")
    living = make_project("living", owner=anna)
    gone = deleted(make_project("gone", owner=anna), days=8)
    assert services.begin_purges(deleted_before=clock.now() - timedelta(days=7)) == [gone.pk]
    client = client_of(anna)
    page = client.get(PAGE).content.decode()
    assert "anna/living" not in page
    assert "anna/gone" not in page
    assert "can be restored here" in page
    for one in (living, gone):
        assert client.post(f"{PAGE}/{one.pk}", {"name": "x"}).status_code == 404
    assert client.get(f"{PAGE}/{10**30}").status_code == 404


def test_the_days_left_and_the_cost_of_the_list(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    anna = make_user("anna")
    deleted(make_project("fresh", owner=anna), hours=1)
    deleted(make_project("late", owner=anna), days=6, hours=1)
    client = client_of(anna)
    page = client.get(PAGE).content.decode()
    assert page.index("anna/fresh") < page.index("anna/late")
    assert '<td class="num">6</td>' in page
    assert '<td class="num">less than 1</td>' in page
    with django_assert_num_queries(COST):
        client.get(PAGE)
    for _ in range(10):
        deleted(make_project(owner=anna))
    with django_assert_num_queries(COST):
        client.get(PAGE)
