"""Uploading into the bucket by a form: into a folder, never over what is there unless it is said, within bounds."""

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from ropewalk.buckets import selectors
from ropewalk.buckets import services as buckets
from ropewalk.buckets.rules import DELETE, PUT, Rule
from ropewalk.edges.web import upload_limit
from ropewalk.projects.models import Project
from tests.integration.buckets.test_pages import client_of, put


@pytest.fixture(autouse=True)
def repositories(settings: Any, tmp_path: Any) -> None:
    settings.REPOSITORIES_ROOT = tmp_path / "repos"


def content(project: Project, key: str) -> bytes | None:
    found = selectors.object_at(project.pk, "files", key)
    return b"".join(selectors.open_object(found)) if found else None


def files(*named: tuple[str, bytes]) -> list[SimpleUploadedFile]:
    return [SimpleUploadedFile(name, data, content_type="text/csv") for name, data in named]


def test_files_go_into_a_folder(project: Project) -> None:
    writer, address = client_of(project, "writer"), f"/{project}/bucket/upload"
    page = writer.get(f"{address}?prefix=raw/").content.decode()
    assert 'value="raw/"' in page and f"/api/v1/repo-buckets/s3/{project}" in page
    asked = {"folder": "/raw/ü", "uploads": files(("a.csv", b"1,2"), ("b c.csv", b""))}
    answer = writer.post(address, asked)
    assert (answer.status_code, answer.headers["Location"]) == (
        302,
        f"/{project}/bucket?prefix=raw%2F%C3%BC%2F",
    )
    assert [content(project, f"raw/ü/{name}") for name in ("a.csv", "b c.csv")] == [b"1,2", b""]
    found = selectors.object_at(project.pk, "files", "raw/ü/a.csv")
    assert found is not None and found.content_type == "text/csv"


def test_what_is_there_is_replaced_only_when_it_is_said(project: Project) -> None:
    put(project, "a.csv")
    writer, address = client_of(project, "writer"), f"/{project}/bucket/upload"
    answer = writer.post(address, {"uploads": files(("a.csv", b"new"), ("b.csv", b"other"))})
    assert answer.status_code == 409
    assert (
        "It is there already." in answer.content.decode() and "1 file was stored." in answer.content.decode()
    )
    assert (content(project, "a.csv"), content(project, "b.csv")) == (b"a.csv", b"other")
    answer = writer.post(address, {"uploads": files(("a.csv", b"new")), "replace": "on"})
    assert answer.status_code == 302
    assert content(project, "a.csv") == b"new"


def test_what_cannot_be_uploaded(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    writer, address = client_of(project, "writer"), f"/{project}/bucket/upload"
    assert writer.post(address, {"folder": "x"}).status_code == 400
    assert writer.post(address, {"uploads": files(*((f"{n}", b"") for n in range(101)))}).status_code == 400
    assert writer.post(address, {"folder": "a\tb", "uploads": files(("x", b""))}).status_code == 409
    assert client_of(project, "reader").get(address).status_code == 403
    assert client_of(project, "reader").post(address, {"uploads": files(("x", b""))}).status_code == 403
    monkeypatch.setattr(upload_limit, "MAX_BYTES", 1000)
    assert writer.post(address, {"uploads": files(("x", b"x" * 1000))}).status_code in {400, 413}
    assert content(project, "x") is None


def test_pages_are_held_to_the_policy_and_show_it(project: Project) -> None:
    put(project, "raw/1")
    rule = Rule("", (PUT, DELETE), ("raw/*",))
    buckets.set_policy(project_id=project.pk, rules=(rule,), user_id=None)
    writer = client_of(project, "writer")
    page = writer.get(f"/{project}/bucket").content.decode()
    assert "Denied to everybody" in page and "bucket/upload" in page
    answer = writer.post(f"/{project}/bucket/upload", {"folder": "raw", "uploads": files(("2", b""))})
    assert (answer.status_code, "policy denies" in answer.content.decode()) == (409, True)
    assert writer.post(f"/{project}/bucket/delete?key=raw/1").status_code == 403
    assert content(project, "raw/1") == b"raw/1"
    reader = client_of(project, "reader").get(f"/{project}/bucket").content.decode()
    assert "Denied to everybody" not in reader and "bucket/upload" not in reader
