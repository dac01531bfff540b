"""Rows on a dataset's page: found by a job once for each question, paged, and kept within bounds."""

import re
from collections.abc import Callable
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from ropewalk.core import blobs
from ropewalk.core.models import Job
from ropewalk.data import services
from ropewalk.data.models import FilePreview
from ropewalk.data.rows import query_of
from ropewalk.data.selectors import resolve_data_file
from ropewalk.projects.models import Project
from tests.integration.monitors.repository import Repository

Work = Callable[[], list[Job]]
TABLE = "id,colour,weight\n" + "".join(f"{n},{'red' if n % 4 else 'blue'},{n / 2}\n" for n in range(200))


@pytest.fixture
def mine(project: Project, client: Client, repository: Repository) -> Client:
    repository.commit({"paint.csv": TABLE, "README.md": "no table"})
    client.force_login(project.owner.user)
    return client


def part(client: Client, project: Project, tail: str) -> str:
    answer = client.get(f"/{project.owner.slug}/{project.slug}/data-rows/main/{tail}", HTTP_HOST="localhost")
    assert answer.status_code == 200, answer.content
    return unescape(re.sub(r"\s+", " ", answer.content.decode()))


def test_rows_are_filtered_ordered_and_paged(mine: Client, project: Project, work: Work) -> None:
    home = f"/{project.owner.slug}/{project.slug}"
    page = mine.get(f"{home}/data/main/paint.csv").content.decode()
    assert f'<rw-fragment src="{home}/data-rows/main/paint.csv" loading="lazy">' in page
    assert "rw-job" in part(mine, project, "paint.csv?fragment=1")
    assert [job.state for job in work()] == ["succeeded"]
    plain = part(mine, project, "paint.csv?fragment=1")
    assert "200 rows" in plain and "1 to 50 of 200" in plain and "<html" not in plain
    assert "<h1" in part(mine, project, "paint.csv")
    asked = "paint.csv?column=colour&op=eq&value=blue&column=weight&op=gt&value=20&column=&op=eq&value=&order=id:desc"
    assert "rw-job" in part(mine, project, asked)
    assert [job.result["matching"] for job in work()] == [39]
    found = part(mine, project, asked)
    assert "<strong>39</strong> of 200 rows" in found
    assert re.search(
        r'<td class="num muted">197</td><td class="num">196</td><td class="cell">blue</td>', found
    )
    assert found.count("row-filter__line") == 4 and 'aria-sort="descending"' in found
    assert not Job.objects.filter(state="queued").exists()
    second = part(mine, project, "paint.csv?page=2")
    assert "51 to 100 of 200" in second and "page=1" in second and "page=3" in second
    part(mine, project, "paint.csv?q=BLUE")
    work()
    assert "<strong>50</strong> of 200 rows" in part(mine, project, "paint.csv?q=BLUE")


def test_what_is_wrong_is_said(mine: Client, project: Project, work: Work) -> None:
    asked = "paint.csv?column=weight&op=gt&value=heavy"
    part(mine, project, asked)
    assert sorted(job.state for job in work()) == ["failed", "succeeded"]
    assert "it needs a number" in part(mine, project, asked)
    assert "A condition compares with one of" in part(mine, project, "paint.csv?column=id&op=like&value=1")
    assert "more than 8 conditions" in part(mine, project, "paint.csv?" + "column=id&op=eq&value=1&" * 12)
    assert "There are no rows here" in part(mine, project, "README.md")


def test_those_who_only_look_start_no_search(
    client: Client, mine: Client, project: Project, work: Work
) -> None:
    Project.objects.filter(pk=project.pk).update(visibility="public")
    nobody = Client()
    part(nobody, project, "paint.csv")
    work()
    page = part(nobody, project, "paint.csv?q=blue")
    assert "you can't search all rows" in page and "200 rows" in page
    assert not Job.objects.filter(state="queued").exists()


def test_old_answers_are_forgotten_with_their_bytes(
    mine: Client, project: Project, work: Work, monkeypatch: Any, settings: Any, tmp_path: Path
) -> None:
    settings.OBJECTS_ROOT = tmp_path / "objects"
    blobs.store.cache_clear()
    monkeypatch.setattr("ropewalk.data.services.rows.MOST_KEPT", 2)
    sha = resolve_sha(project)
    file = resolve_data_file(project.pk, sha, "paint.csv")
    for text in ("a", "b", "c", "d"):
        services.request_rows(project_id=project.pk, file=file, query=query_of([], text=text))
        work()
    kept = FilePreview.objects.for_project(project.pk).filter(kind="rows")
    assert {row.options for row in kept} == {query_of([], text=text).fingerprint for text in ("c", "d")}
    stored = [
        path for path in (tmp_path / "objects").rglob("*") if path.is_file() and "previews" in str(path)
    ]
    assert len(stored) == 2
    blobs.store.cache_clear()


def resolve_sha(project: Project) -> str:
    from ropewalk.repos import selectors as repos

    return repos.resolve(project.pk, "main").sha
