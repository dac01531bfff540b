"""The search pages, as they are without a script."""

import re
from typing import Any

import pytest
from django.test import Client

from tests.factories.builders import make_organization, make_project, make_user
from tests.integration.api.conftest import project, repository
from tests.integration.tracking.logbook import Logbook
from tests.protocol.mlflow.fixtures import mlflow_in_process

__all__ = ["mlflow_in_process", "project", "repository"]


def page_of(user: Any, address: str, **query: str) -> str:
    client = Client()
    if user:
        client.force_login(user)
    answer = client.get(address, query)
    assert answer.status_code == 200, answer.content
    return answer.content.decode()


def main_of(text: str) -> str:
    return re.sub(r"\s+", " ", text[text.index("<main") : text.index("</main>")])


@pytest.mark.django_db
def test_everywhere_shows_projects_and_keeps_the_question():
    anna = make_user("anna")
    make_project("wine", owner=anna)
    make_project("open-wine", owner=anna, visibility="public")
    mine, others = page_of(anna, "/search", q="wine"), page_of(None, "/search", q="wine")
    assert 'href="/anna/wine"' in mine
    assert 'href="/anna/open-wine"' in mine
    assert 'value="wine"' in main_of(mine)
    assert 'href="/anna/wine"' not in others
    assert 'href="/anna/open-wine"' in others
    assert "People" not in main_of(others)


@pytest.mark.django_db
def test_people_are_a_tab_for_who_signed_in_only():
    anna = make_user("anna")
    make_organization("annex", owner=anna)
    found = main_of(page_of(anna, "/search", q="ann", **{"in": "people"}))
    assert 'href="/annex"' in found
    assert 'aria-label="Organization"' in found
    assert 'href="/annex"' not in main_of(page_of(None, "/search", q="ann", **{"in": "people"}))
    assert "Nobody is called" in main_of(page_of(anna, "/search", q="zzz", **{"in": "people"}))


@pytest.mark.django_db
def test_many_projects_come_in_pages():
    anna = make_user("anna")
    for number in range(31):
        make_project(f"wine-{number}", owner=anna)
    first = main_of(page_of(anna, "/search", q="wine"))
    assert "1–30 of 31" in first
    assert 'href="?q=wine&amp;page=2"' in first
    assert "31–31 of 31" in main_of(page_of(anna, "/search", q="wine", page="2"))


def test_a_project_shows_files_runs_and_models(project, repository, mlflow_in_process):
    owner, path = project.created_by, f"/{project.owner.slug}/{project.slug}"
    assert "No file of the default branch" in main_of(page_of(owner, f"{path}/search", q="x"))
    repository.commit({"src/train & <b>.py": "x = 1", **{f"many/{number}.txt": "y" for number in range(40)}})
    book = Logbook(project.pk)
    run = book.run(name="forest <b>")
    book.registered("forest", run)
    files = main_of(page_of(owner, f"{path}/search", q="train"))
    assert f'href="{path}/src/main/src/train%20%26%20%3Cb%3E.py"' in files
    assert "train &amp; &lt;b&gt;.py" in files
    many = main_of(page_of(owner, f"{path}/search", q="txt"))
    assert "1–30" in many
    assert 'rel="next"' in many
    assert "31–40" in main_of(page_of(owner, f"{path}/search", q="txt", page="2"))
    assert "ends before this page" in main_of(page_of(owner, f"{path}/search", q="txt", page="3"))
    assert f'href="{path}/runs/{run}"' in main_of(page_of(owner, f"{path}/search", q="FOR", **{"in": "runs"}))
    models = main_of(page_of(owner, f"{path}/search", q="for", **{"in": "models"}))
    assert f'href="{path}.mlflow/#/models/forest"' in models
    assert "No run is called so" in main_of(page_of(owner, f"{path}/search", q="zz", **{"in": "runs"}))
    code = main_of(page_of(owner, f"{path}/search/HEAD", q="x = 1"))
    assert f'href="{path}/search?in=runs&amp;q=x+%3D+1"' in code


@pytest.mark.parametrize("text", ["", "%_\\", "🙂", "\0", "'\"<script>alert(1)</script>", "a" * 5000])
def test_hostile_questions_are_shown_as_text(project, mlflow_in_process, text):
    path = f"/{project.owner.slug}/{project.slug}/search"
    for address in ("/search", path):
        for kind in ("", "people", "runs", "models", "passwords"):
            assert "<script>alert" not in page_of(project.created_by, address, q=text, **{"in": kind})


@pytest.mark.django_db
def test_the_bar_asks_where_one_is():
    anna = make_user("anna")
    make_project("wine", owner=anna)
    assert 'action="/search"' in page_of(anna, "/")
    inside = page_of(anna, "/anna/wine/search")
    assert 'action="/anna/wine/search"' in inside
    assert 'project="anna/wine"' in inside
