"""Many writers to one branch at once: each is told what became of their commit, and no commit is lost."""

import re
import threading
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from ropewalk.core import blobs
from ropewalk.core.errors import Busy
from ropewalk.data.models import DirEntry, StoredObject
from ropewalk.data.services.changes import commit_edits
from ropewalk.data.services.tracking import commit_tracked
from ropewalk.data.tracking import TrackedEdits
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


def test_writers_into_one_tracked_folder_all_get_in(project: Project, settings: Any, tmp_path: Path) -> None:
    settings.OBJECTS_ROOT = tmp_path / "objects"
    blobs.store.cache_clear()
    access, count = builders.access_of(project.created_by, project), 6
    together, told = threading.Barrier(count), dict[int, str]()

    def write(number: int) -> None:
        wanted = TrackedEdits({f"set/{number}": Text(str(number).encode())}, folder="set")
        together.wait()
        try:
            told[number] = commit_tracked(
                access, CommitRequest("main", (), f"Add {number}", Author("A", "a@example.org")), wanted
            )
        finally:
            connection.close()

    threads = [threading.Thread(target=write, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    blobs.store.cache_clear()
    assert len(set(told.values())) == count
    pointer = git.run(git.repository_path(project.pk), "show", "main:set.dvc").data.decode()
    assert f"nfiles: {count}\n" in pointer
    directory = StoredObject.objects.for_project(project.pk).get(
        kind="dir", oid=re.search(r"md5: (\w+)\.dir", pointer)[1]
    )
    rows = DirEntry.objects.for_project(project.pk).filter(directory=directory)
    assert set(rows.values_list("relpath", flat=True)) == set(map(str, range(count)))
