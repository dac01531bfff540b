"""Many writers to one branch at once: each is told what became of their commit, and no commit is lost."""

import threading
from pathlib import Path

import pytest
from django.db import connection

from ropewalk.core.errors import Busy
from ropewalk.data.services.changes import commit_edits
from ropewalk.projects.models import Project
from ropewalk.repos import git
from ropewalk.repos.edits import Author, CommitRequest, Text, WriteFile
from tests.factories import builders

pytestmark = pytest.mark.django_db(transaction=True)
WRITERS = 20


@pytest.fixture
def project(settings: object, tmp_path: Path) -> Project:
    settings.REPOSITORIES_ROOT = tmp_path / "repos"  # type: ignore[attr-defined]
    return builders.make_project()


def test_of_many_writers_to_one_branch_each_is_told_and_nothing_is_lost(project: Project) -> None:
    access = builders.access_of(project.created_by, project)
    told: dict[str, str] = {}
    together = threading.Barrier(WRITERS)

    def write(number: int) -> None:
        name = f"{number}.txt"
        edits = (WriteFile(f"shared/{name}", Text(name.encode()), create=True),)
        together.wait()
        try:
            told[name] = commit_edits(
                access, CommitRequest("main", edits, f"Add {name}", Author("A", "a@example.org"))
            )
        except Busy:
            told[name] = ""
        finally:
            connection.close()

    threads = [threading.Thread(target=write, args=(number,)) for number in range(WRITERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(told) == WRITERS, "somebody was told nothing"
    taken = {name for name, sha in told.items() if sha}
    print(f"{len(taken)} of {WRITERS} writers got their turn")
    directory = git.repository_path(project.pk)
    assert set(git.run(directory, "ls-tree", "--name-only", "main:shared").data.decode().split()) == taken
    shas = git.run(directory, "log", "--format=%H", "main").data.decode().split()
    assert sorted(shas) == sorted(sha for sha in told.values() if sha)
    assert len(taken) > WRITERS // 2, "those who lost a race stand in line"
