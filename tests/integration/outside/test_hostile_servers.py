"""What an external server sends is hostile: bounded, ended, and told in our words."""

import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

import pytest
from django.test import Client

from ropewalk.core.errors import Busy, NotFound, RopewalkError
from ropewalk.core.pinned import BrokenAnswer, TookTooLong
from ropewalk.outside import reading, visits
from ropewalk.outside.documents import MAX_LISTING_BYTES
from ropewalk.outside.errors import BucketRefused, ContentChanged, StrangeAnswer
from ropewalk.outside.types import Listing, RemoteFile
from ropewalk.outside.visits import Visit
from ropewalk.projects.models import Project
from tests.fixtures.foreign_s3 import Reply, answering, entry, listing

Connect = Callable[..., Any]
BOMB = (
    b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">'
    + b"".join(f'<!ENTITY {chr(98 + n)} "{f"&{chr(97 + n)};" * 10}">'.encode() for n in range(9))
    + b"]><ListBucketResult><Name>&j;</Name></ListBucketResult>"
)


def asked(project: Project, connected: Connect, reply: Reply, folder: str = "", limit: int = 100) -> Listing:
    with answering(lambda *_: reply) as (endpoint, _):
        connected(endpoint)
        with Visit(project.pk, "theirs") as visit:
            return visit.reader.page(folder, limit=limit)


def repeated(piece: bytes, times: int) -> Iterator[bytes]:
    return (piece for _ in range(times))


@pytest.mark.parametrize(
    ("reply", "fault"),
    [
        (Reply(body=[BOMB]), StrangeAnswer),
        (Reply(body=[b"<html><body>console</body></html>"]), StrangeAnswer),
        (Reply(body=[b"<ListBucketResult><Contents>"]), StrangeAnswer),
        (Reply(body=[b"\xff\xfe\x00"]), StrangeAnswer),
        (Reply(body=[b'<?xml version="1.0" encoding="no-such"?><a/>']), StrangeAnswer),
        (Reply(body=repeated(b" " * (1 << 20), (MAX_LISTING_BYTES >> 20) + 2)), StrangeAnswer),
        (Reply(body=[listing("".join(entry(f"k{n}") for n in range(101)))]), StrangeAnswer),
        (Reply(body=[listing(entry("k", size="-3"))]), StrangeAnswer),
        (Reply(body=[listing(entry("k", size="9" * 30))]), StrangeAnswer),
        (Reply(body=[listing(entry("k", size="１２"))]), StrangeAnswer),
        (Reply(body=[listing(entry("k"), more="t" * 5000)]), StrangeAnswer),
        (Reply(body=[listing(entry("k"))], length=100_000), BrokenAnswer),
        (Reply(status=302, headers={"Location": "http://169.254.169.254/"}), BucketRefused),
        (Reply(status=301, headers={"x-amz-bucket-region": "eu-west-3"}), BucketRefused),
        (Reply(status=403, body=[BOMB]), BucketRefused),
        (Reply(status=500, body=[b"<Code>InternalError</Code>"]), BrokenAnswer),
        (Reply(status=418), StrangeAnswer),
        (Reply(status=404, body=[b"<Error><Code>NoSuchBucket</Code></Error>"]), BucketRefused),
    ],
)  # fmt: skip
def test_answers_that_are_none(
    project: Project, connected: Connect, reply: Reply, fault: type[RopewalkError]
) -> None:
    with pytest.raises(fault) as raised:
        asked(project, connected, reply)
    assert "169.254" not in raised.value.message and len(raised.value.message) < 200


def test_deep_documents_do_not_break_the_reader(project: Project, connected: Connect) -> None:
    deep = b"<ListBucketResult>" + b"<a>" * 200_000 + b"</a>" * 200_000 + b"</ListBucketResult>"
    assert asked(project, connected, Reply(body=[deep])) == Listing((), (), "")


def test_only_what_was_asked_for_is_believed(project: Project, connected: Connect) -> None:
    with pytest.raises(StrangeAnswer):
        asked(project, connected, Reply(body=[listing(entry("elsewhere/k"))]), "here/")


def test_the_endless_page_ends(project: Project, connected: Connect) -> None:
    """A token that leads back to the same page is no next page."""
    with answering(lambda *_: Reply(body=[listing(entry("k"), more="again")])) as (endpoint, _):
        connected(endpoint)
        with Visit(project.pk, "theirs") as visit:
            assert visit.reader.page().next == "again"
        with Visit(project.pk, "theirs") as visit:
            assert visit.reader.page(token="again").next == ""


@pytest.mark.parametrize("where", ["headers", "body"])
def test_a_trickling_server_is_given_up(
    project: Project, connected: Connect, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    """Each byte comes in time; the whole does not. The server's own thread learns that we have gone."""
    monkeypatch.setattr(reading, "WITHIN", 1.0)
    stop = threading.Event()

    def trickle() -> Iterator[bytes]:
        yield b"<ListBucketResult>"
        while not stop.wait(0.05):
            yield b" "

    def answer(method: str, path: str) -> Reply:
        if where == "headers":
            stop.wait(30)
        return Reply(body=trickle())

    with answering(answer) as (endpoint, _):
        connected(endpoint)
        try:
            with Visit(project.pk, "theirs") as visit, pytest.raises(TookTooLong):
                visit.reader.page()
        finally:
            stop.set()


def file_of(size: int = 10, etag: str = "abc") -> RemoteFile:
    return RemoteFile("k", size, etag, None)


def read_whole(project: Project) -> bytes:
    with Visit(project.pk, "theirs") as visit, closing(visit.body(file_of())) as body:
        return b"".join(body)


@pytest.mark.parametrize(
    ("reply", "fault"),
    [
        (Reply(body=[b"0123456789"], length=10, headers={"ETag": '"other"'}), ContentChanged),
        (Reply(body=[b"01234567890123"], length=14, headers={"ETag": '"abc"'}), ContentChanged),
        (Reply(body=[b"01234567890123"], headers={"ETag": '"abc"'}), BrokenAnswer),
        (Reply(body=[b"0123"], headers={"ETag": '"abc"'}), BrokenAnswer),
        (Reply(body=[b"0123"], length=10, headers={"ETag": '"abc"'}), BrokenAnswer),
        (Reply(status=206, body=[b"0123456789"], length=10, headers={"ETag": '"abc"', "Content-Range": "bytes 5-14/15"}),
         ContentChanged),
        (Reply(status=412), ContentChanged),
    ],
)  # fmt: skip
def test_lying_sizes(project: Project, connected: Connect, reply: Reply, fault: type[RopewalkError]) -> None:
    with answering(lambda *_: reply) as (endpoint, _):
        connected(endpoint)
        with pytest.raises(fault):
            read_whole(project)


def test_a_body_without_its_length_comes_whole(project: Project, connected: Connect) -> None:
    reply = Reply(body=[b"01234", b"56789"], headers={"ETag": '"abc"'})
    with answering(lambda *_: reply) as (endpoint, _):
        connected(endpoint)
        assert read_whole(project) == b"0123456789"


def test_one_project_does_not_take_every_thread(
    project: Project, connected: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(visits, "AT_ONCE", 2)
    reply = Reply(body=[b"0123456789"], headers={"ETag": '"abc"'}, length=10)
    with answering(lambda *_: reply) as (endpoint, _):
        connected(endpoint)
        bodies = []
        for _ in range(2):
            with Visit(project.pk, "theirs") as visit:
                bodies.append(visit.body(file_of()))
        with pytest.raises(Busy), Visit(project.pk, "theirs"):
            pass
        for body in bodies:
            body.close()
        for _ in range(3):  # what ends, whichever way, gives its place back
            with pytest.raises(NotFound), Visit(project.pk, "theirs") as visit:
                visit.reader.stat("..")


NAMES = ["<script>alert(1)</script>", "a\nb", "../up", "\u202etxt.exe", "x'\"&%2F+ y", "\x00zero", "n" * 1500]


def test_names_are_shown_and_never_obeyed(project: Project, connected: Connect, client: Client) -> None:
    inner = "".join(entry(quote(name)) for name in NAMES)
    inner += "<CommonPrefixes><Prefix>../</Prefix></CommonPrefixes><CommonPrefixes><Prefix>%3Cb%3E/</Prefix></CommonPrefixes>"
    client.force_login(project.created_by)
    with answering(lambda *_: Reply(body=[listing(inner, more="a&amp;b=c")])) as (endpoint, seen):
        connected(endpoint)
        answer = client.get(f"/{project}/buckets/theirs")
        page = answer.content.decode()
        assert answer.status_code == 200
        assert "<script>alert" not in page and "&lt;script&gt;alert(1)&lt;/script&gt;" in page
        assert "a⟨0a⟩b" in page and "⟨202e⟩txt.exe" in page and "⟨00⟩zero" in page and "<b>/" not in page
        assert page.count("can't be asked for") == 4  # ../up, the zero byte, the long one, ../
        assert "token=a%26b%3Dc" in page
        client.get(f"/{project}/buckets/theirs?token=a%26b%3Dc")
    asked_for = parse_qs(urlsplit(seen[-1][1]).query)
    assert asked_for["continuation-token"] == ["a&b=c"] and asked_for["delimiter"] == ["/"]


def test_a_fault_is_told_in_the_page(project: Project, connected: Connect, client: Client) -> None:
    client.force_login(project.created_by)
    with answering(lambda *_: Reply(status=403)) as (endpoint, _):
        connected(endpoint)
        answer = client.get(f"/{project}/buckets/theirs")
        download = client.get(f"/{project}/buckets/theirs/download?key=k")
    page = answer.content.decode()
    assert answer.status_code == 422 and "can&#x27;t be read without an access key" in page
    assert "Settings of this bucket" in page and download.status_code == 422
    gone = client.get(f"/{project}/buckets/theirs")
    assert gone.status_code == 503 and "can&#x27;t be reached" in gone.content.decode()


def test_odd_keys_in_addresses(project: Project, connected: Connect, client: Client) -> None:
    client.force_login(project.created_by)
    with answering(lambda *_: Reply(status=404)) as (endpoint, seen):
        connected(endpoint, "team/")
        for key in ("", "../x", "a/./b", "a\\..\\b", "k" * 2000, "folder/"):
            for route in ("file", "download"):
                assert client.get(f"/{project}/buckets/theirs/{route}", {"key": key}).status_code == 404
        assert seen == []
        client.get(f"/{project}/buckets/theirs/download", {"key": "a b/ü?#\n"})
    assert seen == [("HEAD", "/data/team/a%20b/%C3%BC%3F%23%0A")]
    assert client.get(f"/{project}/buckets/th%00eirs").status_code == 404
