"""Branches and their rules through the API: Gitea's shapes, the rules of a push, narrow tokens."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from ropewalk.projects import services as projects
from ropewalk.repos import git, selectors
from ropewalk.repos.selectors import protections
from tests.factories import builders
from tests.integration.branches.conftest import Stage

pytestmark = pytest.mark.django_db(transaction=True)
Call = Callable[..., Any]


@pytest.fixture
def call(stage: Stage) -> Call:
    """Ask the API as the owner, unless another token is given."""
    owner = builders.make_token(stage.project.created_by)

    def ask(method: str, path: str, body: object = None, token: str = owner) -> Any:
        return Client().generic(
            method,
            f"/api/v1/repos{stage.url}/{path}",
            "" if body is None else json.dumps(body),
            content_type="application/json",
            headers={"Authorization": f"Bearer {token}"},
        )

    return ask


def test_branches_are_listed_in_pages(stage: Stage, call: Call) -> None:
    answer = call("GET", "branches?limit=2")
    assert [item["name"] for item in answer.json()] == ["main", "topic/one"]
    assert answer.headers["X-Total-Count"] == "3" and 'rel="next"' in answer.headers["Link"]
    assert [item["name"] for item in call("GET", "branches?limit=2&page=2").json()] == ["old"]
    assert [item["name"] for item in call("GET", "branches?q=TOP").json()] == ["topic/one"]
    assert call("GET", "branches?page=x").status_code == 400
    topic = call("GET", "branches/topic/one").json()
    assert topic == call("GET", "branches").json()[1]
    assert topic["commit"]["id"] == stage.branches["topic/one"]
    assert topic["commit"]["message"].strip() == "On topic" and topic["commit"]["author"]["name"] == "Ada"
    assert (topic["protected"], topic["user_can_push"]) == (False, True)
    for missing in ("topic", "topic/one/x", "refs/heads/main", "nope", "%00", "x" * 900):
        assert call("GET", f"branches/{missing}").status_code == 404, missing


def test_pages_asked_for_by_a_former_name_lead_on_by_the_present_one(stage: Stage, call: Call) -> None:
    projects.rename_project(project_id=stage.project.pk, name="renamed")
    link = call("GET", "branches?limit=1").headers["Link"]
    assert f"/api/v1/repos/{stage.project.owner.slug}/renamed/branches?limit=1&page=2>" in link


def test_a_branch_is_made_renamed_and_deleted(stage: Stage, call: Call) -> None:
    made = call("POST", "branches", {"new_branch_name": "a/b", "old_ref_name": "topic/one"})
    assert (made.status_code, made.json()["name"]) == (201, "a/b")
    assert made.json()["commit"]["id"] == stage.branches["topic/one"] == stage.branches["a/b"]
    older = call("POST", "branches", {"new_branch_name": "c", "old_branch_name": "old"})
    assert older.status_code == 201 and stage.branches["c"] == stage.branches["old"]
    assert call("PATCH", "branches/a/b", {"name": "d%20e/ü"}).status_code == 204
    assert call("DELETE", "branches/d%2520e/%C3%BC").status_code == 204
    assert set(stage.branches) == {"main", "topic/one", "old", "c"}
    assert call("DELETE", "branches/main").status_code == 403
    before = stage.branches
    for body, status in (
        ({"new_branch_name": "c"}, 409),
        ({"new_branch_name": "topic"}, 409),
        ({"new_branch_name": "x", "old_ref_name": "nope"}, 404),
        ({"new_branch_name": "a b"}, 400),
        ({"new_branch_name": "../x"}, 400),
        ({"new_branch_name": "x\x00"}, 422),
        ({"new_branch_name": "x" * 300}, 422),
        ({}, 422),
        ([], 422),
        ("x", 422),
    ):
        answer = call("POST", "branches", body)
        assert answer.status_code == status, (body, answer.content)
        assert answer.json()["message"]
    assert call("PATCH", "branches/c", {"name": "main"}).status_code == 409
    assert call("PATCH", "branches/nope", {"name": "x"}).status_code == 404
    assert call("DELETE", "branches/nope").status_code == 404
    assert stage.branches == before


def test_a_rule_is_made_changed_and_removed(stage: Stage, call: Call) -> None:
    writer = stage.writer_name
    made = call(
        "POST",
        "branch_protections",
        {"rule_name": "topic/*", "enable_push": True, "enable_push_whitelist": True,
         "push_whitelist_usernames": [writer], "enable_status_check": True, "status_check_contexts": ["lint"]},
    )  # fmt: skip
    assert made.status_code == 201, made.content
    body = made.json()
    assert (body["rule_name"], body["push_role"], body["push_whitelist_usernames"]) == (
        "topic/*",
        "nobody",
        [writer],
    )
    assert (body["enable_push"], body["enable_force_push"], body["allow_delete"]) == (True, False, False)
    assert (
        call("GET", "branch_protections").json()
        == [body]
        == [call("GET", "branch_protections/topic/*").json()]
    )
    topic = call("GET", "branches/topic/one").json()
    assert (topic["protected"], topic["user_can_push"]) == (True, False), "the owner is not on the list"
    assert (topic["effective_branch_protection_name"], topic["status_check_contexts"]) == (
        "topic/*",
        ["lint"],
    )

    changed = call(
        "PATCH", "branch_protections/topic/*", {"push_role": "maintainer", "push_whitelist_usernames": []}
    )
    assert changed.json()["push_role"] == "maintainer"
    again = call("PATCH", "branch_protections/topic/*", changed.json() | {"enable_force_push": True})
    [rule] = protections(stage.project.pk)
    assert again.status_code == 200 and rule.push_role == "maintainer" and rule.force, (
        "a round trip keeps the role"
    )
    assert call("PATCH", "branch_protections/topic/*", {"enable_push": False}).json()["push_role"] == "nobody"
    free = {"enable_push": True, "enable_push_whitelist": False, "enable_status_check": False}
    loose = call("PATCH", "branch_protections/topic/*", free).json()
    assert (loose["push_role"], loose["status_check_contexts"]) == ("writer", [])
    assert call("DELETE", "branch_protections/topic/*").status_code == 204
    assert call("DELETE", "branch_protections/topic/*").status_code == 404
    assert call("POST", "branch_protections", {"branch_name": "old"}).json()["push_role"] == "nobody"


def test_rules_that_can_not_be_held_are_refused(stage: Stage, call: Call) -> None:
    call("POST", "branch_protections", {"rule_name": "main"})
    for body, status in (
        ({"rule_name": "main"}, 409),
        ({"rule_name": ""}, 400),
        ({"rule_name": "a b"}, 400),
        ({"rule_name": "x", "push_role": "all"}, 422),
        ({"rule_name": "x", "push_whitelist_usernames": ["nobody-there"]}, 400),
        ({"rule_name": "x", "push_whitelist_usernames": "main"}, 422),
        ({"rule_name": "x", "required_approvals": 2}, 422),
        ({"rule_name": "x", "require_signed_commits": True}, 422),
        ([], 422),
    ):
        enabled = body | {"enable_push": True} if isinstance(body, dict) else body
        answer = call("POST", "branch_protections", enabled)
        assert answer.status_code == status, (body, answer.content)
    assert [rule.pattern for rule in protections(stage.project.pk)] == ["main"]


def test_rules_hold_for_the_api_and_narrow_tokens_reach_no_further(stage: Stage, call: Call) -> None:
    call("POST", "branch_protections", {"rule_name": "topic/*", "push_role": "maintainer"})
    writer = builders.make_token(type(stage.project.created_by).objects.get(username=stage.writer_name))
    reading = builders.make_token(stage.project.created_by, "read")
    writing = builders.make_token(stage.project.created_by, "write")
    before = stage.branches
    for token, method, path, body in (
        (writer, "DELETE", "branches/topic/one", None),
        (writer, "POST", "branches", {"new_branch_name": "topic/two"}),
        (writer, "PATCH", "branches/topic/one", {"name": "free"}),
        (writer, "PATCH", "branches/main", {"name": "trunk"}),
        (writer, "GET", "branch_protections", None),
        (reading, "POST", "branches", {"new_branch_name": "x"}),
        (reading, "DELETE", "branches/old", None),
        (writing, "DELETE", "branch_protections/topic/*", None),
        (writing, "PATCH", "branches/main", {"name": "trunk"}),
    ):
        answer = call(method, path, body, token)
        assert answer.status_code == 403, (method, path, answer.content)
    refused = call("DELETE", "branches/topic/one", None, writer).json()
    assert "protected by the rule “topic/*”: only maintainers may push to it" in refused["message"]
    assert stage.branches == before and len(protections(stage.project.pk)) == 1
    content = {"message": "x", "branch": "topic/one", "content": "eA==", "sha": ""}
    assert call("POST", "contents/new.txt", content, writer).status_code == 403
    assert call("GET", "branches/topic/one", None, reading).status_code == 200


def test_the_default_branch_is_renamed_through_the_api(stage: Stage, call: Call) -> None:
    assert call("PATCH", "branches/main", {"name": "trunk"}).status_code == 204
    assert selectors.default_branch(stage.project.pk) == "trunk"
    assert "main" not in git.run(git.repository_path(stage.project.pk), "branch", "--list").data.decode()
