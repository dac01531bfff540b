"""Routes that name no project: settings, organizations. Who did not sign in, or came with a narrow token, gets nowhere."""

import logging
import re

import pytest
from django.db import transaction
from django.test import Client

from ropewalk.access.routes import SIGNED_IN
from ropewalk.accounts import services as accounts
from ropewalk.accounts.models import AccessToken, Membership
from ropewalk.projects import services as projects
from tests.architecture.sampling import other_routes
from tests.factories.builders import make_organization, make_project, make_ssh_key, make_token, make_user

pytestmark = pytest.mark.django_db
ROUTES = other_routes(SIGNED_IN)
# Every token may ask whom it speaks for; creating projects takes a token for writing.
FOR_EVERY_TOKEN = {"api-user"}
FOR_WRITING = {"api-user-repos", "api-org-repos", "api-repos-migrate"}


@pytest.fixture(autouse=True)
def _quiet():
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


def fill(text: str, **values: object) -> str:
    return "/" + re.sub(r"<(?:\w+:)?(\w+)>", lambda match: str(values[match[1]]), text)


def ask(client: Client, method: str, address: str, token: str = "") -> int:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    with transaction.atomic():
        status = client.generic(method, address, headers=headers).status_code
        transaction.set_rollback(True)
    return status


def deleted_project(owner):
    project = make_project(owner=owner)
    projects.delete_project(project_id=project.pk)
    return project


def offered_project(owner):
    stranger = make_user()
    project = make_project(owner=stranger)
    return projects.offer_project(project_id=project.pk, to_owner_id=owner.owner_id, asked_by_id=stranger.pk)


def samples(owner) -> dict[str, object]:
    organization = make_organization("acme", owner=owner)
    token, offer = AccessToken.objects.filter(user=owner).first(), offered_project(owner)
    return {
        "slug": "acme",
        "organization": "acme",
        "username": owner.username,
        "user_id": organization.created_by_id,
        "token_id": token.pk if token else 1,
        "key_id": make_ssh_key(owner).id,
        "transfer_id": offer.id,
        "offered_by": offer.owner,
        "offered": offer.slug,
        "project_id": deleted_project(owner).pk,
    }


def test_there_are_such_routes():
    assert {"api-user", "settings-tokens", "project-new"} <= {pattern.name for _, pattern, _ in ROUTES}


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE"])
def test_nobody_gets_in_without_signing_in(method):
    values, nobody = samples(make_user()), Client()
    answers = {text: ask(nobody, method, fill(text, **values)) for text, _, _ in ROUTES}
    assert {text: status for text, status in answers.items() if status not in {401, 302}} == {}
    for text, pattern, _ in ROUTES:
        if answers[text] == 302:
            assert nobody.get(fill(text, **values)).headers["Location"].startswith("/accounts/login/"), (
                pattern
            )


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("kind", ["read", "write", "one project"])
def test_a_narrow_token_can_not_widen_itself(method, kind):
    anna = make_user("anna")
    token = (
        make_token(anna, project=make_project(owner=anna))
        if kind == "one project"
        else make_token(anna, kind)
    )
    values, before, nobody = samples(anna), AccessToken.objects.count(), Client()
    allowed = FOR_EVERY_TOKEN | (FOR_WRITING if kind == "write" else set())
    answers = {
        pattern.name: ask(nobody, method, fill(text, **values), token)
        for text, pattern, _ in ROUTES
        if pattern.name not in allowed
    }
    assert set(answers.values()) == {403}, answers
    assert AccessToken.objects.count() == before


def test_only_an_organizations_owners_manage_it():
    anna, member, stranger = make_user("anna"), make_user("member"), make_user("stranger")
    values = samples(anna)
    organization = Membership.objects.get(user=anna).organization
    accounts.set_member(owner_id=organization.owner_id, username="member", role="member")
    managing = [(text, p) for text, p, names in ROUTES if "slug" in names]
    assert len(managing) >= 3
    for person in (member, stranger):
        client = Client()
        client.force_login(person)
        for text, _ in managing:
            for method in ("GET", "POST"):
                assert ask(client, method, fill(text, **values)) in {403, 404}, (person, method, text)
    client = Client()
    client.force_login(anna)
    assert {ask(client, "GET", fill(text, **values)) for text, _ in managing} <= {200, 302, 405}
    # A person's own name is no organization, not even for that person.
    for text, _ in managing:
        assert ask(client, "GET", fill(text, **{**values, "slug": "anna"})) in {403, 404}


def test_another_persons_token_can_not_be_revoked():
    anna, berta = make_user("anna"), make_user("berta")
    make_token(anna)
    token = AccessToken.objects.get()
    client = Client()
    client.force_login(berta)
    routes = [text for text, _, names in ROUTES if "token_id" in names]
    assert routes
    for text in routes:
        assert client.post(fill(text, token_id=token.pk)).status_code == 404
    token.refresh_from_db()
    assert token.revoked_at is None
