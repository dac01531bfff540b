"""A project with a repository that is filled by fast-import, in this process's own folder."""

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from ropewalk.core.derived import cache
from ropewalk.projects.models import Project
from ropewalk.repos import git, services
from tests.factories import builders

Fill = Callable[[bytes], int]
ADA, BOB = "Ada <ada@example.org>", "Bob <bob@example.org>"


@pytest.fixture
def project(db: None, settings: object, tmp_path: Path) -> Project:
    settings.REPOSITORIES_ROOT = tmp_path / "repos"  # type: ignore[attr-defined]
    cache.clear()
    return builders.make_project(visibility="public")


@pytest.fixture
def fill(project: Project) -> Fill:
    """Give fast-import's language to the project's repository; gives the project's id."""

    def feed(stream: bytes) -> int:
        services.ensure_repository(project_id=project.pk, default_branch="main")
        directory = git.repository_path(project.pk)
        subprocess.run(
            ["git", "-C", str(directory), "fast-import", "--quiet", "--force"],
            input=stream,
            check=True,
            capture_output=True,
        )
        return project.pk

    return feed


def commit(branch: str, when: int, message: str, *changes: bytes, parent: str = "") -> bytes:
    """One commit in fast-import's language."""
    text = message.encode()
    head = f"commit {branch}\nauthor {ADA} {when} +0200\ncommitter {BOB} {when + 60} +0000\n".encode()
    origin = f"from {parent}\n".encode() if parent else b""
    return head + b"data %d\n%s\n" % (len(text), text) + origin + b"".join(changes) + b"\n"


def write(path: str, content: bytes, mode: str = "100644") -> bytes:
    """A file's content at a path."""
    return f"M {mode} inline {path}\n".encode() + b"data %d\n%s\n" % (len(content), content)
