"""The pages of a dataset's versions: the newest stays at hand, and the page says where reading ended."""

import re
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from ropewalk.core.models import Job
from ropewalk.data import services
from ropewalk.data.services import indexing
from ropewalk.projects.models import Project
from tests.integration.data.conftest import md5
from tests.integration.monitors.repository import Repository
from workers.runners import base

READ = 52


@pytest.fixture
def shas(project: Project, settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Commits with a version each, newest first, of which the oldest is not read ahead."""
    settings.REPOSITORIES_ROOT = tmp_path / "repos"
    monkeypatch.setattr(indexing, "HISTORY_LIMIT", READ)
    repository = Repository(project, tmp_path / "work")
    made = [
        repository.commit(
            {"in.csv.dvc": f"outs:\n- md5: {md5(b'%d' % n)}\n  size: 1\n  hash: md5\n  path: in.csv\n"}
        )
        for n in range(READ + 1)
    ]
    services.index_pushed_commits(project_id=project.pk, shas=[made[-1]])
    run_jobs()
    return made[::-1]


def run_jobs() -> None:
    for job_id in list(Job.objects.filter(state="queued").values_list("pk", flat=True)):
        base.run(str(job_id), "test")


def shown(client: Client, project: Project, page: int) -> tuple[str, list[str], list[str]]:
    """The page, its choices, and the chosen two."""
    client.force_login(project.created_by)
    text = client.get(
        f"/{project.owner.slug}/{project.slug}/data/main/in.csv", {"page": page}
    ).content.decode()
    choices = re.findall(r'name="head" value="(\w{40})"', text)
    return text, choices, re.findall(r'name="(?:base|head)" value="(\w{40})"[^>]* checked', text)


def test_the_newest_can_be_compared_from_every_page(
    client: Client, project: Project, shas: list[str]
) -> None:
    first, choices, chosen = shown(client, project, 1)
    assert choices == shas[:50] and sorted(chosen) == sorted(shas[:2])
    assert "?page=2#versions" in first
    second, choices, chosen = shown(client, project, 2)
    assert choices == [shas[0], *shas[50:READ]]
    assert chosen == [shas[0], shas[50]]
    assert f"1–{50}" not in second and f"51–{READ} of {READ}" in second


def test_the_page_names_the_commit_that_is_not_read(
    client: Client, project: Project, shas: list[str]
) -> None:
    text, _, _ = shown(client, project, 2)
    assert "are not read yet" in text
    (address,) = re.findall(r'the newest of them, <a class="mono" href="([^"]+)"', text)
    assert address.endswith(f"/commit/{shas[READ]}")
    assert client.get(address).status_code == 200
    run_jobs()
    text, choices, _ = shown(client, project, 2)
    assert choices[-1] == shas[READ] and "not read yet" not in text
