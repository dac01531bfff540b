"""A project with two commits and a tag, filled by fast-import, and people's browsers."""

from pathlib import Path

import pytest
from django.test import Client

from ropewalk.core.derived import cache
from ropewalk.projects.models import Project
from ropewalk.repos import services
from tests.factories import builders
from tests.integration.repos.conftest import Fill, commit, fill, write

__all__ = ["fill"]
MAIN = "refs/heads/main"


@pytest.fixture
def project(settings: object, tmp_path: Path) -> Project:
    settings.REPOSITORIES_ROOT = tmp_path / "repos"  # type: ignore[attr-defined]
    cache.clear()
    return builders.make_project(visibility="public")


@pytest.fixture
def url(project: Project, fill: Fill) -> str:
    fill(
        commit(MAIN, 1000, "One", write("a.txt", b"1"))
        + b"reset refs/tags/v0.9\nfrom refs/heads/main\n\n"
        + commit(MAIN, 2000, "Two <b>", write("a.txt", b"2"))
    )
    services.reconcile(project_id=project.pk)
    return f"/{project.owner.slug}/{project.slug}"


@pytest.fixture
def writer(project: Project) -> Client:
    client = Client()
    client.force_login(project.created_by)
    return client


@pytest.fixture
def stranger(db: None) -> Client:
    client = Client()
    client.force_login(builders.make_user())
    return client
