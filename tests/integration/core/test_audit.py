"""The record of security-relevant events: who, what, when, from where; written with the change or not at all."""

import pytest
from django.db import transaction
from django.urls import reverse

from ropewalk.accounts import services as accounts
from ropewalk.core import audit
from ropewalk.core.models import AuditEvent
from ropewalk.core.selectors import audit_events
from ropewalk.projects import services as projects
from tests.factories.builders import make_organization, make_project, make_token, make_user

pytestmark = pytest.mark.django_db


def actions(**scope):
    return [event.action for event in reversed(list(audit_events(**scope)))]


def test_a_request_tells_who_and_from_where(client):
    anna = make_user("anna")
    client.post(
        "/api/v1/user/repos",
        {"name": "wine"},
        headers={"Authorization": f"Bearer {make_token(anna)}"},
        REMOTE_ADDR="192.0.2.7",
    )
    event = audit_events(actor_id=anna.pk).items[0]
    assert (event.action, event.subject, event.actor_name) == ("project.created", "wine", "anna")
    assert (event.via, event.address) == ("bearer", "192.0.2.7")


def test_without_a_request_it_was_the_operator():
    make_user("anna")
    event = AuditEvent.objects.get()
    assert (event.action, event.actor_id, event.via) == ("user.created", None, "command line")


def test_a_projects_life_is_recorded():
    project = make_project("wine")
    make_user("berta")
    projects.update_project(project_id=project.pk, visibility="public")
    projects.update_project(
        project_id=project.pk, visibility="public", description="no change of who may see it"
    )
    projects.set_collaborator(project_id=project.pk, username="berta", role="writer")
    projects.remove_collaborator(
        project_id=project.pk, user_id=accounts.User.objects.get(username="berta").pk
    )
    projects.archive_project(project_id=project.pk, archived=True)
    projects.archive_project(project_id=project.pk, archived=False)
    projects.delete_project(project_id=project.pk)
    assert actions(project_id=project.pk) == [
        *("project.created", "project.visibility", "collaborator.set", "collaborator.removed"),
        *("project.archived", "project.unarchived", "project.deleted"),
    ]
    visibility = AuditEvent.objects.get(action="project.visibility")
    assert visibility.detail == {"before": "private", "after": "public"}


def test_tokens_and_members_are_recorded_without_secrets():
    anna = make_user("anna")
    make_user("berta")
    organization = make_organization("acme", owner=anna)
    secret = make_token(anna, "read")
    accounts.revoke_token(user_id=anna.pk, token_id=anna.tokens.get().pk)
    accounts.set_member(owner_id=organization.owner_id, username="berta", role="member")
    accounts.remove_member(
        owner_id=organization.owner_id, user_id=accounts.User.objects.get(username="berta").pk
    )
    assert actions(owner_id=anna.owner_id) == ["user.created", "token.created", "token.revoked"]
    assert actions(owner_id=organization.owner_id) == ["organization.created", "member.set", "member.removed"]
    assert not any(secret in str(row) for row in AuditEvent.objects.values_list("detail", "subject"))


def test_a_change_that_is_undone_leaves_no_event():
    project = make_project()
    before = AuditEvent.objects.count()
    with transaction.atomic():
        projects.delete_project(project_id=project.pk)
        transaction.set_rollback(True)
    assert AuditEvent.objects.count() == before


def test_signing_in_and_failing_to_is_recorded_without_what_was_typed(client):
    anna = make_user("anna", password="a long enough pass phrase")
    address = reverse("account_login")
    client.post(address, {"login": "a secret typed into the wrong field", "password": "x"})
    client.post(address, {"login": "anna", "password": "wrong"})
    client.post(address, {"login": "anna", "password": "a long enough pass phrase"})
    events = list(AuditEvent.objects.filter(action__startswith="session.").order_by("id"))
    assert [(event.action, event.subject) for event in events] == [
        ("session.refused", ""),
        ("session.refused", "anna"),
        ("session.started", ""),
    ]
    assert events[-1].actor_id == anna.pk


def test_one_scope_at_a_time():
    for scope in ({}, {"project_id": 1, "owner_id": 2}):
        with pytest.raises(ValueError, match="exactly one"):
            audit_events(**scope)


def test_an_origin_ends_with_its_block():
    who = audit.Origin(7, "anna", "session", "192.0.2.1")
    with audit.origin(who):
        audit.record("test.inside")
    audit.record("test.outside")
    assert [event.actor_id for event in AuditEvent.objects.order_by("id")] == [7, None]
