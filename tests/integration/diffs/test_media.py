"""Changed sounds, films and documents: both versions can be played, each from its own commit, in parts."""

import html
import re
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from ropewalk.core.models import Job
from ropewalk.projects.models import Project
from tests.integration.data.conftest import md5, send
from tests.integration.monitors.repository import Repository
from workers.runners.index_revision import index_now

MIB = 1 << 20
SIZE = 110 * MIB
Work = Callable[[], list[Job]]


@pytest.fixture
def url(project: Project) -> str:
    return f"/{project.owner.slug}/{project.slug}"


def part_of(client: Client, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200, answer.content[:500]
    return answer.content.decode()


def players(page: str) -> list[tuple[str, str, str]]:
    """What plays, which version it is said to be, and where its bytes are."""
    found = re.findall(r'<(audio|video|rw-pdf) [^>]*src="([^"]*)"(?: [^>]*aria-label="(\w+): )?', page)
    return [(kind, html.unescape(src), word) for kind, src, word in found]


def middle(client: Client, src: str) -> bytes:
    answer = client.get(src, headers={"Range": "bytes=2-5"})
    assert answer.status_code == 206 and answer["Content-Range"].startswith("bytes 2-5/")
    return b"".join(answer.streaming_content)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("name", "kind"), [("a b.wav", "audio"), ("é/clip.MP4", "video"), ("paper.pdf", "rw-pdf")]
)
def test_both_versions_are_played(
    client: Client, url: str, repository: Repository, name: str, kind: str
) -> None:
    first = repository.commit({name: b"\0\0old version"})
    second = repository.commit({name: b"\0\0new version"})
    page = part_of(client, f"{url}/diff/{first}/{second}/{name}?fragment=1")
    [(one, before, _), (two, after, _)] = players(page)
    assert one == two == kind
    assert f"/raw/{first}/" in before and f"/raw/{second}/" in after
    assert (middle(client, before), middle(client, after)) == (b"old ", b"new ")
    assert "Waiting for a worker" not in page and not Job.objects.filter(kind="compare-files").exists()
    whole = part_of(client, f"{url}/compare/{first}..{second}")
    assert 'id="section-media"' in whole and "A binary file." not in whole


def test_one_that_came_and_one_that_went(client: Client, url: str, repository: Repository) -> None:
    first = repository.commit({"keep": b"x"})
    second = repository.commit({"new.ogg": b"OggS here"})
    [(_, src, word)] = players(part_of(client, f"{url}/diff/{first}/{second}/new.ogg?fragment=1"))
    assert word == "After" and f"/raw/{second}/new.ogg" in src
    [(_, src, word)] = players(part_of(client, f"{url}/diff/{second}/{first}/new.ogg?fragment=1"))
    assert word == "Before" and f"/raw/{second}/new.ogg" in src


def test_what_dvc_tracks_and_what_nobody_pushed(
    client: Client, url: str, project: Project, repository: Repository
) -> None:
    shas = []
    for content, pushed in ((b"\0\0ones", True), (b"\0\0twos", True), (b"\0\0three", False)):
        if pushed:
            send(project, content)
        pointer = f"outs:\n- md5: {md5(content)}\n  size: {len(content)}\n  hash: md5\n  path: talk.mp3\n"
        shas.append(repository.commit({"talk.mp3.dvc": pointer}))
        index_now(project.pk, shas[-1])
    here = f"{url}/diff/{shas[0]}/{shas[1]}/talk.mp3?fragment=1"
    assert [middle(client, src) for _, src, _ in players(part_of(client, here))] == [b"ones", b"twos"]
    missing = part_of(client, f"{url}/diff/{shas[1]}/{shas[2]}/talk.mp3?fragment=1")
    assert "were not pushed here" in missing and not players(missing)


@pytest.mark.parametrize("source", ["git", "dvc"])
def test_a_large_film_streams_in_flat_memory(
    client: Client,
    url: str,
    project: Project,
    repository: Repository,
    source: str,
    settings: Any,
    tmp_path: Path,
) -> None:
    settings.BLOB_COPIES_ROOT = tmp_path / "copies"
    film = bytearray(SIZE)
    for place in range(0, SIZE, MIB):  # each MiB begins with where it is
        film[place : place + 8] = place.to_bytes(8, "big")
    if source == "dvc":
        send(project, bytes(film))
        pointer = f"outs:\n- md5: {md5(bytes(film))}\n  size: {SIZE}\n  hash: md5\n  path: film.mp4\n"
        sha = repository.commit({"film.mp4.dvc": pointer})
        index_now(project.pk, sha)
    else:
        sha = repository.commit({"film.mp4": bytes(film)})
    del film
    address = f"{url}/raw/{sha}/film.mp4"
    page = part_of(client, f"{url}/src/{sha}/film.mp4")
    assert [src for kind, src, _ in players(page) if kind == "video"] == [address]
    tracemalloc.start()
    try:
        for start, end in ((0, SIZE), (100 * MIB, SIZE), (90 * MIB, 90 * MIB + 80)):
            asked = {} if end - start == SIZE else {"Range": f"bytes={start}-{end - 1}"}
            answer, at = client.get(address, headers=asked), start
            assert answer.status_code == (206 if asked else 200) and answer["Accept-Ranges"] == "bytes"
            assert int(answer["Content-Length"]) == end - start
            for block in answer.streaming_content:  # type: ignore[attr-defined]
                for place in range(-(-at // MIB) * MIB, at + len(block) - 7, MIB):
                    assert int.from_bytes(block[place - at : place - at + 8], "big") == place
                at += len(block)
            assert at == end
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 24 << 20


def test_names_are_no_markup(client: Client, url: str, repository: Repository) -> None:
    name = '"><script>x<|script>.mp3'
    first, second = repository.commit({name: b"\0a"}), repository.commit({name: b"\0b"})
    page = part_of(client, f"{url}/compare/{first}..{second}")
    [address] = re.findall(r'<rw-fragment src="([^"]*\.mp3[^"]*)"', page)
    part = part_of(client, f"{html.unescape(address)}&fragment=1")
    assert len(players(part)) == 2 and "<script>x" not in part + page
