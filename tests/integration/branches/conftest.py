"""A repository with branches of all kinds, its owner and its people in browsers."""

import time
from dataclasses import dataclass
from pathlib import Path

import pytest
from django.test import Client

from ropewalk.core.derived import cache
from ropewalk.projects.models import Project
from ropewalk.repos import refs, services
from tests.factories import builders
from tests.integration.repos.conftest import Fill, commit, fill, write

__all__ = ["fill"]
NOW = int(time.time())
MAIN = "refs/heads/main"


@dataclass(frozen=True)
class Stage:
    """The project with addresses, its owner's and a writer's browser."""

    project: Project
    owner: Client
    writer: Client
    writer_name: str

    @property
    def url(self) -> str:
        return f"/{self.project.owner.slug}/{self.project.slug}"

    @property
    def branches(self) -> dict[str, str]:
        found = refs.read_refs(self.project.pk)
        return {name[11:]: sha for name, sha in found.items() if name.startswith("refs/heads/")}

    def page(self, query: str = "", client: Client | None = None) -> str:
        answer = (client or self.owner).get(f"{self.url}/branches{query}")
        assert answer.status_code == 200
        return answer.content.decode()

    def post(self, deed: str, client: Client | None = None, **data: str) -> str:
        """What the person is shown in the end."""
        answer = (client or self.writer).post(f"{self.url}/branches/{deed}", data, follow=True)
        return answer.content.decode()


@pytest.fixture
def project(settings: object, tmp_path: Path) -> Project:
    settings.REPOSITORIES_ROOT = tmp_path / "repos"  # type: ignore[attr-defined]
    cache.clear()
    return builders.make_project(visibility="public")


def browser(user: object) -> Client:
    client = Client()
    client.force_login(user)  # type: ignore[arg-type]
    return client


@pytest.fixture
def stage(project: Project, fill: Fill) -> Stage:
    """``main`` with two commits; ``topic/one`` one ahead and one behind; ``old`` of last year, nothing of its own."""
    year = 365 * 24 * 3600
    fill(
        commit(MAIN, NOW - year, "Begin", write("a", b"1"))
        + commit("refs/heads/topic/one", NOW - 50, "On topic", write("t", b"1"), parent=MAIN)
        + b"reset refs/heads/old\nfrom refs/heads/main\n\n"
        + commit(MAIN, NOW - 100, "Go on", write("a", b"2"))
    )
    services.reconcile(project_id=project.pk)
    writer = builders.make_collaborator(project, "writer")
    return Stage(project, browser(project.created_by), browser(writer), writer.username)
