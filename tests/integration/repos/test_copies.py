"""Late ranges of large files in git: right whatever happens to the local copy, made once, which stays within its limit."""

import errno
import os
import random
import shutil
import subprocess
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.test import Client

from ropewalk.projects.models import Project
from ropewalk.repos import copies, git, selectors, services
from ropewalk.repos.packs.hook import Entry
from tests.factories import builders
from tests.integration.repos.conftest import commit, write

MIB = 1 << 20
SIZE = 11 * MIB
FILES = {f"clip{n}.mp4": random.Random(n).randbytes(SIZE + n) for n in range(3)}


@pytest.fixture
def folder(settings: Any, tmp_path: Path) -> Path:
    settings.BLOB_COPIES_ROOT = tmp_path / "copies"
    settings.ROPEWALK_BLOB_COPIES_BYTES = 8 * SIZE
    return tmp_path / "copies"


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository with the three clips in its only commit; written once, which takes long on a busy disk."""
    folder = tmp_path_factory.mktemp("clips")
    subprocess.run(["git", "init", "--quiet", "--bare", str(folder)], check=True)
    stream = commit("refs/heads/main", 1_700_000_000, "Clips", *(write(name, FILES[name]) for name in FILES))
    subprocess.run(["git", "-C", str(folder), "fast-import", "--quiet"], input=stream, check=True)
    return folder


@pytest.fixture
def filled(project: Project, clips: Path, folder: Path) -> int:
    """The project's id; its repository is a copy of the one with the clips."""
    services.ensure_repository(project_id=project.pk, default_branch="main")
    directory = git.repository_path(project.pk)
    shutil.copytree(clips / "objects", directory / "objects", copy_function=os.link, dirs_exist_ok=True)
    (directory / "refs/heads/main").write_bytes((clips / "refs/heads/main").read_bytes())
    return project.pk


@pytest.fixture
def unpacked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Which blobs git was asked to unpack."""
    asked, stream = [], git.stream

    def counted(directory: Path, *args: str, **more: Any) -> Iterator[bytes]:
        asked.append(args[-1])
        return stream(directory, *args, **more)

    monkeypatch.setattr(git, "stream", counted)
    return asked


def settled() -> None:
    """Wait for the writers."""
    for thread in threading.enumerate():
        if thread.name == "blob-copy":
            thread.join(60)


def oid_of(project_id: int, name: str) -> tuple[str, int]:
    entry = selectors.entry(project_id, selectors.resolve(project_id, "main").sha, name)
    return entry.oid, entry.size or 0


def read(project_id: int, name: str, start: int, end: int | None) -> bytes:
    return b"".join(selectors.read_blob(project_id, *oid_of(project_id, name), start, end))


def whole(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.glob("*.pack"))


def test_ranges_through_http(
    client: Client, project: Project, filled: int, folder: Path, unpacked: list[str]
) -> None:
    content = FILES["clip1.mp4"]
    address = f"/{project.owner.slug}/{project.slug}/raw/main/clip1.mp4"
    cases = [
        ("bytes=0-99", 0, 100),
        (f"bytes={SIZE // 2}-{SIZE // 2 + MIB}", SIZE // 2, SIZE // 2 + MIB + 1),
        (f"bytes={SIZE - 5}-", SIZE - 5, len(content)),
        ("bytes=-1000", len(content) - 1000, len(content)),
        (f"bytes={8 * MIB}-{8 * MIB}", 8 * MIB, 8 * MIB + 1),
        (f"bytes={9 * MIB}-", 9 * MIB, len(content)),
    ]
    for asked, start, end in cases:
        answer = client.get(address, headers={"Range": asked})
        assert (
            answer.status_code == 206 and answer["Content-Range"] == f"bytes {start}-{end - 1}/{len(content)}"
        )
        assert b"".join(answer.streaming_content) == content[start:end], asked  # type: ignore[attr-defined]
        assert int(answer["Content-Length"]) == end - start
    settled()
    assert len(unpacked) == 3, "two early ranges, then one copy for all others"
    oid, _ = oid_of(filled, "clip1.mp4")
    assert whole(folder) == [f"{filled}-{oid}.pack"]
    assert (folder / f"{filled}-{oid}.pack").read_bytes() == content
    assert client.get(address, headers={"Range": f"bytes={len(content)}-"}).status_code == 416
    project.visibility = "private"
    project.save()
    assert client.get(address, headers={"Range": cases[1][0]}).status_code == 404, (
        "the copy opens to nobody else"
    )


def test_many_at_once_make_one_copy(filled: int, folder: Path, unpacked: list[str]) -> None:
    oid, size = oid_of(filled, "clip0.mp4")
    starts = [SIZE - n * 100_000 for n in range(1, 13)]
    with ThreadPoolExecutor(12) as pool:
        found = list(
            pool.map(lambda start: b"".join(copies.read_blob(filled, oid, size, start, start + 4096)), starts)
        )
    assert found == [FILES["clip0.mp4"][start : start + 4096] for start in starts]
    settled()
    assert unpacked == [oid] and len(whole(folder)) == 1


def test_a_reader_who_leaves_stops_nobody(filled: int, folder: Path, unpacked: list[str]) -> None:
    oid, size = oid_of(filled, "clip0.mp4")
    blocks = copies.read_blob(filled, oid, size, 9 * MIB)
    next(blocks)
    blocks.close()  # type: ignore[attr-defined]
    settled()
    assert read(filled, "clip0.mp4", SIZE - 7, None) == FILES["clip0.mp4"][-7:] and unpacked == [oid]


def test_the_least_recently_read_goes_first(filled: int, folder: Path, settings: Any) -> None:
    settings.ROPEWALK_BLOB_COPIES_BYTES = 4 * SIZE + 100  # two writers' worth, and two copies
    for number, name in enumerate(FILES):
        assert read(filled, name, SIZE - 9, None) == FILES[name][SIZE - 9 :]
        settled()
        if number == 1:
            names = {name: f"{filled}-{oid_of(filled, name)[0]}.pack" for name in FILES}
            for age, each in ((200, "clip0.mp4"), (100, "clip1.mp4")):
                path = folder / names[each]
                os.utime(path, (path.stat().st_mtime - age,) * 2)
            read(filled, "clip0.mp4", SIZE - 9, None)  # now it is the younger
    assert whole(folder) == sorted([names["clip0.mp4"], names["clip2.mp4"]])
    assert sum(path.stat().st_size for path in folder.iterdir()) <= settings.ROPEWALK_BLOB_COPIES_BYTES


def test_too_large_a_file_and_a_full_disk_are_read_through_git(
    filled: int, folder: Path, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = FILES["clip0.mp4"][10 * MIB : 10 * MIB + 5]
    settings.ROPEWALK_BLOB_COPIES_BYTES = 4 * SIZE - 4
    assert read(filled, "clip0.mp4", 10 * MIB, 10 * MIB + 5) == expected and not folder.exists()
    settings.ROPEWALK_BLOB_COPIES_BYTES = 8 * SIZE
    monkeypatch.setattr(copies.shutil, "disk_usage", lambda _: SimpleNamespace(free=SIZE))
    assert read(filled, "clip0.mp4", 10 * MIB, 10 * MIB + 5) == expected
    assert not whole(folder) and not list(folder.glob("*.part"))


def test_a_disk_that_fills_up_meanwhile_breaks_no_range(
    filled: int, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stream = git.stream

    def filling(directory: Path, *args: str, **more: Any) -> Iterator[bytes]:
        for number, block in enumerate(stream(directory, *args, **more)):
            if threading.current_thread().name == "blob-copy" and number == 9:
                raise OSError(errno.ENOSPC, "No space left on device")
            yield block

    monkeypatch.setattr(git, "stream", filling)
    start = 9 * MIB
    assert read(filled, "clip0.mp4", start, None) == FILES["clip0.mp4"][start:]
    settled()
    assert not whole(folder) and not list(folder.glob("*.part"))


def test_what_a_killed_writer_left_is_made_anew(filled: int, folder: Path) -> None:
    oid, _ = oid_of(filled, "clip0.mp4")
    folder.mkdir()
    part = Entry(folder, f"{filled}-{oid}").part
    part.write_bytes(b"half of something else")
    assert read(filled, "clip0.mp4", SIZE - 3, None) == FILES["clip0.mp4"][-3:]
    settled()
    assert whole(folder) and not part.exists()


def test_copies_belong_to_one_project_and_go_with_it(filled: int, folder: Path) -> None:
    read(filled, "clip0.mp4", SIZE - 3, None)
    settled()
    other = builders.make_project()
    services.ensure_repository(project_id=other.pk)
    with pytest.raises(Exception, match="could not be read"):
        b"".join(selectors.read_blob(other.pk, *oid_of(filled, "clip0.mp4"), SIZE - 3, None))
    settled()
    assert [name.split("-")[0] for name in whole(folder)] == [str(filled)]
    services.delete_repository(project_id=filled)
    assert not [path for path in folder.iterdir() if path.name.startswith(f"{filled}-")]
