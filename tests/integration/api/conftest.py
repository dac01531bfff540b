"""A project with a repository and store of its own, and requests by a token."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.http import HttpResponseBase
from django.test import Client

from ropewalk.core import blobs
from ropewalk.core.derived import cache
from ropewalk.core.models import Job
from ropewalk.projects.models import Project
from tests.factories import builders
from tests.integration.monitors.repository import Repository
from tests.integration.repos.conftest import fill
from workers.runners import base

__all__ = ["fill"]
Ask = Callable[..., HttpResponseBase]


@pytest.fixture
def project(transactional_db: None, settings: Any, tmp_path: Path) -> Iterator[Project]:
    settings.REPOSITORIES_ROOT = tmp_path / "repos"
    settings.OBJECTS_ROOT = tmp_path / "objects"
    blobs.store.cache_clear()
    cache.clear()
    yield builders.make_project(visibility="private")
    blobs.store.cache_clear()


@pytest.fixture
def repository(project: Project, tmp_path: Path) -> Repository:
    return Repository(project, tmp_path / "work")


@pytest.fixture
def index(transactional_db: None) -> Callable[[], None]:
    """Run every queued job as a worker would."""

    def run_all() -> None:
        for job_id in list(Job.objects.filter(state="queued").values_list("pk", flat=True)):
            base.run(str(job_id), "test")

    return run_all


@pytest.fixture
def ask(project: Project) -> Ask:
    """A request below the project's API as its owner (or by another ``token``): a form, or ``body`` as JSON."""
    own = builders.make_token(project.created_by)
    client = Client(raise_request_exception=False)

    def send(
        method: str, path: str, form: Any = None, *, body: Any = None, token: str = own, **extra: Any
    ) -> Any:
        address = f"/api/v1/repos/{project.owner.slug}/{project.slug}" + (f"/{path}" if path else "")
        headers = {"Authorization": f"Bearer {token}", **extra.pop("headers", {})}
        if body is not None:
            return client.generic(
                method, address, json.dumps(body), "application/json", headers=headers, **extra
            )
        if form is not None:
            content, kind = form if isinstance(form, tuple) else multipart(form)
            return client.generic(method, address, content, kind, headers=headers, **extra)
        return client.generic(method, address, headers=headers, **extra)

    return send


def multipart(fields: dict[str, Any]) -> tuple[bytes, str]:
    """A form as DagsHub's client writes it: ``files`` is path → bytes, and paths are names of files as they are."""
    parts = []
    for name, value in fields.items():
        if name == "files":
            pairs = value.items() if isinstance(value, dict) else value
            for path, content in pairs:
                head = f'Content-Disposition: form-data; name="files"; filename="{path}"\r\n\r\n'
                parts.append(head.encode() + content)
        else:
            parts.append(f'Content-Disposition: form-data; name="{name}"\r\n\r\n{value}'.encode())
    body = b"".join(b"--edge\r\n" + part + b"\r\n" for part in parts) + b"--edge--\r\n"
    return body, "multipart/form-data; boundary=edge"
