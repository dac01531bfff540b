"""The Connect page: the commands for each client, and a token made on the spot."""

from datetime import timedelta

import pytest
from django.test import Client

from ropewalk.accounts.models import AccessToken, User
from ropewalk.accounts.selectors import tokens
from ropewalk.core import clock
from tests.factories.builders import make_collaborator, make_project, make_token, make_user

pytestmark = pytest.mark.django_db


def _client(user: User, **options: bool) -> Client:
    client = Client(**options)
    client.force_login(user)
    return client


def _secret(page: str) -> str:
    return page.partition('<pre id="new-token" tabindex="0">')[2].partition("<")[0]


def test_a_token_is_made_for_the_project_and_filled_into_the_commands() -> None:
    owner = make_user("anna")
    project = make_project("wine", owner=owner)
    answer = _client(owner).post("/anna/wine/connect")
    page = answer.content.decode()
    secret = _secret(page)
    assert secret.startswith("rw_")
    assert f"origin password {secret}" in page
    assert f"MLFLOW_TRACKING_PASSWORD={secret}" in page
    assert "YOUR_TOKEN" not in page
    assert answer["Cache-Control"] == "no-store"
    (token,) = tokens(owner.pk)
    assert (token.name, token.scopes, token.project_id) == (
        "Connect anna/wine",
        ("read", "write"),
        project.pk,
    )
    assert token.expires_at is not None
    assert timedelta(days=89) < token.expires_at - clock.now() <= timedelta(days=90)


def test_the_token_works_and_is_not_shown_again() -> None:
    owner = make_user("anna")
    make_project("wine", owner=owner)
    client = _client(owner)
    secret = _secret(client.post("/anna/wine/connect").content.decode())
    page = client.get("/anna/wine/connect").content.decode()
    assert secret not in page
    assert "MLFLOW_TRACKING_PASSWORD=YOUR_TOKEN" in page
    assert len(tokens(owner.pk)) == 1
    refs = "/anna/wine.git/info/refs?service=git-receive-pack"
    assert Client().get(refs, headers={"Authorization": f"Bearer {secret}"}).status_code == 200
    assert secret not in str(AccessToken.objects.values())


def test_a_readers_token_only_reads() -> None:
    project = make_project("wine", owner=make_user("anna"))
    reader = make_collaborator(project, "reader")
    page = _client(reader).post("/anna/wine/connect").content.decode()
    assert "may read," in page
    assert tokens(reader.pk)[0].scopes == ("read",)


def test_nobody_makes_a_token_without_signing_in() -> None:
    make_project("wine", owner=make_user("anna"), visibility="public")
    answer = Client().post("/anna/wine/connect")
    assert answer.status_code == 401
    assert "Sign in" in answer.content.decode()
    assert "Sign in to make a token" in Client().get("/anna/wine/connect").content.decode()
    assert not AccessToken.objects.exists()


@pytest.mark.parametrize("scope", ["read", "write", "admin"])
def test_a_token_can_not_make_another(scope: str) -> None:
    owner = make_user("anna")
    make_project("wine", owner=owner)
    secret = make_token(owner, scope)
    answer = Client().post("/anna/wine/connect", headers={"Authorization": f"Bearer {secret}"})
    assert answer.status_code == 403
    assert AccessToken.objects.count() == 1


def test_another_sites_form_makes_no_token_and_says_what_to_do() -> None:
    owner = make_user("anna")
    make_project("wine", owner=owner)
    answer = _client(owner, enforce_csrf_checks=True).post("/anna/wine/connect")
    page = answer.content.decode()
    assert answer.status_code == 403
    assert "Nothing was changed" in page
    assert answer["X-Request-ID"] in page
    assert not AccessToken.objects.exists()


def test_a_hidden_project_makes_no_token() -> None:
    make_project("wine", owner=make_user("anna"))
    stranger = make_user("stranger")
    assert _client(stranger).post("/anna/wine/connect").status_code == 404
    assert tokens(stranger.pk) == []


def test_every_page_of_a_project_offers_the_button() -> None:
    owner = make_user("anna")
    make_project("wine", owner=owner)
    client = _client(owner)
    for path in ("", "/src", "/data", "/experiments", "/drift", "/settings"):
        page = client.get(f"/anna/wine{path}").content.decode()
        assert 'method="post" action="/anna/wine/connect"' in page, path
