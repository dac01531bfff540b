"""Archives of revisions: what is in them, who gets them, and that nothing of git outlives a download."""

import io
import subprocess
import tarfile
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from django.core.cache import cache as limits
from django.test import Client

from ropewalk.core.errors import Busy
from ropewalk.repos import archives, git
from ropewalk.repos.archives import find_archive
from tests.factories import builders
from tests.integration.repos.conftest import Fill, commit, write

MAIN = "refs/heads/main"
ATTRIBUTES = b"secret.txt export-ignore\nfacts.txt export-subst\n"


@pytest.fixture(autouse=True)
def _fresh(db: None) -> Iterator[None]:
    limits.clear()
    yield
    limits.clear()


@pytest.fixture
def pid(fill: Fill) -> int:
    files = (
        write("a/ü.txt", b"x" * 5000),
        write("run.sh", b"#!/bin/sh\n", "100755"),
        write(".gitattributes", ATTRIBUTES),
        write("secret.txt", b"not for archives"),
        write("facts.txt", b"$Format:%H|%G?|%GK$"),
    )
    project_id = fill(
        commit(MAIN, 1000, "One", *files) + commit("refs/heads/feature/日本", 2000, "Two", *files)
    )
    subprocess.run(["git", "-C", str(git.repository_path(project_id)), "tag", "v1.0", "main"], check=True)
    return project_id


def get(project: Any, name: str, **headers: str) -> Any:
    path = f"/{project.owner.slug}/{project.slug}/archive/{quote(name)}"
    return Client().get(path, headers=headers)


def body(response: Any) -> bytes:
    return b"".join(response.streaming_content)


def test_a_zip_has_the_tree_in_one_folder(pid: int, project: Any) -> None:
    response = get(project, "v1.0.zip")
    with zipfile.ZipFile(io.BytesIO(body(response))) as archive:
        top = f"{project.slug}-v1.0/"
        assert archive.testzip() is None
        assert f"{top}a/ü.txt" in archive.namelist()
        assert all(name.startswith(top) for name in archive.namelist())
        assert f"{top}secret.txt" not in archive.namelist()
    assert response["Content-Type"] == "application/zip"


def test_a_tarball_keeps_modes_and_fills_in_facts_but_checks_no_signature(pid: int, project: Any) -> None:
    response = get(project, "feature/日本.tar.gz")
    content = body(response)
    sha = find_archive(pid, project.slug, "feature/日本.zip").revision.sha
    with tarfile.open(fileobj=io.BytesIO(content)) as archive:
        top = f"{project.slug}-feature-日本"
        member = archive.getmember(f"{top}/run.sh")
        facts = archive.extractfile(f"{top}/facts.txt")
        assert member.mode & 0o111
        assert facts is not None
        assert facts.read() == f"{sha}|N|".encode()
    assert quote(f"{top}.tar.gz") in response["Content-Disposition"]
    assert response["Content-Disposition"].isascii()


def test_the_same_commit_is_not_sent_twice(pid: int, project: Any) -> None:
    first = get(project, "main.zip")
    body(first)
    again = get(project, "main.zip", **{"If-None-Match": first["ETag"]})
    other = get(project, "v1.0.zip", **{"If-None-Match": first["ETag"]})
    assert (again.status_code, other.status_code) == (304, 200)
    body(other)


@pytest.mark.parametrize(
    "name", ["main", "nowhere.zip", ".zip", "main/a.zip", "-o/x.zip", "main.rar", "%00.zip"]
)
def test_what_names_no_revision_is_not_found(pid: int, project: Any, name: str) -> None:
    assert get(project, name).status_code == 404


def test_private_archives_are_nobody_elses(pid: int, project: Any) -> None:
    type(project).objects.filter(pk=project.pk).update(visibility="private")
    client = Client()
    client.force_login(builders.make_user())
    path = f"/{project.owner.slug}/{project.slug}/archive/main.zip"
    assert client.get(path).status_code == 404
    assert Client().get(f"/api/v1/repos{path}").status_code == 404
    token = builders.make_token(project.created_by)
    mine = Client().get(f"/api/v1/repos{path}", headers={"Authorization": f"Bearer {token}"})
    assert zipfile.is_zipfile(io.BytesIO(body(mine)))


def test_two_at_once_and_a_hang_up_ends_git(pid: int, project: Any) -> None:
    archive = find_archive(pid, project.slug, "main.zip")
    first, second = archive.open("somebody"), archive.open("somebody")
    with pytest.raises(Busy):
        archive.open("somebody")
    archive.open("another").close()
    process = second._process._process
    second.close()
    assert process.returncode is not None
    third = archive.open("somebody")  # the place is free again
    for stream in (first, third):
        stream.close()


def test_git_that_fails_is_an_error_and_gives_its_places_back(pid: int, project: Any) -> None:
    archive = find_archive(pid, project.slug, "main.zip")
    for path in Path(git.repository_path(pid), "objects").rglob("*.pack"):
        path.unlink()
    for path in Path(git.repository_path(pid), "objects").glob("??/*"):
        path.unlink()
    for _ in range(archives._MOST_AT_ONCE + 1):
        with pytest.raises(archives.GitFailed):
            archive.open("somebody")


def test_a_bomb_of_formats_meets_the_bound_of_memory(fill: Fill, project: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr(archives, "_MEMORY", 256 << 20)
    bomb = b"$Format:%<(16000)%an$" * 40_000  # 640 MB, if it were written out
    files = write("bomb.txt", bomb), write(".gitattributes", b"bomb.txt export-subst\n")
    project_id = fill(commit(MAIN, 1000, "Bomb", *files))
    with pytest.raises(archives.GitFailed):
        list(find_archive(project_id, project.slug, "main.tar.gz").open("somebody"))
