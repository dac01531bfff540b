"""Pages of people, organizations and projects through HTTP: what they do and what they cost."""

import re
from pathlib import Path

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from ropewalk.accounts.selectors import tokens
from ropewalk.accounts.services import create_token
from ropewalk.core import clock
from ropewalk.data.starters import LICENSES
from ropewalk.projects.services import begin_purges
from tests.factories.builders import (
    live_project,
    make_collaborator,
    make_organization,
    make_project,
    make_user,
)

pytestmark = pytest.mark.django_db


def _client(user: object) -> Client:
    client = Client()
    client.force_login(user)  # type: ignore[arg-type]
    return client


def test_a_stranger_sees_the_welcome_and_public_projects_only(client: Client) -> None:
    make_project("open-one", visibility="public")
    make_project("hidden-one", visibility="private")
    page = client.get("/").content.decode()
    assert "open-one" in page
    assert "hidden-one" not in page


def test_somebody_who_must_sign_in_is_led_back(client: Client) -> None:
    answer = client.get("/settings/tokens")
    assert answer.status_code == 302
    assert answer["Location"].endswith("?next=%2Fsettings%2Ftokens")


def test_a_project_is_created_in_the_browser_and_shows_its_first_commands() -> None:
    user = make_user("founder")
    client = _client(user)
    answer = client.post(
        "/new", {"owner": "founder", "name": "wine", "description": "d", "visibility": "private"}
    )
    assert answer.status_code == 302
    assert answer["Location"] == "/founder/wine"
    page = client.get("/founder/wine").content.decode()
    assert "/founder/wine.git" in page
    assert "/founder/wine.dvc" in page
    assert "/founder/wine.mlflow" in page
    assert Client().get("/founder/wine").status_code == 404


def test_every_choice_is_one_commit_by_the_person(settings: object, tmp_path: Path) -> None:
    settings.REPOSITORIES_ROOT = tmp_path / "repos"  # type: ignore[attr-defined]
    client = _client(make_user("founder"))
    for license_name in LICENSES:
        form = {"owner": "founder", "name": license_name, "description": "", "visibility": "private"}
        client.post("/new", {**form, "license": license_name, "gitignore": "R", "dvc": "on", "readme": "on"})
        page = client.get(f"/founder/{license_name}/commits/main").content.decode()
        assert page.count("Begin the project") == 1
        assert "founder" in page


def test_a_first_commit_that_fails_leaves_no_project(settings: object, tmp_path: Path) -> None:
    settings.REPOSITORIES_ROOT = tmp_path / "repos"  # type: ignore[attr-defined]
    (tmp_path / "repos").write_text("where a folder should be")
    client = _client(make_user("founder"))
    form = {"owner": "founder", "name": "wine", "visibility": "private", "readme": "on"}
    page = client.post("/new", form).content.decode()
    assert "the project was not made either" in page and 'value="wine"' in page
    assert live_project("founder", "wine") is None
    assert "wine" not in client.get("/settings/deleted-projects").content.decode()
    (tmp_path / "repos").unlink()
    assert client.post("/new", form)["Location"] == "/founder/wine", "the name is free"
    [abandoned] = begin_purges(deleted_before=clock.now())
    assert abandoned != live_project("founder", "wine").id, "what is left of it is removed"


def test_a_taken_or_bad_name_is_said_at_the_field() -> None:
    user = make_user("founder2")
    client = _client(user)
    form = {"owner": "founder2", "name": "wine", "description": "", "visibility": "private"}
    client.post("/new", form)
    assert "already a project" in client.post("/new", form).content.decode()
    assert "can&#x27;t end in" in client.post("/new", {**form, "name": "a.git"}).content.decode()


def test_nobody_creates_projects_in_a_foreign_name() -> None:
    make_organization("foreign")
    client = _client(make_user("outsider"))
    form = {"owner": "foreign", "name": "x", "description": "", "visibility": "private"}
    assert "Select a valid choice" in client.post("/new", form).content.decode()
    assert live_project("foreign", "x") is None


def test_a_token_is_shown_once_and_revoked() -> None:
    user = make_user()
    client = _client(user)
    answer = client.post(
        "/settings/tokens", {"name": "laptop", "strength": "write", "project": "", "expires": "90"}
    )
    page = answer.content.decode()
    assert "rw_" in page
    assert re.search(r"AWS_ACCESS_KEY_ID=RWK[0-9]{17}", page) and re.search(
        r"SECRET_ACCESS_KEY=[\w-]{40}\b", page
    )
    assert answer["Cache-Control"] == "no-store"
    token = tokens(user.pk)[0]
    assert token.scopes == ("read", "write")
    assert page.count(token.hint) >= 1
    client.post(reverse("token-revoke", args=[token.id]))
    assert tokens(user.pk) == []


def test_a_foreign_token_cannot_be_revoked() -> None:
    owner, other = make_user(), make_user()
    token, _ = create_token(user_id=owner.pk, name="mine", scopes=["read"])
    assert _client(other).post(reverse("token-revoke", args=[token.pk])).status_code == 404
    assert len(tokens(owner.pk)) == 1


def test_an_organization_keeps_an_owner() -> None:
    founder = make_user("boss")
    client = _client(founder)
    client.post("/organizations/new", {"name": "team", "display_name": "", "description": ""})
    page = client.post(reverse("member-remove", args=["team", founder.pk]), follow=True).content.decode()
    assert "needs at least one owner" in page


def test_organization_settings_are_hidden_from_members() -> None:
    organization = make_organization("closed")
    assert _client(make_user()).get("/orgs/closed/settings").status_code == 404
    assert _client(organization.created_by).get("/orgs/closed/settings").status_code == 200


def test_deleting_needs_the_full_name_and_the_owner() -> None:
    owner = make_user("keeper")
    project = make_project("precious", owner=owner)
    maintainer = make_collaborator(project, "maintainer")
    address = "/keeper/precious/settings/delete"
    assert _client(maintainer).post(address, {"confirm": "keeper/precious"}).status_code == 403
    assert "not the project" in _client(owner).post(address, {"confirm": "precious"}).content.decode()
    assert _client(owner).post(address, {"confirm": "keeper/precious"}).status_code == 302
    assert live_project("keeper", "precious") is None


def test_archiving_is_undone_on_the_same_page() -> None:
    owner = make_user("archivist")
    make_project("old", owner=owner)
    client = _client(owner)
    asked = client.get("/archivist/old/settings/archive").content.decode()
    assert "Archive archivist/old?" in asked and "Keep it as it is" in asked
    still = live_project("archivist", "old")
    assert still is not None and not still.archived, "looking archives nothing"
    for expected in (True, False):
        client.post("/archivist/old/settings/archive")
        found = live_project("archivist", "old")
        assert found is not None
        assert found.archived is expected


@pytest.mark.parametrize("count", [3, 25])
def test_lists_cost_the_same_for_few_and_many(
    count: int, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    owner = make_user("lister")
    for number in range(count):
        make_project(f"p{number}", owner=owner, visibility="public")
    with django_assert_max_num_queries(3):
        assert Client().get("/explore").status_code == 200
    client = _client(owner)
    with django_assert_max_num_queries(
        10
    ):  # two of them: whose offers the reader may answer, and which there are
        assert client.get("/").status_code == 200


def test_an_unknown_address_is_a_page_with_a_way_on(client: Client) -> None:
    answer = client.get("/no/such/place/at/all")
    assert answer.status_code == 404
    assert "Home" in answer.content.decode()
    assert "default-src 'self'" in answer["Content-Security-Policy"]
