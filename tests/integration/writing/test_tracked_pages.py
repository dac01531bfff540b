"""Data uploaded and deleted on the pages: DVC's folders grow, pointers are made, and refusals keep the form."""

import os
from html import unescape
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from ropewalk.core import blobs
from ropewalk.data.models import StoredObject
from ropewalk.projects.models import Project
from ropewalk.quotas.selectors import project_use
from ropewalk.quotas.services import set_project_quota
from ropewalk.repos import selectors
from ropewalk.repos.services import protect_branches
from tests.factories import builders
from tests.integration.writing.test_pages import content, fill, open_form, project, tip, url, writer

__all__ = ["fill", "project", "url", "writer"]
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def store(settings: Any, tmp_path: Path) -> Any:
    settings.OBJECTS_ROOT = tmp_path / "objects"
    blobs.store.cache_clear()
    yield
    blobs.store.cache_clear()


def upload(client: Client, address: str, folder: str, keep: str, **files: bytes) -> Any:
    form = open_form(client, f"{address}/upload/main")
    sent = [SimpleUploadedFile(name, data) for name, data in files.items()]
    return client.post(
        f"{address}/upload/main", {**form, "folder": folder, "keep": keep, "uploads": sent, "message": ""}
    )


def out(project: Project, pointer: str) -> dict[str, Any]:
    return dict(yaml.safe_load(content(project, pointer))["outs"][0])


def test_a_folder_for_dvc_is_made_grows_and_goes(writer: Client, url: str, project: Project) -> None:
    assert upload(writer, url, "sets/cats", "folder", **{"1.png": b"one", "2.png": b"two"}).status_code == 302
    assert out(project, "sets/cats.dvc")["nfiles"] == 2
    assert selectors.commit(project.pk, tip(project)).subject == "Upload 2 files"
    assert upload(writer, url, "sets/cats", "auto", **{"3.png": b"three"}).status_code == 302
    assert (out(project, "sets/cats.dvc")["nfiles"], out(project, "sets/cats.dvc")["size"]) == (3, 11)
    page = writer.get(f"{url}/delete/main/sets/cats/1.png").content.decode()
    assert "DVC tracks it" in page
    gone = writer.post(
        f"{url}/delete/main/sets/cats/1.png", open_form(writer, f"{url}/delete/main/sets/cats/1.png")
    )
    assert gone.status_code == 302
    assert out(project, "sets/cats.dvc")["nfiles"] == 2
    writer.post(f"{url}/delete/main/sets/cats", open_form(writer, f"{url}/delete/main/sets/cats"))
    assert not selectors.exists(project.pk, tip(project), "sets/cats.dvc")


def test_each_file_by_itself(writer: Client, url: str, project: Project) -> None:
    assert upload(writer, url, "", "dvc", **{"data.csv": b"a\n1\n"}).status_code == 302
    assert out(project, "data.csv.dvc")["path"] == "data.csv"
    assert content(project, ".gitignore") == b"/data.csv\n"
    assert upload(writer, url, "", "auto", **{"data.csv": b"a\n2\n", "code.py": b"1"}).status_code == 302
    assert (out(project, "data.csv.dvc")["size"], content(project, "code.py")) == (4, b"1")


@pytest.mark.parametrize(
    ("folder", "keep", "words"),
    [("", "folder", "root"), ("src", "folder", "git has"), ("src", "dvc", "git has")],
)
def test_what_is_refused_keeps_the_form(
    writer: Client, url: str, project: Project, folder: str, keep: str, words: str
) -> None:
    before = tip(project)
    answer = upload(writer, url, folder, keep, **{"run.sh": b"x"})
    assert answer.status_code in {400, 409}
    page = answer.content.decode()
    assert words in page and f'value="{keep}" selected' in page
    assert tip(project) == before


def test_a_protected_branch_stores_nothing_and_keeps_the_form(
    writer: Client, url: str, project: Project, tmp_path: Path
) -> None:
    form = open_form(writer, f"{url}/upload/main")
    view = builders.access_of(project.created_by, project).project
    protect_branches(project=view, pattern="main", push_role="nobody", people=[])  # while the form was open
    sent = {**form, "folder": "sets", "keep": "dvc", "uploads": [SimpleUploadedFile("a.bin", b"a" * 5000)]}
    answer = writer.post(f"{url}/upload/main", {**sent, "message": "Mine"})
    assert answer.status_code == 403
    assert "is protected by the rule" in answer.content.decode() and "Mine" in answer.content.decode()
    assert not [path for path in (tmp_path / "objects").rglob("*") if path.is_file()]
    assert StoredObject.objects.for_project(project.pk).count() == 0


@pytest.mark.parametrize("keep", ["folder", "dvc", "git"])
def test_an_upload_that_does_not_fit_says_so_at_the_form(
    writer: Client, url: str, project: Project, tmp_path: Path, keep: str
) -> None:
    before = tip(project)
    set_project_quota(project_id=project.pk, limit=project_use(project.pk).size + (60 << 10))
    files = {"1.bin": os.urandom(40 << 10), "2.bin": os.urandom(40 << 10)}
    answer = upload(writer, url, "sets", keep, **files)
    page = unescape(answer.content.decode())
    assert answer.status_code == 413
    assert "more do not fit" in page and "ask this server's operator for more room" in page
    assert f'value="{keep}" selected' in page
    assert not [path for path in (tmp_path / "objects").rglob("*") if path.is_file()]
    assert tip(project) == before
    set_project_quota(project_id=project.pk, limit=None)
    assert upload(writer, url, "sets", keep, **files).status_code == 302


def test_an_edit_that_does_not_fit_keeps_the_text(writer: Client, url: str, project: Project) -> None:
    before = tip(project)
    set_project_quota(project_id=project.pk, limit=1)
    form = open_form(writer, f"{url}/edit/main/README.md")
    answer = writer.post(f"{url}/edit/main/README.md", {**form, "path": "README.md", "text": "My new words"})
    page = unescape(answer.content.decode())
    assert answer.status_code == 413
    assert "may store 1 B" in page and "My new words" in page
    assert tip(project) == before
