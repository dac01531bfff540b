"""The list of branches: what each row says, the views, and what thousands of branches cost."""

import re
from pathlib import Path

import pytest
from allauth.account.models import EmailAddress
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from ropewalk.repos import git, selectors, services
from tests.factories import builders
from tests.integration.branches.conftest import MAIN, NOW, Stage
from tests.integration.repos.conftest import Fill, commit, write
from tests.integration.tracking.logbook import Logbook
from tests.protocol.mlflow.fixtures import mlflow_in_process, objects

__all__ = ["mlflow_in_process", "objects"]
pytestmark = pytest.mark.django_db(transaction=True)


def rows(page: str) -> dict[str, list[str]]:
    """The cells of each branch as text."""
    found = {}
    for row in re.findall(r"<tr>\s*<td.*?</tr>", page, re.DOTALL):
        cells = [
            " ".join(re.sub(r"<[^>]+>", " ", cell).split())
            for cell in re.findall(r"<td.*?</td>", row, re.DOTALL)
        ]
        found[cells[0].split()[0]] = cells
    return found


def test_each_row_says_how_far_it_is_and_who_was_last(stage: Stage) -> None:
    page = stage.page()
    found = rows(page)
    assert list(found) == ["main", "topic/one", "old"], "the default one first, then last changed first"
    assert found["main"][0] == "main default"
    assert found["topic/one"][1].startswith("On topic Ada")
    assert found["topic/one"][3:5] == ["1", "1"]
    assert found["old"][3:5] == ["1", "0"]
    assert f'href="{stage.url}/compare/main...topic/one"' in page
    assert f'href="{stage.url}/src/topic/one"' in page


def test_views_and_search(stage: Stage) -> None:
    assert list(rows(stage.page("?view=active"))) == ["main", "topic/one"]
    assert list(rows(stage.page("?view=stale"))) == ["old"]
    assert list(rows(stage.page("?q=TOPIC"))) == ["topic/one"]
    assert "No branch matches" in stage.page("?q=nothing-like-it")
    assert "None ends in a commit by an address that you verified" in stage.page("?view=mine")
    EmailAddress.objects.create(user=stage.project.created_by, email="ada@example.org", verified=True)
    assert list(rows(stage.page("?view=mine"))) == ["main", "topic/one", "old"]
    assert "Yours" not in stage.page(client=Client())
    for odd in ("?view=../..", "?page=99", "?page=-1&q=%00", "?view=deleted"):
        stage.page(odd)


def test_protected_branches_say_so(stage: Stage) -> None:
    access = builders.access_of(stage.project.created_by, stage.project)
    services.protect_branches(project=access.project, pattern="topic/*", push_role="owner", people=[])
    found = rows(stage.page())
    assert found["topic/one"][0] == "topic/one protected"
    assert found["main"][0] == "main default"


def test_the_newest_run_of_the_last_commit_with_the_key_metric(
    stage: Stage, mlflow_in_process: None, objects: Path
) -> None:
    logbook = Logbook(stage.project.pk)
    tag = {"mlflow.source.git.commit": stage.branches["topic/one"]}
    logbook.run(name="first", start=1_700_000_000_000, metrics={"accuracy": 0.5}, tags=tag)
    logbook.run(name="second", start=1_700_000_001_000, metrics={"accuracy": 0.75, "loss": 0.1}, tags=tag)
    assert rows(stage.page())["topic/one"][5] == "second accuracy 0.75 loss 0.1"
    type(stage.project).objects.filter(pk=stage.project.pk).update(key_metric="loss")
    assert rows(stage.page())["topic/one"][5] == "second loss 0.1"
    assert rows(stage.page())["main"][5] == ""


def test_names_are_text_and_lead_to_their_branch(stage: Stage, fill: Fill) -> None:
    names = ["a%20b", "<b>x", "ünïcode/🌿", "q&a=1", "$(x);y", "f" * 40]
    fill(
        b"".join(
            commit(f"refs/heads/{name}", NOW - 10 * n, "Odd", write("o", b"o"), parent=MAIN)
            for n, name in enumerate(names)
        )
    )
    services.reconcile(project_id=stage.project.pk)
    page = stage.page()
    assert "<b>x" not in page
    links = re.findall(r'<td[^>]*><a class="mono[^"]*" href="([^"]+)"', page)
    assert len(links) == 3 + len(names)
    for link in links:
        assert stage.owner.get(link.replace("&amp;", "&")).status_code == 200, link
    for name in names:
        answer = stage.owner.get(f"{stage.url}/branches/rename", {"branch": name})
        assert answer.status_code == 200, name
    follow = stage.owner.get(f"{stage.url}/branches/rename", {"branch": "$(x);y"}).content.decode()
    assert "git branch -m &#x27;$(x);y&#x27; NEW_NAME" in follow


def test_five_thousand_branches_cost_one_page(stage: Stage) -> None:
    directory = git.repository_path(stage.project.pk)
    sha = stage.branches["topic/one"]
    git.run(directory, "pack-refs", "--all")
    packed = directory / "packed-refs"  # written by hand: git would make a file for each first
    head, *known = packed.read_text().splitlines()
    known += [f"{sha} refs/heads/many/{n:04}" for n in range(5000)]
    packed.write_text("\n".join([head, *sorted(known, key=lambda line: line[41:])]) + "\n")
    with CaptureQueriesContext(connection) as many:
        page = stage.page()
    assert len(rows(page)) == 30
    assert "1–30 of 5,003" in page
    git.run(directory, "update-ref", "-d", "refs/heads/old")
    tips = selectors.branch_tips(stage.project.pk)
    assert len(tips) == 5002, "the kept list ends with a change"
    assert list(rows(stage.page("?q=many/4999"))) == ["many/4999"]
    assert len(many) < 30


def test_empty_projects_say_how_to_begin(project: object, stage: Stage) -> None:
    empty = builders.make_project(owner=stage.project.created_by)
    page = stage.owner.get(f"/{empty.owner.slug}/{empty.slug}/branches").content.decode()
    assert "No branches yet" in page and "git push" in page
