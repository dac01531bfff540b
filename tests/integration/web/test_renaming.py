"""A renamed project on every edge: who is led on, who is answered in place, and who learns nothing."""

import base64
import json
import re

import pytest
from django.test import Client

from ropewalk.accounts.models import User
from ropewalk.projects import services
from ropewalk.projects.models import Project
from tests.factories.builders import make_collaborator, make_project, make_token, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def anna() -> User:
    return make_user("anna")


@pytest.fixture
def project(anna: User) -> Project:
    project = make_project("one", owner=anna)
    services.rename_project(project_id=project.pk, name="two")
    return project


def browser_of(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def client_of(user: User) -> Client:
    pair = f"{user.username}:{make_token(user)}"
    return Client(headers={"Authorization": "Basic " + base64.b64encode(pair.encode()).decode()})


@pytest.mark.parametrize(
    "rest",
    ["", "/src", "/src/main/a%20b%25/%C3%A9?x=1&y=%2F", "/settings", "/jobs?page=2", "/connect", "?next=//x"],
)
@pytest.mark.parametrize("method", ["get", "head"])
def test_pages_lead_on_to_the_same_place(anna: User, project: Project, rest: str, method: str) -> None:
    answer = getattr(browser_of(anna), method)(f"/Anna/ONE{rest}")
    assert (answer.status_code, answer.headers["Location"]) == (301, f"/anna/two{rest}")
    assert answer.headers["Cache-Control"] == "no-cache"


def test_a_form_that_stood_open_is_answered_in_place(anna: User, project: Project) -> None:
    form = {"description": "Told late", "visibility": "private", "key_metric": ""}
    answer = browser_of(anna).post("/anna/one/settings", form)
    assert (answer.status_code, answer.headers["Location"]) == (302, "/anna/two/settings")
    project.refresh_from_db()
    assert project.description == "Told late"


def test_git_is_led_on_by_its_first_request_only(anna: User, project: Project) -> None:
    client = client_of(anna)
    for suffix in (".git", ""):
        query = "service=git-receive-pack"
        answer = client.get(f"/anna/one{suffix}/info/refs?{query}")
        assert answer.status_code == 301
        assert answer.headers["Location"] == f"/anna/two{suffix}/info/refs?{query}"
        kind = "application/x-git-receive-pack-request"
        assert client.post(f"/anna/one{suffix}/git-receive-pack", b"0000", kind).status_code == 200


def test_other_clients_are_answered_in_place_with_the_present_names(anna: User, project: Project) -> None:
    client = client_of(anna)
    answer = client.get("/api/v1/repos/anna/one")
    assert answer.status_code == 200 and answer.json()["full_name"] == "anna/two"
    assert answer.json()["clone_url"].endswith("/anna/two.git")
    assert client.get("/anna/one.mlflow/version").status_code == 200
    assert client.get("/anna/one.dvc/files/md5/00/" + "0" * 30).status_code == 404
    page = client.get("/anna/one.mlflow/", headers={"Accept": "text/html"})
    assert (page.status_code, page.headers["Location"]) == (302, "/anna/two.mlflow/")


EDGES = [
    "/anna/{}", "/anna/{}/src/main", "/anna/{}/settings", "/anna/{}.git/info/refs?service=git-upload-pack",
    "/anna/{}.git", "/anna/{}.dvc/files/md5/00/" + "0" * 30, "/anna/{}.mlflow/version", "/anna/{}.mlflow/",
    "/api/v1/repos/anna/{}", "/api/v1/repos/anna/{}/branches",
]  # fmt: skip


@pytest.mark.parametrize("address", EDGES)
@pytest.mark.parametrize("method", ["get", "post"])
def test_a_private_projects_former_name_tells_a_stranger_nothing(
    anna: User, address: str, method: str
) -> None:
    stranger = make_user("stranger")
    services.rename_project(project_id=make_project("wine-a1", owner=anna).pk, name="wine-b2")
    for client in (client_of(stranger), Client()):
        seen = []
        for name in ("wine-a1", "wine-b2", "wine-c3"):
            answer = getattr(client, method)(address.format(name))
            text = re.sub(r'csrfmiddlewaretoken" value="\w+"', "", answer.content.decode())
            text = text.replace(answer.headers.get("X-Request-ID", "\0"), "")
            place = answer.headers.get("Location", "").replace(name, "NAME")
            seen.append((answer.status_code, place, text.replace(name, "NAME")))
        assert seen[0] == seen[1] == seen[2]
        assert seen[0][0] in {404, 401}


def test_only_an_owner_renames(anna: User) -> None:
    project = make_project("one", owner=anna)
    maintainer = browser_of(make_collaborator(project, "maintainer"))
    assert maintainer.post("/anna/one/settings/rename", {"name": "two"}).status_code == 403
    assert "Rename the project" not in maintainer.get("/anna/one/settings").content.decode()
    client = browser_of(anna)
    assert "/anna/one/settings/rename" in client.get("/anna/one/settings").content.decode()
    page = client.get("/anna/one/settings/rename").content.decode()
    assert "For 365 days" in page and "In each clone" not in page
    answer = client.post("/anna/one/settings/rename", {"name": "two"}, follow=True)
    assert answer.redirect_chain == [("/anna/two/settings/rename", 302)]
    text = answer.content.decode()
    assert "git remote set-url origin http" in text and "/anna/two.git" in text
    assert "anna/one</td>" in text


def test_a_taken_name_is_told_at_its_field(anna: User) -> None:
    make_project("one", owner=anna)
    make_project("two", owner=anna)
    text = browser_of(anna).post("/anna/one/settings/rename", {"name": "two"}).content.decode()
    assert "There is already a project “two” here." in text and 'value="two"' in text


def patch(user: User, body: dict[str, object], path: str = "anna/one") -> tuple[int, dict[str, object]]:
    answer = client_of(user).patch(f"/api/v1/repos/{path}", json.dumps(body), "application/json")
    return answer.status_code, answer.json()


def test_the_api_renames_for_an_owner_and_changes_the_rest_for_a_maintainer(anna: User) -> None:
    project = make_project("one", owner=anna)
    maintainer, writer = make_collaborator(project, "maintainer"), make_collaborator(project, "writer")
    assert patch(writer, {"description": "x"})[0] == 403
    status, body = patch(maintainer, {"description": "Told", "private": False, "archived": True})
    assert status == 200
    assert (body["description"], body["visibility"], body["archived"]) == ("Told", "public", True)
    status, body = patch(maintainer, {"name": "two", "description": "no"})
    assert (status, body["code"]) == (403, "role")
    assert patch(anna, {"name": "two"})[1]["full_name"] == "anna/two"
    assert patch(anna, {"name": "three"})[1]["full_name"] == "anna/three", "by a former name"
    make_project("four", owner=anna)
    status, body = patch(anna, {"name": "four", "description": "undone"}, "anna/three")
    assert (status, body["code"]) == (422, "name_taken")
    project.refresh_from_db()
    assert (project.slug, project.description) == ("three", "Told")


def test_private_says_no_more_than_that_not_everybody_reads(anna: User) -> None:
    make_project("one", owner=anna, visibility="internal")
    assert patch(anna, {"private": True})[1]["visibility"] == "internal"
    assert patch(anna, {"private": False})[1]["visibility"] == "public"
    assert patch(anna, {"private": True})[1]["visibility"] == "private"
    assert patch(anna, {"private": True, "visibility": "internal"})[1]["visibility"] == "internal"
