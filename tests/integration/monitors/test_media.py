"""Folders of images, sounds and texts: measured once by content, compared like tables, hostile files named."""

import shutil
from collections.abc import Callable

import pytest

from ropewalk.access.roles import Permission
from ropewalk.access.types import ProjectAccess
from ropewalk.core import blobs
from ropewalk.core.models import Job
from ropewalk.data import selectors as data
from ropewalk.data.types import DataFile
from ropewalk.monitors import media as places
from ropewalk.monitors import selectors, services
from ropewalk.monitors.errors import MissingData
from ropewalk.monitors.models import MediaBatch
from ropewalk.projects.models import Project
from tests.factories.builders import access_of
from tests.fixtures import media
from tests.integration.monitors.repository import Repository
from tests.integration.monitors.tracked import pointer, push_folder
from workers.analysis.media import images
from workers.runners import data_sources, media_files

Work = Callable[[], list[Job]]


@pytest.fixture
def access(project: Project) -> ProjectAccess:
    return access_of(project.owner.user, project, Permission.ANALYSES_START)


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the files that were really measured."""
    seen: list[str] = []
    measure = media_files._measure

    def noted(kind: str, file: media_files.TableFile) -> tuple[dict, bytes]:
        seen.append(file.name)
        return measure(kind, file)

    monkeypatch.setattr(media_files, "_measure", noted)
    return seen


def _photos(count: int, level: int = 128, classes: tuple[str, ...] = ("cat", "dog")) -> dict[str, bytes]:
    return {f"{classes[n % len(classes)]}/{n:03d}.png": media.image(n, level=level) for n in range(count)}


def _version(
    project: Project, repository: Repository, files: dict[str, bytes], tag: str, name: str = "photos"
) -> DataFile:
    sha = repository.commit({f"{name}.dvc": pointer(push_folder(project, files), name, 1)}, tag=tag)
    data_sources.index_now(project.pk, sha)
    return data.resolve_data_file(project.pk, sha, name)


def _profiled(project: Project, file: DataFile, work: Work) -> dict:
    services.request_data_profile(project_id=project.pk, file=file)
    for job in work():
        assert job.state == "succeeded", job.error_detail
    found = selectors.data_profile(project.pk, file)
    assert found is not None and found.summary is not None
    return found.summary


def test_a_folder_of_images(project: Project, repository: Repository, work: Work) -> None:
    photos = _photos(20) | {
        "readme.md": b"Cats and dogs.",
        "cat/twin.jpg": media.image(0, "JPEG"),
        "dog/cut.png": media.image(1)[:90],
    }
    file = _version(project, repository, photos, "v1")
    summary = _profiled(project, file, work)
    columns = {column["name"]: column for column in summary["columns"]}
    assert summary["rows"] == 22 and {"class", "width", "brightness", "sharpness", "readable"} <= set(columns)
    assert "year" not in columns, "a column that no file has is not shown"
    assert columns["class"]["top"] == [{"value": "cat", "share": 0.5}, {"value": "dog", "share": 0.5}]
    facts = summary["media"]
    assert facts["kind"] == "image" and facts["others"] == 1 and "sample_of" not in facts
    assert [one["path"] for one in facts["broken_first"]] == ["dog/cut.png"] and facts["broken"] == 1
    assert facts["alike"] == {"files": 2, "groups": 1, "across": 0}
    profile = selectors.data_profile(project.pk, file)
    gallery = selectors.gallery(project.pk, profile.id if profile else 0)
    assert gallery is not None and gallery.facts["kind"] == "image"
    total, alike = gallery.page("alike", 0, 10)
    assert total == 2 and [one["path"] for one in alike] == ["cat/000.png", "cat/twin.jpg"]
    shown = selectors.thumbnail(project.pk, *alike[0]["thumb"])
    assert shown is not None and shown[8:12] == b"WEBP"


def test_thumbnails_are_only_what_was_made(project: Project, repository: Repository, work: Work) -> None:
    file = _version(project, repository, _photos(3), "v1")
    _profiled(project, file, work)
    profile = selectors.data_profile(project.pk, file)
    gallery = selectors.gallery(project.pk, profile.id if profile else 0)
    assert gallery is not None
    pack, start, size = gallery.page("path", 1, 1)[1][0]["thumb"]
    assert selectors.thumbnail(project.pk, pack, start, size)
    for other in (
        (pack, start + 1, size),
        (pack, start, size - 1),
        (pack, start, size + 1),
        (pack, start, 1 << 30),
        ("0" * 32, 0, 9),
    ):
        assert selectors.thumbnail(project.pk, *other) is None
    assert selectors.thumbnail(project.pk, "../../../other", 0, 100) is None


def test_a_new_version_measures_what_is_new(
    project: Project, repository: Repository, work: Work, reads: list[str]
) -> None:
    first = _photos(30)
    _profiled(project, _version(project, repository, first, "v1"), work)
    assert len(reads) == 30
    reads.clear()
    more = first | {"cat/new.png": media.image(99), "bird/moved.png": first["cat/000.png"]}
    summary = _profiled(project, _version(project, repository, more, "v2"), work)
    assert reads == ["new.png"] and summary["rows"] == 32 and summary["media"]["class_count"] == 3
    reads.clear()
    _profiled(project, _version(project, repository, first, "v3", name="elsewhere"), work)
    assert reads == [], "the same content under another name is measured already"


def test_the_way_to_a_version_changes_nothing_of_it(
    project: Project, repository: Repository, work: Work, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(media_files, "_FLUSH_FILES", 4)
    files = _photos(12)
    _profiled(project, _version(project, repository, dict(list(files.items())[6:]), "v1"), work)
    in_steps = _profiled(project, _version(project, repository, files, "v2"), work)
    MediaBatch.objects.for_project(project.pk).delete()
    monkeypatch.setattr(media_files, "_FLUSH_FILES", 2000)
    at_once = _profiled(project, _version(project, repository, files | {"x.csv": b"a\n1\n"}, "v3"), work)
    assert {**at_once, "media": {**at_once["media"], "others": 0}} == in_steps


def test_a_killed_worker_leaves_what_it_measured(
    project: Project, repository: Repository, work: Work, reads: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(media_files, "_FLUSH_FILES", 5)
    file = _version(project, repository, _photos(20), "v1")
    measure = images.measure_image

    def killed(content: bytes) -> tuple[dict, bytes]:
        if len(reads) > 12:
            raise KeyboardInterrupt  # as a kill does: nothing in between catches it
        return measure(content)

    monkeypatch.setattr(images, "measure_image", killed)
    services.request_data_profile(project_id=project.pk, file=file)
    with pytest.raises(KeyboardInterrupt):
        work()
    assert sum(MediaBatch.objects.for_project(project.pk).values_list("rows", flat=True)) == 10
    monkeypatch.setattr(images, "measure_image", measure)
    reads.clear()
    version = data_sources.files_behind(project.pk, file.commit_sha, file.path)
    folder = media_files.media_folder(
        project.pk, "image", version.media["image"], "photos", lambda _share, _text: None
    )
    assert len(folder.rows) == 20 and len(reads) == 10


def test_stored_measurements_that_are_gone_are_made_again(
    project: Project, repository: Repository, work: Work, reads: list[str]
) -> None:
    files = _photos(6)
    _profiled(project, _version(project, repository, files, "v1"), work)
    (key,) = MediaBatch.objects.for_project(project.pk).values_list("key", flat=True)
    assert key.startswith(f"p/{project.pk}/profiles/")
    blobs.store().delete(key)
    reads.clear()
    _profiled(project, _version(project, repository, files | {"cat/x.png": media.image(70)}, "v2"), work)
    assert len(reads) == 7


def test_many_batches_become_one(
    project: Project, repository: Repository, work: Work, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(media_files, "_FLUSH_FILES", 2)
    monkeypatch.setattr(media_files, "_MANY_BATCHES", 3)
    _profiled(project, _version(project, repository, _photos(10), "v1"), work)
    found, read = media_files._stored(project.pk, "image", {f"sha256:{'0' * 64}"})
    assert not found and read == 0
    version = data_sources.files_behind(project.pk, repository.commit({"a": "b"}), "photos")
    wanted = {media_files._content(file) for file in version.media["image"]}
    found, read = media_files._stored(project.pk, "image", wanted)
    assert len(found) == 10 and read == 1


def test_hostile_files_are_counted_and_named(project: Project, repository: Repository, work: Work) -> None:
    hostile = {
        "a/bomb.png": media.bomb_png(),
        "a/cut.jpg": media.image(3, "JPEG", width=300, height=200)[:-900],
        "a/drawing.png": b'<svg xmlns="http://www.w3.org/2000/svg"/>',
        "a/empty.png": b"",
        "b/frames.gif": media.many_frames(),
        "b/fine.png": media.image(4),
    }
    summary = _profiled(project, _version(project, repository, hostile, "v1"), work)
    facts = summary["media"]
    assert [one["path"] for one in facts["broken_first"]] == [
        "a/bomb.png",
        "a/cut.jpg",
        "a/drawing.png",
        "a/empty.png",
    ]
    assert summary["rows"] == 6 and facts["broken"] == 4


def test_sounds_and_texts(project: Project, repository: Repository, work: Work) -> None:
    sounds = {
        f"{'loud' if n % 2 else 'soft'}/{n}.wav": media.wav(0.1 + n / 20, volume=0.8 if n % 2 else 0.1)
        for n in range(8)
    }
    summary = _profiled(
        project,
        _version(project, repository, sounds | {"lying.wav": media.lying_wav()}, "s1", "sounds"),
        work,
    )
    columns = {column["name"]: column for column in summary["columns"]}
    assert (
        summary["media"]["kind"] == "audio"
        and columns["duration"]["max"] == 0.5
        and not summary["media"]["broken"]
    )
    texts = {f"{n}.txt": f"Text {n} of some words\n".encode() * (n + 1) for n in range(5)} | {
        "bad.txt": b"\0\1"
    }
    summary = _profiled(project, _version(project, repository, texts, "t1", "texts"), work)
    assert summary["media"]["kind"] == "text" and summary["media"]["broken"] == 1
    assert {column["name"]: column for column in summary["columns"]}["words"]["max"] == 25


@pytest.mark.parametrize("tracked", [True, False])
def test_drift_of_images(
    access: ProjectAccess, project: Project, repository: Repository, work: Work, tracked: bool
) -> None:
    for version, files in (
        ("v1", _photos(60)),
        ("v2", _photos(60, level=190, classes=("bird", "dog"))),
    ):
        if tracked:
            _version(project, repository, files, version)
        else:
            shutil.rmtree(repository.folder / "photos", ignore_errors=True)
            repository.commit({f"photos/{name}": content for name, content in files.items()}, tag=version)
    number = services.request_drift_report(access=access, path="photos", reference="v1", current="v2")
    (job,) = work()
    assert job.state == "succeeded", job.error_detail
    result = selectors.get_report(project.pk, number).result
    assert result is not None and result["rows"] == {"reference": 60, "current": 60, "change": 0}
    verdicts = {column["name"]: column["verdict"] for column in result["columns"]}
    assert verdicts["brightness"] == verdicts["class"] == "drift" and verdicts["width"] != "drift"
    (mix,) = [column for column in result["columns"] if column["name"] == "class"]
    assert "bird" in str(mix["categories"]) and "cat" in str(mix["categories"])


def test_drift_of_sounds_and_texts(
    access: ProjectAccess, project: Project, repository: Repository, work: Work
) -> None:
    def sounds(volume: float) -> dict[str, bytes]:
        return {f"{n}.wav": media.wav(0.05 + n / 500, volume=volume) for n in range(40)}

    def texts(words: int) -> dict[str, bytes]:
        return {f"{n}.txt": b"word " * (words + n) for n in range(40)}

    for tag, volume, words in (("v1", 0.1, 5), ("v2", 0.8, 90)):
        _version(project, repository, sounds(volume), tag + "s", "sounds")
        _version(project, repository, texts(words), tag + "t", "texts")
    for name, end, column in (("sounds", "s", "loudness"), ("texts", "t", "words")):
        number = services.request_drift_report(
            access=access, path=name, reference=f"v1{end}", current=f"v2{end}"
        )
        (job,) = work()
        assert job.state == "succeeded", job.error_detail
        result = selectors.get_report(project.pk, number).result
        assert result is not None
        verdicts = {one["name"]: one["verdict"] for one in result["columns"]}
        assert verdicts[column] == "drift" and verdicts["readable"] != "drift"


def test_images_against_tables_is_refused_in_words(
    access: ProjectAccess, project: Project, repository: Repository, work: Work
) -> None:
    _version(project, repository, _photos(3), "v1", "stuff")
    _version(project, repository, {"a.csv": b"x\n1\n"}, "v2", "stuff")
    services.request_drift_report(access=access, path="stuff", reference="v1", current="v2")
    (job,) = work()
    assert job.error_code == "nothing_to_compare" and "image" in job.error_message


def test_what_lacks_matters_only_where_it_is_measured(
    project: Project, repository: Repository, work: Work
) -> None:
    lacking = {"data/notes.txt.dvc": pointer("a" * 32, "notes.txt", 5)}
    sha = repository.commit({"data/t.csv": "x\n1\n", **lacking})
    data_sources.index_now(project.pk, sha)
    assert _profiled(project, data.resolve_dataset(project.pk, sha, "data"), work)["rows"] == 1
    (repository.folder / "data/t.csv").unlink()
    sha = repository.commit({"data/photo.png.dvc": pointer("b" * 32, "photo.png", 5)})
    with pytest.raises(MissingData, match=r"photo\.png"):
        data_sources.files_behind(project.pk, sha, "data")


def test_of_a_huge_folder_a_sample_that_stays(
    project: Project, repository: Repository, work: Work, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(data_sources, "_MOST_LISTED", 10)
    files = _photos(30)
    first = _version(project, repository, files, "v1")
    summary = _profiled(project, first, work)
    assert summary["rows"] == 10 and summary["media"]["sample_of"] == 30
    chosen = {
        file.path for file in data_sources.files_behind(project.pk, first.commit_sha, "photos").media["image"]
    }
    second = _version(project, repository, files | {"cat/new.png": media.image(77)}, "v2")
    later = {
        file.path
        for file in data_sources.files_behind(project.pk, second.commit_sha, "photos").media["image"]
    }
    assert len(chosen & later) >= 9
    assert not blobs.store().list(places.batch_key(project.pk + 1, "image", 1, ""))
