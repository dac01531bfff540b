"""The projects API as DagsHub's client uses it: statuses, forms and JSON, strict types."""

import json

import pytest
from django.test import Client

from ropewalk.accounts import services as accounts
from ropewalk.projects.models import Project
from ropewalk.repos import selectors
from tests.factories.builders import (
    make_collaborator,
    make_organization,
    make_project,
    make_token,
    make_user,
)

pytestmark = pytest.mark.django_db
# What dagshub 0.7.3 reads (its RepoAPIResponse and UserAPIResponse), with the types that its parser insists on.
OWNER_TYPES = {"id": int, "login": str, "full_name": str, "username": str}
REPOSITORY_TYPES = {
    **dict.fromkeys(
        [
            "name",
            "full_name",
            "description",
            "html_url",
            "clone_url",
            "default_branch",
            "created_at",
            "updated_at",
        ],
        str,
    ),
    **dict.fromkeys(["private", "fork", "empty", "mirror"], bool),
    **dict.fromkeys(["id", "size", "stars_count", "forks_count", "watchers_count", "open_issues_count"], int),
}


@pytest.fixture
def api(client):
    class Api:
        def __init__(self):
            self.token = ""

        def ask(self, method, path, data=None, *, as_json=False, **headers):
            extra = {"HTTP_AUTHORIZATION": f"Bearer {self.token}"} if self.token else {}
            content = {"content_type": "application/json"} if as_json else {}
            if data is not None and not as_json:
                from urllib.parse import urlencode

                data, content = urlencode(data), {"content_type": "application/x-www-form-urlencoded"}
            return client.generic(
                method,
                f"/api/v1/{path}",
                data=json.dumps(data) if as_json else (data or ""),
                **content,
                **extra,
                **headers,
            )

        def get(self, path):
            return self.ask("GET", path)

        def post(self, path, data, **options):
            return self.ask("POST", path, data, **options)

    return Api()


def test_the_caller_is_told_who_they_are(api):
    anna = make_user("anna")
    api.token = make_token(anna, "read", project=make_project(owner=anna))
    body = api.get("user").json()
    assert (body["login"], body["username"]) == ("anna", "anna")
    assert {name: type(body[name]) for name in OWNER_TYPES} == OWNER_TYPES
    assert None not in body.values()


@pytest.mark.parametrize("path", ["user", "repos/anna/wine", "search", "users/anna"])
def test_a_bad_token_is_401_everywhere_even_where_none_is_needed(api, path):
    make_project("wine", owner=make_user("anna"), visibility="public")
    api.token = "rw_wrong"
    answer = api.get(path)
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")
    assert answer.json()["code"] == "unauthenticated"


def test_without_a_token_the_caller_is_unknown(api):
    assert api.get("user").status_code == 401


def test_users_and_organizations_are_found_by_name_without_regard_to_case(api):
    make_user("Anna")
    make_organization("acme")
    assert api.get("users/aNNA").json()["login"] == "Anna"
    assert api.get("users/acme").json()["login"] == "acme"
    assert api.get("users/nobody").status_code == 404


@pytest.mark.parametrize("as_json", [False, True])
@pytest.mark.parametrize(
    ("private", "visibility"),
    [("true", "private"), ("false", "public"), ("True", "private"), (False, "public")],
)
def test_a_project_is_created_from_a_form_or_json(api, as_json, private, visibility):
    api.token = make_token(make_user("anna"), "write")
    # All the fields that dagshub.create_repo sends.
    given = {
        "name": "Wine-1.0",
        "description": "Rot & weiß",
        "private": private,
        "auto_init": "false",
        "gitignores": "Python",
        "license": "",
        "readme": "",
        "project_template": "custom",
    }
    answer = api.post("user/repos", given, as_json=as_json)
    body = answer.json()
    assert answer.status_code == 201, body
    assert {name: type(body[name]) for name in REPOSITORY_TYPES} == REPOSITORY_TYPES
    assert {name: type(body["owner"][name]) for name in OWNER_TYPES} == OWNER_TYPES
    assert body["full_name"] == "anna/Wine-1.0"
    assert body["owner"]["login"] == "anna"
    assert body["description"] == "Rot & weiß"
    assert body["private"] is (visibility == "private")
    assert body["empty"] is True
    assert body["permissions"] == {"admin": False, "push": True, "pull": True}  # the token is for writing
    assert body["clone_url"].endswith("/anna/Wine-1.0.git")
    assert Project.objects.get().visibility == visibility
    again = api.get("repos/ANNA/wine-1.0").json()
    assert {**again, "updated_at": ""} == {**body, "updated_at": ""}


def test_a_project_begins_with_what_was_chosen(api, settings, tmp_path):
    settings.REPOSITORIES_ROOT = tmp_path / "repos"
    api.token = make_token(make_user("anna"), "write")
    chosen = {"auto_init": "true", "gitignores": "machine LEARNING", "license": "mit", "dvc": "true"}
    body = api.post("user/repos", {"name": "wine", "description": "Red", **chosen}).json()
    assert body["empty"] is False
    files = {
        path: selectors.blob(body["id"], selectors.state(body["id"]).head_sha, path).text
        for path in ("README.md", ".gitignore", "LICENSE", ".dvc/config", ".dvc/.gitignore", ".dvcignore")
    }
    assert files["README.md"].startswith("# wine\n\nRed\n")
    assert "mlruns/" in files[".gitignore"]
    assert "<" not in files["LICENSE"] and " anna\n" in files["LICENSE"]
    assert f"url = {body['dvc_url']}\n" in files[".dvc/config"]


@pytest.mark.parametrize("given", [{"gitignores": "../../LICENSE"}, {"license": "WTFPL"}])
def test_what_nobody_can_begin_with_is_422_and_makes_no_project(api, given):
    api.token = make_token(make_user("anna"), "write")
    answer = api.post("user/repos", {"name": "wine", "auto_init": "true", **given})
    assert (answer.status_code, answer.json()["code"]) == (422, "bad_starter")
    assert not Project.objects.exists()


def test_without_a_word_about_it_a_project_is_private(api):
    api.token = make_token(make_user("anna"))
    assert api.post("user/repos", {"name": "wine"}).json()["private"] is True


def test_ropewalks_own_visibility_wins(api):
    api.token = make_token(make_user("anna"))
    body = api.post("user/repos", {"name": "wine", "private": "false", "visibility": "internal"}).json()
    assert (body["visibility"], body["private"]) == ("internal", True)


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"name": ""},
        {"name": "a/b"},
        {"name": "a.git"},
        {"name": ".."},
        {"name": "settings"},
        {"name": "x" * 101},
        {"name": "wi\0ne"},
        {"name": "wine\n"},
        {"name": "ok", "description": "x" * 501},
        {"name": "ok", "description": "a\0b"},
        {"name": "ok", "private": "perhaps"},
        {"name": "ok", "visibility": "secret"},
        {"name": "Taken"},
    ],
)
@pytest.mark.parametrize("as_json", [False, True])
def test_an_invalid_or_taken_name_is_422_with_a_message(api, given, as_json):
    anna = make_user("anna")
    make_project("taken", owner=anna)
    api.token = make_token(anna)
    answer = api.post("user/repos", given, as_json=as_json)
    trimmed = given == {"name": "wine\n"}  # DRF takes the line break off, as a browser's form does
    assert answer.status_code == (201 if trimmed else 422)
    assert trimmed or answer.json()["message"]


@pytest.mark.parametrize(
    "raw",
    [b"[" * 100_000, b"{", b'"text"', b"[1]", b"\xff\xfe", b'{"name": NaN}', b'{"name": "\\ud800"}', b"null"],
)
def test_json_that_is_none_is_the_callers_error(api, client, raw):
    token = make_token(make_user("anna"))
    answer = client.post(
        "/api/v1/user/repos",
        raw,
        content_type="application/json",
        headers={"Authorization": f"Bearer {token}"},
    )
    assert answer.status_code in {400, 422}
    assert answer.json()["message"]


def test_organizations_let_their_members_create(api):
    anna = make_user("anna")
    organization = make_organization("acme", owner=anna)
    make_user("member")
    accounts.set_member(owner_id=organization.owner_id, username="member", role="member")
    statuses = {}
    for name in ("anna", "member", "stranger"):
        user = make_user(name) if name == "stranger" else accounts.User.objects.get(username=name)
        api.token = make_token(user)
        statuses[name] = api.post("org/acme/repos", {"name": f"of-{name}"}).status_code
    assert statuses == {"anna": 201, "member": 201, "stranger": 403}
    api.token = make_token(accounts.User.objects.get(username="member"), "write")
    assert api.get("repos/acme/of-member").json()["permissions"]["push"] is True
    assert api.get("repos/acme/of-anna").json()["permissions"]["push"] is False
    assert api.post("org/nowhere/repos", {"name": "x"}).status_code == 404
    assert api.post("org/anna/repos", {"name": "x"}).status_code == 403
    api.token = ""
    assert api.post("org/acme/repos", {"name": "x"}).status_code == 401


def test_narrow_tokens_create_nothing(api):
    anna = make_user("anna")
    make_organization("acme", owner=anna)
    project = make_project(owner=anna)
    for token in (make_token(anna, "read"), make_token(anna, "write", project=project)):
        api.token = token
        assert api.post("user/repos", {"name": "x"}).status_code == 403
        assert api.post("org/acme/repos", {"name": "x"}).status_code == 403
    assert Project.objects.count() == 1


def test_what_may_not_be_seen_is_404_and_never_401_or_403(api):
    project = make_project("secret", owner=make_user("anna"))
    reader = make_collaborator(project, "reader")
    for user, expected in ((None, 404), (make_user(), 404), (reader, 200)):
        api.token = make_token(user) if user else ""
        assert api.get("repos/anna/secret").status_code == expected


def test_archived_and_roles_show_in_permissions(api):
    project = make_project("wine", owner=make_user("anna"))
    maintainer = make_collaborator(project, "maintainer")
    api.token = make_token(maintainer)
    assert api.get("repos/anna/wine").json()["permissions"] == {"admin": True, "push": True, "pull": True}


def test_unknown_paths_and_methods_answer_json(api, client):
    for path in ("/api", "/api/", "/api/v1/nothing", "/api/v2/user", "/api/v1/repos/a", "/api/v1/user/"):
        answer = client.get(path)
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found"), path
    api.token = make_token(make_user())
    answer = api.ask("DELETE", "user")
    assert answer.status_code == 405
    assert "DELETE" in answer.json()["message"]


def test_bodies_are_bounded_before_they_are_read(api, client):
    api.token = make_token(make_user())
    answer = api.post("user/repos", {"name": "x", "description": "y" * (1 << 20)})
    assert answer.status_code == 413


def test_a_browsers_session_needs_its_csrf_token_in_a_header():
    anna = make_user("anna", password="a long enough pass phrase")
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(anna)
    refused = browser.post("/api/v1/user/repos", {"name": "x"})
    assert (refused.status_code, refused.json()["code"]) == (403, "csrf")
    browser.cookies["csrftoken"] = "a" * 32
    assert (
        browser.post("/api/v1/user/repos", {"name": "x", "csrfmiddlewaretoken": "a" * 32}).status_code == 403
    )
    granted = browser.post("/api/v1/user/repos", {"name": "x"}, headers={"X-CSRFToken": "a" * 32})
    assert granted.status_code == 201


def test_search_finds_what_the_caller_may_see(api):
    anna = make_user("anna")
    make_project("wine-quality", owner=anna)
    make_project("wine-open", visibility="public")
    make_project("beer", owner=anna)
    limited = make_token(anna, "read", project=make_project("wine-limited", owner=anna))

    def found(query):
        groups = api.get(f"search?q={query}").json()["groups"]
        hits = [hit for group in groups if group["kind"] == "project" for hit in group["hits"]]
        return {hit["title"].split("/")[1] for hit in hits}

    assert found("wine") == {"wine-open"}
    api.token = make_token(anna)
    assert found("wine") == {"wine-quality", "wine-open", "wine-limited"}
    assert found("anna%20WINE") == found("anna/wine") == {"wine-quality", "wine-limited"}
    assert found("%00%25_") == set()
    api.token = limited
    assert found("wine") == {"wine-open"}
