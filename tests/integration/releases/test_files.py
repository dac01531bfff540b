"""Files of releases: whole or not there, bounded, safe to hand out, and gone with what they belong to."""

import hashlib
import time
from collections.abc import Iterator
from datetime import timedelta
from io import BytesIO
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from ropewalk.core import clock
from ropewalk.core.blobs import BlobWriter, store
from ropewalk.core.errors import Conflict, Invalid, RopewalkError, TooLarge
from ropewalk.edges.web import upload_limit
from ropewalk.projects.models import Project
from ropewalk.releases import selectors, services
from ropewalk.releases.models import ReleaseFile
from ropewalk.releases.types import ReleaseFileView, ReleaseText, blob_folder
from tests.factories import builders
from tests.protocol.mlflow.fixtures import objects

__all__ = ["objects"]
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("objects")]


@pytest.fixture
def release_id(project: Project) -> int:
    pk = services.create_draft(
        project_id=project.pk, author_id=project.created_by_id, text=ReleaseText("v1/ü", "One")
    )
    services.publish(project_id=project.pk, release_id=pk, sha="1" * 40, latest=True)
    return pk


def keep(project: Project, release_id: int, name: str, *blocks: bytes) -> ReleaseFileView:
    return services.receive_file(
        project_id=project.pk, release_id=release_id, name=name, blocks=blocks or (b"x",), user_id=None
    )


def files(project: Project, release_id: int) -> dict[str, ReleaseFileView]:
    return {file.name: file for file in selectors.release(project.pk, release_id, drafts=True).files}


def stored(project: Project) -> list[str]:
    return [entry.key for entry in store().list(blob_folder(project.pk))]


def body(answer: object) -> bytes:
    return b"".join(answer.streaming_content)  # type: ignore[attr-defined]


def test_a_file_is_streamed_hashed_and_given_back_in_ranges(
    writer: Client, stranger: Client, project: Project, url: str, release_id: int
) -> None:
    content = bytes(range(256)) * 5000
    answer = writer.put(f"{url}/releases/{release_id}/upload/model%20%C3%BC.bin", content)
    assert answer.status_code == 201, answer.content
    digest = hashlib.sha256(content).hexdigest()
    assert answer.json()["sha256"] == digest and answer.json()["size"] == len(content)
    address = f"{url}/releases/download/v1/%C3%BC/model%20%C3%BC.bin"
    answer = stranger.get(address)
    assert body(answer) == content
    assert (
        answer["Content-Disposition"].startswith("attachment; ")
        and answer["X-Content-Type-Options"] == "nosniff"
    )
    assert answer["ETag"] == f'"sha256-{digest}"' and "sandbox" in answer["Content-Security-Policy"]
    assert stranger.get(address, headers={"If-None-Match": answer["ETag"]}).status_code == 304
    part = stranger.get(address, headers={"Range": "bytes=10-19"})
    assert (part.status_code, body(part)) == (206, content[10:20])
    assert stranger.get(address, headers={"Range": "bytes=9999999-"}).status_code == 416
    assert stranger.head(address)["Content-Length"] == str(len(content))
    assert stranger.get(f"{url}/releases/latest/download/model%20%C3%BC.bin")["Location"] == address
    assert next(iter(files(project, release_id).values())).downloads == 1
    page = stranger.get(f"{url}/releases/tag/v1/%C3%BC").content.decode()
    assert digest in page and address in page


PAGES = ["page.html", "evil.svg", "x.js", "a.xhtml"]


def test_nothing_is_shown_or_run(writer: Client, project: Project, url: str, release_id: int) -> None:
    for name in PAGES:
        keep(project, release_id, name, b"<script>alert(1)</script>")
        answer = writer.get(f"{url}/releases/download/v1/ü/{name}")
        assert answer["Content-Disposition"].startswith("attachment"), name
        assert "html" not in answer["Content-Type"] and "javascript" not in answer["Content-Type"], name


ELSEWHERE = ["", ".", "..", "../x", "a/b", "a\\b", "a\0b", "a\nb", ".hidden", "x" * 241, "a|b", "\u202etxt"]


def test_names_that_lead_elsewhere_are_refused(project: Project, release_id: int) -> None:
    for name in ELSEWHERE:
        with pytest.raises(Invalid):
            keep(project, release_id, name)
    assert files(project, release_id) == {} and stored(project) == []


def test_a_name_is_taken_once_and_there_is_an_end_to_files(
    project: Project, release_id: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep(project, release_id, "a", b"first")
    with pytest.raises(Conflict):
        keep(project, release_id, "a", b"second")
    monkeypatch.setattr("ropewalk.releases.services.files.MOST_FILES", 1)
    with pytest.raises(Conflict, match="at most 1 files"):
        keep(project, release_id, "b")
    assert list(files(project, release_id)) == ["a"] and len(stored(project)) == 1


def test_two_uploads_of_one_name_leave_one_whole_file(project: Project, release_id: int) -> None:
    def slowly() -> Iterator[bytes]:
        yield b"slow"
        keep(project, release_id, "a", b"fast")  # the other one is done before this one is

    with pytest.raises(Conflict):
        services.receive_file(
            project_id=project.pk, release_id=release_id, name="a", blocks=slowly(), user_id=None
        )
    assert files(project, release_id)["a"].size == 4 and len(stored(project)) == 1


def test_too_large_and_broken_uploads_leave_nothing(
    writer: Client, project: Project, url: str, release_id: int, settings: object
) -> None:
    settings.ROPEWALK_MAX_RELEASE_FILE_BYTES = 1000  # type: ignore[attr-defined]
    answer = writer.put(f"{url}/releases/{release_id}/upload/a", b"x" * 1001)
    assert answer.status_code == 413 and answer["Content-Type"].startswith("text/plain")
    with pytest.raises(TooLarge):
        keep(project, release_id, "a", *[b"x" * 100] * 11)

    def breaks() -> Iterator[bytes]:
        yield b"half"
        raise Invalid("The connection ended.")

    with pytest.raises(RopewalkError):
        services.receive_file(
            project_id=project.pk, release_id=release_id, name="a", blocks=breaks(), user_id=None
        )
    broken = {"CONTENT_LENGTH": "500", "wsgi.input": BytesIO(b"x" * 10)}  # the client goes away
    cut = writer.generic("PUT", f"{url}/releases/{release_id}/upload/a", **broken)
    assert cut.status_code == 400
    assert files(project, release_id) == {} and stored(project) == []
    keep(project, release_id, "exact", b"x" * 1000)


def test_no_row_without_bytes_when_the_store_fails_last(
    project: Project, release_id: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    kind: type[BlobWriter] = type(store().writer("p/0/probe"))

    def fail(self: object) -> None:
        raise OSError("full")

    monkeypatch.setattr(kind, "commit", fail)
    with pytest.raises(OSError, match="full"):
        keep(project, release_id, "a")
    assert not ReleaseFile.objects.for_project(project.pk).exists() and stored(project) == []


def test_a_form_brings_several_files_without_script(
    writer: Client, project: Project, url: str, release_id: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = f"{url}/releases/{release_id}/files"
    sent = [SimpleUploadedFile("a.whl", b"a" * 3_000_000), SimpleUploadedFile("..\\..\\b.txt", b"b")]
    assert writer.post(address, {"uploads": sent})["Location"] == f"{url}/releases/{release_id}/edit"
    assert {name: file.size for name, file in files(project, release_id).items()} == {
        "a.whl": 3_000_000,
        "b.txt": 1,
    }
    page = writer.post(address, {"uploads": [SimpleUploadedFile("a.whl", b"z")]}, follow=True)
    assert "has a file “a.whl”" in page.content.decode()
    monkeypatch.setattr(upload_limit, "MAX_BYTES", 100)
    assert writer.post(address, {"uploads": [SimpleUploadedFile("c", b"c" * 200)]}).status_code == 413
    assert set(files(project, release_id)) == {"a.whl", "b.txt"}


@pytest.mark.parametrize("name", ["a" * 300 + ".whl", "a." + "b" * 300, "é" * 130])
def test_a_name_that_a_form_would_cut_is_refused_in_words(
    writer: Client, project: Project, url: str, release_id: int, name: str
) -> None:
    address = f"{url}/releases/{release_id}/files"
    sent = [SimpleUploadedFile("x", b"x"), _named(name)]
    page = writer.post(address, {"uploads": sent}, follow=True).content.decode()
    assert "can&#x27;t be a file&#x27;s name here" in page
    assert "At most 240 bytes" in page
    assert set(files(project, release_id)) == {"x"}


def _named(name: str) -> SimpleUploadedFile:
    """A file whose name Django's own class did not cut before it was sent."""
    file = SimpleUploadedFile("x", b"y")
    file._name = name  # type: ignore[attr-defined]
    return file


def test_deleted_files_and_releases_leave_no_bytes(
    writer: Client, project: Project, url: str, release_id: int
) -> None:
    one, two = keep(project, release_id, "one"), keep(project, release_id, "two")
    address = f"{url}/releases/{release_id}/files/{one.id}/delete"
    assert "downloaded 0 times" in writer.get(address).content.decode()
    assert writer.post(address).status_code == 302
    assert set(files(project, release_id)) == {"two"} and len(stored(project)) == 1
    other = builders.make_project()
    theirs = services.create_draft(project_id=other.pk, author_id=None, text=ReleaseText("v1", "Theirs"))
    kept = keep(other, theirs, "kept")
    assert writer.post(f"{url}/releases/{release_id}/files/{kept.id}/delete").status_code == 404
    services.delete_release(project_id=project.pk, release_id=release_id)
    assert stored(project) == [] and len(stored(other)) == 1
    assert two.size == 1


def test_orphans_are_swept_and_nothing_else(project: Project, release_id: int, objects: Path) -> None:
    kept = keep(project, release_id, "kept")
    for name in ("0" * 32, "strange"):
        with store().writer(f"{blob_folder(project.pk)}{name}") as writer:
            writer.write(b"lost")
            writer.commit()
    assert services.sweep_release_orphans(older_than=clock.now() - timedelta(hours=1)) == 0
    time.sleep(0.05)
    assert services.sweep_release_orphans(older_than=clock.now(), most_projects=1000) == 2
    assert stored(project) == [f"{blob_folder(project.pk)}{kept.key.hex}"]
    assert b"".join(selectors.open_file(project.pk, kept)) == b"x"


def test_files_are_renamed_within_the_rules(project: Project, release_id: int) -> None:
    one = keep(project, release_id, "one")
    keep(project, release_id, "two")
    change = {"project_id": project.pk, "release_id": release_id, "file_id": one.id}
    with pytest.raises(Conflict):
        services.rename_file(name="two", **change)
    with pytest.raises(Invalid):
        services.rename_file(name="../x", **change)
    assert services.rename_file(name="three", **change).name == "three"
    assert services.rename_file(name="three", **change).name == "three"
