"""Search as the palette asks it: who finds what, in which order, and what a hostile question costs."""

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from ropewalk.accounts.models import User
from ropewalk.core.errors import Unavailable
from ropewalk.edges.api import search
from ropewalk.tracking import selectors as tracking
from tests.factories.builders import (
    make_collaborator,
    make_organization,
    make_project,
    make_token,
    make_user,
)
from tests.integration.tracking.logbook import Logbook
from tests.protocol.mlflow.fixtures import mlflow_in_process

__all__ = ["mlflow_in_process"]
HOSTILE = [
    "%",
    "_",
    "\\",
    "%_\\",
    "\\%",
    "'",
    "🙂",
    "\0",
    "\0x\0",
    "a" * 10_240,
    "日本",
    "--",
    "(",
    "[",
    "*",
    " ",
]


def find(user: User | None, text: str, path: str = "", status: int = 200, **more: str) -> dict[str, Any]:
    client = Client()
    if user:
        client.force_login(user)
    answer = client.get(f"/api/v1/{path}search", {"q": text, **more})
    assert answer.status_code == status, answer.content
    return answer.json()


def titles(body: dict[str, Any]) -> dict[str, list[str]]:
    return {group["kind"]: [hit["title"] for hit in group["hits"]] for group in body["groups"]}


@pytest.mark.django_db
def test_projects_are_found_by_those_who_may_see_them():
    anna, ben = make_user("anna"), make_user("ben")
    for visibility in ("public", "internal", "private"):
        make_project(f"wine-{visibility}", owner=anna, visibility=visibility)
    shared = make_project("wine-shared", owner=anna)
    make_collaborator(shared, "reader", ben)
    assert titles(find(None, "wine")) == {"project": ["anna/wine-public"]}
    assert set(titles(find(ben, "wine"))["project"]) == {
        "anna/wine-public",
        "anna/wine-internal",
        "anna/wine-shared",
    }
    assert len(titles(find(anna, "wine"))["project"]) == 4
    assert titles(find(ben, "wine-private")) == {}


@pytest.mark.django_db
def test_a_project_comes_first_by_its_whole_name_then_the_last_changed():
    anna = make_user("anna")
    make_project("forest", owner=anna)
    for number in range(8):
        make_project(f"forest-{number}", owner=anna)
    body = find(anna, "Forest")
    assert titles(body)["project"] == ["anna/forest", *(f"anna/forest-{n}" for n in (7, 6, 5, 4, 3))]
    assert [group["more"] for group in body["groups"]] == [True]
    assert len(titles(find(anna, "forest", kind="project"))["project"]) == 9
    assert titles(find(anna, "anna/forest-2"))["project"] == ["anna/forest-2"]
    assert titles(find(anna, "2 ann for"))["project"] == ["anna/forest-2"]


@pytest.mark.django_db
def test_people_are_for_who_signed_in():
    anna = make_user("anna")
    make_organization("annex", owner=anna)
    gone = make_user("annabel")
    gone.is_active = False
    gone.save()
    assert titles(find(anna, "ann")) == {"owner": ["anna", "annex"]}
    assert titles(find(None, "ann")) == {}
    narrow = make_token(anna, "read", project=make_project("mine", owner=anna))
    answer = Client().get("/api/v1/search?q=ann", headers={"Authorization": f"Bearer {narrow}"})
    assert answer.json()["groups"] == []


@pytest.mark.django_db
def test_a_found_person_leads_to_their_page():
    anna = make_user("anna")
    anna.owner.display_name = "Anna Karenina"
    anna.owner.save()
    (group,) = find(anna, "karen")["groups"]
    assert group["hits"] == [{"kind": "owner", "title": "anna", "detail": "Anna Karenina", "url": "/anna"}]


def test_a_project_gives_its_own_things(project, repository, mlflow_in_process):
    repository.commit({"src/forest_model.py": "x", "README.md": "y", "ä b/fo%est.txt": "z"}, tag="forest-1")
    book = Logbook(project.pk)
    run = book.run(book.experiment("Forest sizes"), name="train-forest")
    book.registered("forest", run)
    owner, path = project.created_by, f"repos/{project.owner.slug}/{project.slug}/"
    body = find(owner, "forest", path)
    assert titles(body) == {
        "file": ["forest_model.py"],
        "run": ["train-forest"],
        "model": ["forest"],
        "experiment": ["Forest sizes"],
        "tag": ["forest-1"],
    }
    client = Client()
    client.force_login(owner)
    for group in body["groups"]:
        for hit in group["hits"]:
            assert client.get(hit["url"].partition("#")[0]).status_code in {200, 302, 308}, hit
    assert titles(find(owner, run[:6], path))["run"] == ["train-forest"]
    assert titles(find(owner, "ma", path))["branch"] == ["main"]
    (found,) = find(owner, "fo%", path, kind="file")["groups"]
    assert found["hits"][0]["url"].endswith("/src/main/%C3%A4%20b/fo%25est.txt")


def test_another_projects_things_stay_there(project, mlflow_in_process):
    other = make_project(owner=project.created_by)
    foreign = Logbook(other.pk).run(name="secret-run")
    path = f"repos/{project.owner.slug}/{project.slug}/"
    assert find(project.created_by, "secret", path)["groups"] == []
    assert find(project.created_by, foreign[:8], path)["groups"] == []
    find(make_user(), "secret", path, status=404)


@pytest.mark.django_db(transaction=True)
def test_deleted_runs_are_not_found_and_short_words_begin_the_name(mlflow_in_process):
    project = make_project()
    book = Logbook(project.pk)
    book.delete(book.run(name="forest-old"))
    kept = book.run(name="forest-new", start=2_000_000_000_000)
    older = book.run(name="a forest", start=1_000_000_000_000)
    book.run(name="100%_sure\\")

    def found(text: str) -> list[str]:
        return [run.run_id for run in tracking.find_runs(project.pk, text, limit=5)]

    assert found("FOREST") == [kept, older]
    assert found("fo") == [kept]
    assert found("new forest") == [kept]
    assert found(kept[:4]) == [kept]
    assert len(found("100%_")) == 1
    assert len(found("e\\")) == 0
    assert len(found("sure\\")) == 1
    assert found("___") == found("%%%") == []


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_questions_are_answered(project, mlflow_in_process, text):
    path = f"repos/{project.owner.slug}/{project.slug}/"
    for place in ("", path):
        body = find(project.created_by, text, place)
        assert len(body["query"]) <= search.LONGEST
        assert body["missed"] == []
        assert titles(body).get("run", []) == titles(body).get("project", []) == []


@pytest.mark.django_db
def test_an_unknown_kind_is_refused_by_name():
    answer = find(None, "x", status=400, kind="passwords")
    assert "owner, project" in answer["message"]


@pytest.mark.django_db(transaction=True)
def test_more_rows_cost_no_more_queries(mlflow_in_process):
    project = make_project()
    book = Logbook(project.pk)
    path = f"repos/{project.owner.slug}/{project.slug}/"
    costs = []
    for _ in range(2):
        for number in range(3):
            run = book.run(name=f"forest {number}")
            book.registered(f"forest-{run[:6]}", run)
            make_project(owner=project.created_by)
            find(project.created_by, "warm", path)
        with CaptureQueriesContext(
            connection,
        ) as queries:
            find(project.created_by, "forest", path)
            find(project.created_by, "project")
        costs.append(len(queries))
    assert costs[0] == costs[1]


@pytest.mark.django_db(transaction=True)
def test_what_is_too_slow_is_said_and_costs_the_others_nothing(monkeypatch, mlflow_in_process):
    project = make_project()
    book = Logbook(project.pk)
    book.registered("forest", book.run(name="forest"))

    def slow(project_id: int, text: str, *, limit: int) -> list[Any]:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_sleep(60)")
        return []

    monkeypatch.setattr(search, "_LIMIT_MS", 50)
    monkeypatch.setattr(tracking, "find_runs", slow)
    body = find(project.created_by, "forest", f"repos/{project.owner.slug}/{project.slug}/")
    assert body["missed"] == ["run"]
    assert titles(body)["model"] == ["forest"]
    with connection.cursor() as cursor:  # the limit was that transaction's only
        cursor.execute("SHOW statement_timeout")
        assert cursor.fetchone() == ("0",)


@pytest.mark.django_db
def test_a_broken_repository_costs_its_own_hits_only(monkeypatch):
    project = make_project("broken")

    def damaged(project_id: int, text: str) -> None:
        raise Unavailable("The repository could not be read.")

    monkeypatch.setattr(search.repos, "resolve", damaged)
    body = find(project.created_by, "bro", f"repos/{project.owner.slug}/{project.slug}/")
    assert (body["groups"], body["missed"]) == ([], ["file"])


@pytest.mark.django_db
def test_too_many_searches_are_refused(monkeypatch):
    monkeypatch.setattr(search, "PER_MINUTE", 2)
    anna = make_user()
    for _ in range(2):
        find(anna, "x")
    assert find(anna, "x", status=429)["code"] == "busy"
