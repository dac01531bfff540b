"""The list of datasets: sizes of git's tables, rows and columns of what was measured, and its orders."""

import re
from collections.abc import Callable
from typing import Any

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from ropewalk.core.models import Job
from ropewalk.data import services
from ropewalk.projects.models import Project
from tests.integration.data.conftest import md5, send
from tests.integration.monitors.repository import Repository

Work = Callable[[], list[Job]]
SMALL, LARGE = b"a,b\n1,2\n", b"a\n" + b"1\n" * 100


def order(client: Client, project: Project, query: str = "") -> list[str]:
    page = client.get(f"/{project.owner.slug}/{project.slug}/data{query}").content.decode()
    return re.findall(r"/data/main/([\w.]+)\"", page)


def filled(project: Project, repository: Repository) -> str:
    send(project, LARGE)
    pointer = f"outs:\n- md5: {md5(LARGE)}\n  size: {len(LARGE)}\n  hash: md5\n  path: large.csv\n"
    sha = repository.commit({"small.csv": SMALL, "other.csv": b"x\n" * 7, "large.csv.dvc": pointer})
    services.ensure_indexed(project_id=project.pk, commit_sha=sha)
    return f"/{project.owner.slug}/{project.slug}"


def test_sizes_rows_and_columns(client: Client, project: Project, repository: Repository, work: Work) -> None:
    home = filled(project, repository)
    work()
    client.force_login(project.owner.user)
    page = client.get(f"{home}/data").content.decode()
    assert '<td class="num">8 B</td>' in page and '<td class="num">202 B</td>' in page
    for name in ("large.csv", "small.csv"):
        client.get(f"{home}/columns/main/{name}?fragment=1")
    work()
    page = client.get(f"{home}/data").content.decode()
    assert '<td class="num">202 B</td><td class="num">100</td><td class="num">1</td>' in page
    assert '<td class="num">8 B</td><td class="num">1</td><td class="num">2</td>' in page
    assert '<td class="num">14 B</td><td class="num">—</td><td class="num">—</td>' in page


def test_orders(client: Client, project: Project, repository: Repository, work: Work) -> None:
    home = filled(project, repository)
    work()
    client.force_login(project.owner.user)
    assert order(client, project) == ["large.csv", "other.csv", "small.csv"]
    assert order(client, project, "?sort=path:desc") == ["small.csv", "other.csv", "large.csv"]
    assert order(client, project, "?sort=size:asc") == ["small.csv", "other.csv", "large.csv"]
    client.get(f"{home}/columns/main/small.csv?fragment=1")
    work()
    for way in ("asc", "desc"):
        assert order(client, project, f"?sort=rows:{way}")[0] == "small.csv"
    assert order(client, project, "?sort=nonsense:up") == ["large.csv", "other.csv", "small.csv"]
    page = client.get(f"{home}/data?sort=size:desc").content.decode()
    assert 'aria-sort="descending"' in page and "sort=size%3Aasc" in page and "sort=path%3Aasc" in page


def test_many_cost_as_many_queries_as_few(
    client: Client, project: Project, repository: Repository, work: Work
) -> None:
    home = filled(project, repository)
    work()
    client.force_login(project.owner.user)

    def cost() -> int:
        client.get(f"{home}/data")
        with CaptureQueriesContext(connection) as queries:
            client.get(f"{home}/data")
        return len(queries)

    few = cost()
    more: dict[str, Any] = {f"more{number}.csv": b"y\n%d\n" % number for number in range(30)}
    services.ensure_indexed(project_id=project.pk, commit_sha=repository.commit(more))
    work()
    assert cost() <= few
