"""Uploads for DVC that are refused: by the branch's rule or for want of room, before a byte of them is stored."""

import os
from pathlib import Path
from typing import Any

import pytest

from ropewalk.data.models import StoredObject
from ropewalk.projects.models import Project
from ropewalk.quotas.selectors import project_use
from ropewalk.quotas.services import set_project_quota
from ropewalk.repos.git import repository_path
from ropewalk.repos.services import protect_branches
from tests.factories import builders
from tests.integration.api.conftest import Ask
from tests.integration.api.test_tracked_content import form, tip, tree

__all__ = ["tree"]
KIB = 1 << 10


def stored(project: Project, settings: Any) -> tuple[int, list[str]]:
    """Rows of objects, and every file below the store's root."""
    root = Path(settings.OBJECTS_ROOT)
    files = sorted(str(path.relative_to(root)) for path in root.rglob("*") if path.is_file())
    return StoredObject.objects.for_project(project.pk).count(), files


@pytest.fixture
def writer(project: Project, tree: dict[str, bytes]) -> str:
    """A token of somebody who may write, but not to the protected ``main`` and ``release/…``."""
    person = builders.make_collaborator(project, "writer")
    view = builders.access_of(project.created_by, project).project
    protect_branches(project=view, pattern="main", push_role="maintainer", people=[])
    protect_branches(project=view, pattern="release/*", push_role="nobody", people=[])
    return builders.make_token(person)


def test_a_protected_branchs_rule_is_asked_before_anything_is_stored(
    ask: Ask, project: Project, settings: Any, writer: str
) -> None:
    before, tip_before = stored(project, settings), tip(project)
    on_new = form(commit_choice="commit-to-new-branch", last_commit=tip_before)
    for fields in (form(), {**on_new, "new_branch_name": "release/1"}):
        for more in ({"files": {"new.bin": b"n" * 3000}}, {"files": {"c.png": b"c"}, "is_dvc_dir": "true"}):
            answer = ask("PUT", "content/main/images", {**fields, **more}, token=writer)
            assert answer.status_code == 403, answer.content
            assert "is protected by the rule" in answer.json()["message"]
    assert (stored(project, settings), tip(project)) == (before, tip_before)
    allowed = {**on_new, "new_branch_name": "topic", "files": {"new.bin": b"n" * 3000}}
    assert ask("PUT", "content/main/images", allowed, token=writer).status_code == 200


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"new_branch_name": "main", "commit_choice": "commit-to-new-branch"}, "branch_exists"),
        ({"new_branch_name": "a..b", "commit_choice": "commit-to-new-branch"}, ""),
    ],
)
def test_a_branch_that_can_not_be_is_refused_before_anything_is_stored(
    ask: Ask, project: Project, settings: Any, tree: dict[str, bytes], fields: dict[str, str], code: str
) -> None:
    before = stored(project, settings)
    answer = ask("PUT", "content/main/", form(files={"new.bin": b"new"}, last_commit=tip(project), **fields))
    assert answer.status_code in {400, 409}, answer.content
    assert not code or answer.json()["code"] == code
    assert stored(project, settings) == before


def git_bytes(project: Project) -> int:
    """Bytes of all files of the repository's object store."""
    return sum(path.stat().st_size for path in (repository_path(project.pk) / "objects").rglob("*"))


@pytest.mark.parametrize(
    "more",
    [
        {"files": {"one.bin": b"1" * 40 * KIB, "two.bin": b"2" * 40 * KIB}},  # each alone would fit
        {"files": {"one.bin": b"1" * 40 * KIB, "two.bin": b"2" * 40 * KIB}, "is_dvc_dir": "true"},
        {"files": {"large.bin": os.urandom(40 * KIB), "README.md": os.urandom(40 * KIB)}, "versioning": "auto"},
        {"files": {"only.md": os.urandom(80 * KIB)}, "versioning": "git"},
    ],
)  # fmt: skip
def test_an_upload_that_does_not_fit_stores_nothing_of_it(
    ask: Ask, project: Project, settings: Any, tree: dict[str, bytes], more: dict[str, Any], monkeypatch: Any
) -> None:
    monkeypatch.setattr("ropewalk.data.selectors.tracking.MAX_IN_GIT", 10)
    folder = "images" if more.get("is_dvc_dir") else ""
    before, tip_before, git_before = stored(project, settings), tip(project), git_bytes(project)
    set_project_quota(project_id=project.pk, limit=project_use(project.pk).size + 60 * KIB)
    sent = form(last_commit=tip_before, **more)
    answer = ask("PUT", f"content/main/{folder}", sent)
    assert (answer.status_code, answer.json()["code"]) == (413, "over_quota"), answer.content
    assert "may store" in answer.json()["message"] and "more do not fit" in answer.json()["message"]
    assert "remove for good what is under Removed data; or ask this" in answer.json()["hint"]
    assert (stored(project, settings), tip(project), git_bytes(project)) == (before, tip_before, git_before)
    set_project_quota(project_id=project.pk, limit=project_use(project.pk).size + 120 * KIB)
    assert ask("PUT", f"content/main/{folder}", sent).status_code == 200


def test_what_is_here_already_takes_no_room(ask: Ask, project: Project, tree: dict[str, bytes]) -> None:
    large = os.urandom(40 * KIB)
    assert ask("PUT", "content/main/", form(files={"one.bin": large})).status_code == 200
    set_project_quota(project_id=project.pk, limit=project_use(project.pk).size + 10 * KIB)
    answer = ask("PUT", "content/main/", form(files={"again.bin": large, "third.bin": large}))
    assert answer.status_code == 200, answer.content
