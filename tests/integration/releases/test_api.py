"""Tags, releases and their files by the API, in Gitea's shape."""

import hashlib
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from ropewalk.core.blobs import store
from ropewalk.projects.models import Project
from ropewalk.releases import selectors
from ropewalk.releases.types import blob_folder
from ropewalk.repos import refs
from tests.factories import builders
from tests.integration.releases.test_tags import run_git
from tests.protocol.mlflow.fixtures import objects

__all__ = ["objects"]
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("objects")]


@pytest.fixture
def api(url: str) -> str:
    return f"/api/v1/repos{url}"


@pytest.fixture
def token(project: Project) -> Client:
    return Client(headers={"Authorization": f"Bearer {builders.make_token(project.created_by)}"})


@pytest.fixture
def reader(project: Project) -> Client:
    return Client(headers={"Authorization": f"Bearer {builders.make_token(project.created_by, 'read')}"})


def send(client: Client, method: str, address: str, **body: Any) -> Any:
    return getattr(client, method)(address, body, content_type="application/json")


def published(client: Client, api: str, tag: str = "v1.0", **body: Any) -> dict[str, Any]:
    answer = send(client, "post", f"{api}/releases", tag_name=tag, **body)
    assert answer.status_code == 201, answer.content
    return dict(answer.json())


def test_tags_are_made_listed_shown_and_deleted(token: Client, project: Project, api: str, url: str) -> None:
    answer = send(token, "post", f"{api}/tags", tag_name="rc/1", target="main", message="Words")
    assert answer.status_code == 201
    main = run_git(project, "rev-parse", "main")
    made = answer.json()
    assert (made["name"], made["message"], made["commit"]["sha"]) == ("rc/1", "Words", main)
    assert (
        made["id"] == run_git(project, "rev-parse", "refs/tags/rc/1")
        and made["commit"]["created"][:4] == "1970"
    )
    assert made["tarball_url"].endswith(f"{url}/archive/rc/1.tar.gz")
    assert token.get(f"{api}/tags/rc/1").json() == made
    first = token.get(f"{api}/tags?limit=1")
    assert [tag["name"] for tag in first.json()] == ["rc/1"]
    assert first["X-Total-Count"] == "2" and 'page=2>; rel="next"' in first["Link"]
    second = token.get(f"{api}/tags?limit=1&page=2")
    assert [tag["name"] for tag in second.json()] == ["v0.9"] and 'rel="prev"' in second["Link"]
    assert token.get(f"{api}/tags?limit=x").status_code == 400
    assert send(token, "post", f"{api}/tags", tag_name="rc/1").status_code == 409
    assert send(token, "post", f"{api}/tags", tag_name="a..b").status_code == 400
    assert send(token, "post", f"{api}/tags", tag_name="v2", target="nothing").status_code == 404
    assert token.delete(f"{api}/tags/rc/1").status_code == 204
    assert token.get(f"{api}/tags/rc/1").status_code == 404


def test_a_releases_life(token: Client, project: Project, api: str) -> None:
    draft = published(token, api, draft=True, name="First", body="**Notes**", target_commitish="main")
    assert draft["draft"] and draft["published_at"] is None and draft["assets"] == []
    assert "refs/tags/v1.0" not in refs.read_refs(project.pk)
    one = f"{api}/releases/{draft['id']}"
    changed = send(token, "patch", one, name="Renamed", tag_name="v1.1").json()
    assert (changed["name"], changed["tag_name"], changed["body"]) == ("Renamed", "v1.1", "**Notes**")
    shown = send(token, "patch", one, draft=False).json()
    assert (
        not shown["draft"]
        and shown["latest"] is True
        and shown["sha"] == run_git(project, "rev-parse", "main")
    )
    assert send(token, "patch", one, latest=True).json()["latest"] is True
    assert send(token, "patch", one, tag_name="other").status_code == 409
    assert token.get(f"{api}/releases/tags/v1.1").json()["id"] == draft["id"]
    assert token.get(f"{api}/releases/latest").json()["id"] == draft["id"]
    assert token.delete(f"{api}/tags/v1.1").json()["code"] == "tag_has_release"
    assert token.delete(one).status_code == 204 and token.get(one).status_code == 404
    assert "refs/tags/v1.1" in refs.read_refs(project.pk)
    again = published(token, api, "v1.1")
    assert again["name"] == "v1.1" and again["latest"]
    assert send(token, "post", f"{api}/releases", tag_name="v1.1").status_code == 409
    assert token.delete(f"{api}/releases/tags/v1.1").status_code == 204


def test_lists_are_paged_filtered_and_cost_the_same(
    token: Client, reader: Client, stranger: Client, api: str
) -> None:
    for number in range(4):
        published(token, api, f"v{number}", prerelease=number == 3)
    with CaptureQueriesContext(connection) as few:
        answer = token.get(f"{api}/releases?limit=2")
    assert [item["tag_name"] for item in answer.json()] == ["v3", "v2"] and answer["X-Total-Count"] == "4"
    with CaptureQueriesContext(connection) as many:
        assert len(token.get(f"{api}/releases?limit=50").json()) == 4
    assert len(few) == len(many)
    published(token, api, "v9", draft=True)
    assert [item["tag_name"] for item in token.get(f"{api}/releases?draft=true").json()] == ["v9"]
    assert len(token.get(f"{api}/releases?draft=false").json()) == 4
    assert [item["tag_name"] for item in token.get(f"{api}/releases?pre-release=true").json()] == ["v3"]
    for client in (reader, stranger, Client()):
        assert "v9" not in client.get(f"{api}/releases").content.decode()
        assert client.get(f"{api}/releases?draft=true").json() == []
        assert client.get(f"{api}/releases/tags/v9").status_code == 404


def test_files_come_as_a_form_or_as_bytes(token: Client, reader: Client, project: Project, api: str) -> None:
    release = published(token, api)
    assets, content = f"{api}/releases/{release['id']}/assets", bytes(range(256)) * 9000
    form = {
        "note": "x",
        "other": SimpleUploadedFile("no.bin", b"no"),
        "attachment": SimpleUploadedFile("a.bin", content),
    }
    answer = token.post(assets, form)
    assert answer.status_code == 201, answer.content
    made = answer.json()
    assert (made["name"], made["size"]) == ("a.bin", len(content))
    assert made["sha256"] == hashlib.sha256(content).hexdigest()
    plain = token.post(f"{assets}?name=b.bin", b"plain", content_type="application/octet-stream")
    assert plain.status_code == 201 and plain.json()["size"] == 5
    named = token.post(f"{assets}?name=c.bin", {"attachment": SimpleUploadedFile("z", b"")})
    assert (named.json()["name"], named.json()["size"]) == ("c.bin", 0)
    assert [asset["name"] for asset in reader.get(assets).json()] == ["a.bin", "b.bin", "c.bin"]
    path = made["browser_download_url"].partition("//")[2].partition("/")[2]
    assert b"".join(reader.get(f"/{path}").streaming_content) == content
    one = f"{assets}/{made['id']}"
    assert reader.get(one).json()["download_count"] == 1
    assert send(token, "patch", one, name="d.bin").json()["name"] == "d.bin"
    assert send(token, "patch", one, name="../x").status_code == 400
    assert send(token, "patch", one, name="b.bin").status_code == 409
    assert token.delete(one).status_code == 204 and token.get(one).status_code == 404
    assert len(store().list(blob_folder(project.pk))) == 2


def test_broken_and_hostile_uploads_leave_nothing(
    token: Client, reader: Client, project: Project, api: str, settings: Any, objects: Path
) -> None:
    release = published(token, api)
    assets = f"{api}/releases/{release['id']}/assets"
    for name in ("../../x", "a/b", "\0", ".hidden", "x" * 300):
        form = {"attachment": SimpleUploadedFile("fine", b"x")}
        assert token.post(f"{assets}?name=" + name.replace("\0", "%00"), form).status_code == 400, name
    assert token.post(assets, {"wrong": SimpleUploadedFile("a", b"x")}).json()["code"] == "no_file"
    assert token.post(assets, b"x", content_type="application/octet-stream").json()["code"] == "no_name"
    assert token.post(assets, b"junk", content_type="multipart/form-data").json()["code"] == "bad_form"
    settings.ROPEWALK_MAX_RELEASE_FILE_BYTES = 1000
    assert token.post(assets, {"attachment": SimpleUploadedFile("a", b"x" * 1001)}).status_code == 413
    assert token.post(f"{assets}?name=a", b"x" * 1001, content_type="text/plain").status_code == 413
    head = b'--B\r\nContent-Disposition: form-data; name="attachment"; filename="a"\r\n\r\nhalf of it'
    cut = {"CONTENT_LENGTH": "900", "wsgi.input": BytesIO(head)}
    answer = token.generic("POST", assets, b"x", content_type="multipart/form-data; boundary=B", **cut)
    assert (answer.status_code, answer.json()["code"]) == (400, "truncated")
    for client in (reader, Client()):
        assert client.post(f"{assets}?name=a", b"x", content_type="text/plain").status_code in {401, 403}
    assert selectors.release(project.pk, release["id"], drafts=True).files == ()
    assert store().list(blob_folder(project.pk)) == [] and not list((objects / ".tmp").glob("*"))


def test_narrow_tokens_archives_and_other_projects(
    token: Client, reader: Client, stranger: Client, project: Project, api: str
) -> None:
    release = published(token, api)
    one = f"{api}/releases/{release['id']}"
    other = builders.make_project(owner=project.created_by)
    theirs = f"/api/v1/repos/{other.owner.slug}/{other.slug}/releases/{release['id']}"
    for method in ("get", "delete"):
        assert getattr(token, method)(theirs).status_code == 404
    for client in (reader, stranger):
        assert client.delete(one).status_code == 403
        assert send(client, "patch", one, name="x").status_code == 403
        assert send(client, "post", f"{api}/releases", tag_name="v2").status_code == 403
        assert send(client, "post", f"{api}/tags", tag_name="v2").status_code == 403
    session = Client(enforce_csrf_checks=True)
    session.force_login(project.created_by)
    assert session.delete(one).status_code == 403
    assert send(token, "post", f"{api}/releases", tag_name="v2", body="x" * 125_001).status_code == 422
    assert send(token, "post", f"{api}/releases", tag_name="v2\0").status_code in {400, 422}
    assert token.get(one).json()["name"] == "v1.0"
