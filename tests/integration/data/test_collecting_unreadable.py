"""A commit that can't be read need not end a collection: what it might name is kept, and it is tried again before."""

from typing import Any

import pytest
from django.test import Client

from ropewalk.data import selectors, services
from ropewalk.data.models import RevisionIndex
from ropewalk.data.services import unreadable
from ropewalk.edges.web.data import collecting as pages
from ropewalk.projects.models import Project
from tests.factories import builders
from tests.integration.data.conftest import listing, md5, send
from tests.integration.data.test_collecting import (
    found,
    pointer,
    project,
    repository,
    run_jobs,
    search,
    visible,
)
from tests.integration.monitors.repository import Repository

__all__ = ["project", "repository"]


def broken(*contents: bytes) -> str:
    """A pointer file that no parser takes, with these hashes in it."""
    return "outs: [\n" + "".join(f"- md5: {md5(content)}\n" for content in contents)


def test_what_it_might_name_is_kept_and_the_rest_goes(project: Project, repository: Repository) -> None:
    for content in (b"named", b"in list", b"in list of lock", b"new", b"unneeded"):
        send(project, content)
    listed, locked = listing({"a": b"in list"}), listing({"b": b"in list of lock"})
    send(project, listed, is_dir=True)
    send(project, locked, is_dir=True)
    repository.commit({"a.dvc": broken(b"named", listed).upper(), "sub/dvc.lock": broken(locked) + "\t\0"})
    repository.commit({"a.dvc": pointer(b"new", "a"), "sub/dvc.lock": "{"})
    number = search(project)
    view = selectors.collection(project.pk, number)
    assert view and view.search and view.search.error_code == "needs_unknown"
    assert "keep what they might name" in view.search.error_message
    number = search(project, unreadable="keep")
    view = selectors.collection(project.pk, number)
    assert view and view.report and (view.report.objects, view.report.unreadable) == (1, 2)
    assert found(project) == {md5(b"unneeded")}
    services.request_run(project_id=project.pk, collection_id=number, user_id=project.created_by_id)
    run_jobs()
    assert visible(project, b"named", b"in list", b"in list of lock", b"new") == [True] * 4
    assert visible(project, b"unneeded") == [False]


def test_a_file_that_is_too_large_to_be_looked_through_ends_it(
    project: Project, repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(unreadable, "MOST_BYTES", 20)
    send(project, b"a")
    repository.commit({"a.dvc": broken(b"a")})
    view = selectors.collection(project.pk, search(project, unreadable="keep"))
    assert view and view.report is None and view.search
    assert "not even by the hashes" in view.search.error_message
    assert found(project) == set()


def test_it_is_read_again_by_the_next_search(project: Project, repository: Repository) -> None:
    send(project, b"a")
    sha = repository.commit({"a.dvc": pointer(b"a", "a")})
    services.ensure_indexed(project_id=project.pk, commit_sha=sha)
    run_jobs()
    problem = {"path": "a.dvc", "code": "too_large", "message": "An earlier release could not."}
    RevisionIndex.objects.for_project(project.pk).update(problems=[problem])
    view = selectors.collection(project.pk, search(project))
    assert view and view.report and (view.report.objects, view.report.unreadable) == (0, 0)


def test_the_pages_lead_on_and_the_losing_commits_are_paged(
    project: Project, repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pages, "PAGE", 2)
    defaults: Any = selectors.losing.__kwdefaults__
    monkeypatch.setitem(defaults, "limit", 2)
    repository.commit({"z.dvc": broken(b"none")})
    contents = [b"%d" % number for number in range(5)]
    for content in contents:
        send(project, content)
        repository.commit({"a.dvc": pointer(content, "a"), "z.dvc": pointer(contents[0], "z")})
    client = Client()
    client.force_login(project.created_by)
    url = f"/{project.owner.slug}/{project.slug}/settings/data/collect"
    number = search(project)
    page = client.get(f"{url}/{number}").content.decode()
    assert "Search again, keeping what they might name" in page and "unreadable=keep" in page
    form = client.get(f"{url}?keep=tips&grace_days=0&unreadable=keep").content.decode()
    assert '<option value="keep" selected>' in form and '<option value="tips" selected>' in form
    sent = {"keep": "tips", "grace_days": "0", "unreadable": "keep"}
    answer = client.post(url, sent)
    run_jobs()
    first = client.get(answer["Location"]).content.decode()
    assert "1–2 of 3" in first and "page=2" in first
    second = client.get(answer["Location"] + "?page=2").content.decode()
    assert "3–3 of 3" in second
    api = f"/api/v1/repos/{project.owner.slug}/{project.slug}/collections/{answer['Location'].rpartition('/')[2]}"
    headers = {"Authorization": f"Bearer {builders.make_token(project.created_by)}"}
    parts = [client.get(f"{api}?page={number}", headers=headers).json() for number in (1, 2)]
    assert [len(one["commits"]) for one in parts] == [2, 1]
    shas = [commit["sha"] for one in parts for commit in one["commits"]]
    assert len(set(shas)) == 3
