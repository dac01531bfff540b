"""Gitea's ``/contents``: what is read, what each change becomes, and what it refuses."""

import base64
from collections.abc import Callable
from typing import Any

import pytest

from ropewalk.accounts.selectors import commit_identity
from ropewalk.projects.models import Project
from ropewalk.repos import git, selectors, services
from ropewalk.repos.services import protect_branches
from tests.factories import builders
from tests.integration.api.conftest import Ask
from tests.integration.api.test_content_api import HOSTILE, bytes_at, tip
from tests.integration.repos.conftest import Fill, commit, write

MAIN = "refs/heads/main"


def b64(content: bytes) -> str:
    return base64.b64encode(content).decode()


@pytest.fixture
def blob(fill: Fill, project: Project) -> Callable[[str], str]:
    """A filled repository; gives the name of the blob at a path of main."""
    fill(
        commit(
            MAIN, 1, "Begin",
            write("README.md", b"# One\n"),
            write("src/run.sh", b"echo\n", "100755"),
            write("src/b.py", b"b\n"),
            write("link", b"README.md", "120000"),
            b"M 160000 " + b"1" * 40 + b" module\n",
        )
    )  # fmt: skip
    services.reconcile(project_id=project.pk)
    return lambda path: selectors.entry(project.pk, tip(project), path).oid


def test_files_and_folders_are_read_in_giteas_shape(
    ask: Ask, blob: Callable[[str], str], project: Project
) -> None:
    one = ask("GET", "contents/README.md").json()
    assert (one["type"], one["encoding"], base64.b64decode(one["content"])) == ("file", "base64", b"# One\n")
    assert (one["sha"], one["size"], one["last_commit_sha"]) == (blob("README.md"), 6, tip(project))
    assert one["html_url"].endswith(f"/{project.slug}/src/main/README.md")
    for root in ("contents", "contents/"):
        listed = ask("GET", root).json()
        assert [(e["name"], e["type"]) for e in listed] == [
            ("src", "dir"), ("README.md", "file"), ("link", "symlink"), ("module", "submodule"),
        ]  # fmt: skip
        assert {e["content"] for e in listed} == {None}
    assert [e["path"] for e in ask("GET", f"contents/src?ref={tip(project)}").json()] == [
        "src/b.py",
        "src/run.sh",
    ]
    assert ask("GET", "contents/link").json()["target"] == "README.md"
    for absent in ("contents/none", "contents/README.md?ref=none", "contents/src?ref=main/src"):
        assert ask("GET", absent).status_code == 404


def test_create_replace_rename_delete(ask: Ask, blob: Callable[[str], str], project: Project) -> None:
    made = ask("POST", "contents/new/a b.txt", body={"content": b64(b"one"), "message": "Add a"})
    assert made.status_code == 201, made.content
    body = made.json()
    assert (body["content"]["path"], body["content"]["sha"]) == ("new/a b.txt", blob("new/a b.txt"))
    assert (body["commit"]["sha"], body["commit"]["message"]) == (tip(project), "Add a")
    assert ask("POST", "contents/new/a b.txt", body={"content": b64(b"two")}).status_code == 409
    put = ask("PUT", "contents/src/run.sh", body={"content": b64(b"echo 2\n"), "sha": blob("src/run.sh")})
    assert (put.status_code, bytes_at(project, "src/run.sh")) == (200, b"echo 2\n")
    assert selectors.entry(project.pk, tip(project), "src/run.sh").executable
    moved = ask(
        "PUT", "contents/bin/run.sh",
        body={"content": b64(b"echo 3\n"), "sha": blob("src/run.sh"), "from_path": "src/run.sh"},
    )  # fmt: skip
    assert (moved.status_code, bytes_at(project, "bin/run.sh")) == (200, b"echo 3\n")
    assert not selectors.exists(project.pk, tip(project), "src/run.sh")
    gone = ask("DELETE", "contents/README.md", body={"sha": blob("README.md"), "message": "Gone"})
    assert (gone.status_code, gone.json()["content"]) == (200, None)
    assert not selectors.exists(project.pk, tip(project), "README.md")
    assert ask("DELETE", f"contents/src/b.py?sha={blob('src/b.py')}").status_code == 200


def test_a_blob_that_was_not_seen_is_a_conflict(
    ask: Ask, blob: Callable[[str], str], project: Project
) -> None:
    seen, before = blob("README.md"), tip(project)
    assert ask("PUT", "contents/README.md", body={"content": b64(b"2"), "sha": seen}).status_code == 200
    now = tip(project)
    for method, body in (("PUT", {"content": b64(b"3"), "sha": seen}), ("DELETE", {"sha": seen})):
        stale = ask(method, "contents/README.md", body=body)
        assert (stale.status_code, stale.json()["code"]) == (409, "sha_mismatch")
        assert blob("README.md") in stale.json()["message"]
    assert (
        ask("PUT", "contents/README.md", body={"content": b64(b"3")}).status_code == 409
    )  # creates, and it is there
    assert ask("DELETE", "contents/README.md", body={}).status_code == 422
    assert ask("DELETE", "contents/src", body={"sha": blob("src")}).status_code == 400
    assert (tip(project), bytes_at(project, "README.md")) == (now, b"2")
    assert before != now


def test_several_changes_are_one_commit_or_none(
    ask: Ask, blob: Callable[[str], str], project: Project
) -> None:
    before = tip(project)
    changes = [
        {"operation": "create", "path": "x/1", "content": b64(b"1")},
        {"operation": "update", "path": "README.md", "content": b64(b"2"), "sha": blob("README.md")},
        {"operation": "delete", "path": "src/b.py", "sha": blob("src/b.py")},
        {"operation": "rename", "path": "y/run.sh", "from_path": "src/run.sh", "sha": blob("src/run.sh")},
    ]
    answer = ask(
        "POST", "contents", body={"files": changes, "new_branch": "many", "branch": "main", "signoff": True}
    )
    assert answer.status_code == 201, answer.content
    assert [file["path"] for file in answer.json()["files"]] == ["x/1", "README.md", "y/run.sh"]
    made = selectors.commit(project.pk, tip(project, "many"))
    assert (made.parents, made.subject, tip(project)) == ((before,), "Change 4 files", before)
    assert "Signed-off-by: " in made.body
    changed = selectors.changes(project.pk, before, made.sha).files
    assert {(c.status[0], c.path) for c in changed} == {
        ("a", "x/1"),
        ("m", "README.md"),
        ("d", "src/b.py"),
        ("r", "y/run.sh"),
    }
    changes[0]["path"] = "README.md/in"
    assert ask("POST", "contents", body={"files": changes}).status_code == 409
    twice = [{"operation": "create", "path": "z", "content": ""}] * 2
    assert ask("POST", "contents", body={"files": twice}).status_code == 400
    assert tip(project) == before


def test_an_author_may_be_named_and_the_caller_stays_the_committer(
    ask: Ask, blob: Callable[[str], str], project: Project
) -> None:
    author = {"name": "Eve <x>\nEvil", "email": "eve@example.org"}
    assert ask("POST", "contents/a", body={"content": "", "author": author}).status_code == 201
    raw = git.run(git.repository_path(project.pk), "cat-file", "-p", "main").data.decode()
    assert "\nauthor Eve xEvil <eve@example.org> " in raw
    assert f"\ncommitter {commit_identity(project.created_by_id)[0]} <" in raw


def test_the_first_commit_of_an_empty_repository(ask: Ask, project: Project) -> None:
    assert ask("GET", "contents").json()["code"] == "empty_repository"
    assert ask("POST", "contents/README.md", body={"content": b64(b"# First")}).status_code == 201
    assert bytes_at(project, "README.md") == b"# First"


@pytest.mark.parametrize("path", HOSTILE)
def test_hostile_paths(ask: Ask, blob: Callable[[str], str], project: Project, path: str) -> None:
    before = tip(project)
    for where, body in (
        ("contents", {"files": [{"operation": "create", "path": path, "content": ""}]}),
        ("contents/ok", {"content": "", "sha": blob("README.md"), "from_path": path}),
    ):
        answer = ask("POST", where, body=body)
        assert answer.status_code in {400, 404, 409}, answer.content
    assert tip(project) == before


@pytest.mark.parametrize(
    "body",
    [
        {}, {"content": "%%%"}, {"content": b64(b"x"), "sha": "zz"}, {"content": None}, [], "text", 7, None,
        {"content": "", "branch": "none"}, {"content": "", "branch": "x" * 300}, {"content": "", "new_branch": "a..b"},
        {"content": "", "new_branch": "main"}, {"content": "", "message": "\0"}, {"content": "", "author": "me"},
        {"content": "", "author": {"name": "n", "email": "not an address"}}, {"content": "", "branch": "../main"},
        {"content": "", "message": "x" * 30_000}, {"files": []}, {"files": [{}]},
        {"files": [{"operation": "chmod", "path": "a"}]},
        {"files": [{"operation": "create", "path": str(n), "content": ""} for n in range(301)]},
    ],
)  # fmt: skip
def test_hostile_bodies(ask: Ask, blob: Callable[[str], str], project: Project, body: Any) -> None:
    before = dict.fromkeys([tip(project)])
    where = "contents" if isinstance(body, dict) and "files" in body else "contents/ok"
    answer = ask("POST", where, body=body)
    assert answer.status_code in {400, 404, 409, 422}, answer.content
    assert answer.headers["Content-Type"] == "application/json"
    assert dict.fromkeys([tip(project)]) == before


def test_rules_of_branches_and_scopes_hold(ask: Ask, blob: Callable[[str], str], project: Project) -> None:
    reader = builders.make_token(builders.make_collaborator(project, "reader"))
    writer = builders.make_token(builders.make_collaborator(project, "writer"))
    body = {"content": b64(b"x")}
    assert ask("POST", "contents/a", body=body, token=reader).status_code == 403
    assert (
        ask(
            "POST", "contents/a", body=body, token=builders.make_token(project.created_by, "read")
        ).status_code
        == 403
    )
    assert (
        ask("POST", "contents/a", body=body, token=builders.make_token(builders.make_user())).status_code
        == 404
    )
    view = builders.access_of(project.created_by, project).project
    protect_branches(project=view, pattern="main", push_role="nobody", people=[])
    refused = ask("POST", "contents/a", body=body, token=writer)
    assert (refused.status_code, refused.json()["code"]) == (403, "protected_branch")
    assert ask("POST", "contents/a", body={**body, "new_branch": "mine"}, token=writer).status_code == 201
