"""The remote's wire behaviour, byte by byte, against a running instance."""

import hashlib
import json
import secrets
import time

import pytest

from tests.protocol.dvc.conftest import Remote


def address(content: bytes, suffix: str = "", layout: str = "files/md5/") -> str:
    digest = hashlib.md5(content).hexdigest()
    return f"{layout}{digest[:2]}/{digest[2:]}{suffix}"


@pytest.mark.parametrize("method", ["PUT", "POST"])
@pytest.mark.parametrize("chunked", [True, False])
def test_upload_and_download(remote: Remote, method: str, chunked: bool) -> None:
    content = secrets.token_bytes(3_000_000)
    assert remote.ask("GET", address(content))[0] == 404
    assert remote.ask(method, address(content), content, chunked=chunked)[0] == 201
    assert remote.ask(method, address(content), content, chunked=chunked)[0] == 200
    status, headers, body = remote.ask("GET", address(content), headers={"Accept-Encoding": "gzip, deflate"})
    assert (status, body) == (200, content)
    assert headers["Content-Length"] == "3000000" and headers["Content-Encoding"] is None
    assert headers["ETag"] == f'"{hashlib.md5(content).hexdigest()}"'
    assert "immutable" in headers["Cache-Control"] and "private" in headers["Cache-Control"]
    status, headers, body = remote.ask("HEAD", address(content))
    assert (status, headers["Content-Length"], body) == (200, "3000000", b"")


def test_ranges_and_conditions(remote: Remote) -> None:
    content = bytes(range(100))
    remote.ask("PUT", address(content), content)

    def part(value: str, **more: str) -> tuple[int, str | None, bytes]:
        status, headers, body = remote.ask("GET", address(content), headers={"Range": value, **more})
        return status, headers["Content-Range"], body

    assert part("bytes=0-9") == (206, "bytes 0-9/100", content[:10])
    assert part("bytes=90-") == (206, "bytes 90-99/100", content[90:])
    assert part("bytes=-5") == (206, "bytes 95-99/100", content[95:])
    assert part("bytes=50-999") == (206, "bytes 50-99/100", content[50:])
    assert part("bytes=100-")[:2] == (416, "bytes */100")
    assert part("bytes=5-1") == (200, None, content)
    assert part("bytes=0-1,5-6") == (200, None, content)
    assert part("lines=1-2") == (200, None, content)
    assert part("bytes=0-9", **{"If-Range": '"other"'}) == (200, None, content)
    etag = f'"{hashlib.md5(content).hexdigest()}"'
    assert part("bytes=0-9", **{"If-Range": etag})[0] == 206
    assert remote.ask("GET", address(content), headers={"If-None-Match": etag})[::2] == (304, b"")


def test_empty_object(remote: Remote) -> None:
    assert remote.ask("PUT", address(b""), b"", chunked=False)[0] == 201
    assert remote.ask("GET", address(b""))[::2] == (200, b"")
    assert remote.ask("GET", address(b""), headers={"Range": "bytes=0-"})[0] == 416


def test_wrong_bytes_are_refused_and_leave_nothing(remote: Remote) -> None:
    status, _, body = remote.ask("PUT", address(b"what was meant"), b"what was sent")
    assert status == 422
    assert hashlib.md5(b"what was sent").hexdigest() in body.decode()
    assert remote.ask("GET", address(b"what was meant"))[0] == 404
    assert remote.ask("PUT", address(b"what was meant"), b"what was meant")[0] == 201


@pytest.mark.parametrize("chunked", [True, False])
def test_upload_that_breaks_off_leaves_nothing(remote: Remote, chunked: bool) -> None:
    content = secrets.token_bytes(500_000)
    connection = remote.connect()
    connection.putrequest("PUT", f"{remote.path}/{address(content)}")
    for name, value in remote.basic("dvc-owner").items():
        connection.putheader(name, value)
    connection.putheader(
        *("Transfer-Encoding", "chunked") if chunked else ("Content-Length", str(len(content)))
    )
    connection.endheaders()
    connection.send(b"%x\r\n%s\r\n" % (400_000, content[:400_000]) if chunked else content[:400_000])
    connection.close()
    objects = remote.instance.home / "objects"
    deadline = time.monotonic() + 30
    while any((objects / ".tmp").glob("*")) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert list((objects / ".tmp").glob("*")) == []
    assert remote.ask("GET", address(content))[0] == 404
    assert remote.ask("PUT", address(content), content)[0] == 201


def test_folder_is_visible_with_its_last_file(remote: Remote) -> None:
    files = [secrets.token_bytes(20) for _ in range(2)]
    listing = json.dumps(
        [{"md5": hashlib.md5(body).hexdigest(), "relpath": f"{i}"} for i, body in enumerate(files)]
    ).encode()
    folder = address(listing, ".dir")
    assert remote.ask("PUT", folder, listing)[0] == 201
    assert remote.ask("GET", folder)[0] == remote.ask("HEAD", folder)[0] == 404
    remote.ask("PUT", address(files[0]), files[0])
    assert remote.ask("GET", folder)[0] == 404
    remote.ask("PUT", address(files[1]), files[1])
    assert remote.ask("GET", folder)[::2] == (200, listing)
    assert remote.ask("PUT", address(b"no list", ".dir"), b"no list")[0] == 422


def test_legacy_layout_takes_both_hashes(remote: Remote) -> None:
    text = b"a,b\r\n1,%d\r\n" % secrets.randbelow(10**9)
    unix = text.replace(b"\r\n", b"\n")
    assert remote.ask("PUT", address(unix, layout=""), text)[0] == 201
    assert remote.ask("GET", address(unix, layout=""))[::2] == (200, text)
    assert remote.ask("GET", address(unix))[0] == 404
    assert remote.ask("PUT", address(unix), text)[0] == 422


@pytest.mark.parametrize(
    "path",
    [
        "files/md5",
        "files/md5/",
        "files/md5/ab/../x",
        "files/md5/AB/" + "0" * 30,
        "files/sha256/ab/" + "0" * 30,
        "x",
    ],
)
def test_other_addresses_are_not_found(remote: Remote, path: str) -> None:
    assert remote.ask("GET", path)[0] == 404
    assert remote.ask("PUT", path, b"x")[0] == 404


def test_other_methods_are_refused(remote: Remote) -> None:
    for method in ("DELETE", "PATCH", "OPTIONS"):
        status, headers, _ = remote.ask(method, address(b"x"))
        assert (status, headers["Allow"]) == (405, "GET, HEAD, PUT, POST")


def test_root_helps(remote: Remote) -> None:
    status, _, body = remote.ask("GET", "")
    assert status == 200 and f"dvc remote add -f -d ropewalk {remote.url}" in body.decode()
    status, headers, _ = remote.ask("GET", "", headers={"Accept": "text/html"})
    assert (status, headers["Location"]) == (302, remote.path.removesuffix(".dvc"))


SEEN = {  # who → (read, write) of a private and of a public project
    "dvc-owner": ((200, 200), (200, 200)),
    "dvc-writer": ((200, 200), (200, 200)),
    "dvc-reader": ((200, 403), (200, 403)),
    "dvc-stranger": ((404, 404), (200, 403)),
    "anonymous": ((401, 401), (200, 401)),
    "wrong": ((401, 401), (401, 401)),
}


@pytest.mark.parametrize("who", SEEN)
def test_who_may_read_and_write(remote: Remote, public_remote: Remote, who: str) -> None:
    content = b"for everybody who may"
    for one, (read, write) in zip((remote, public_remote), SEEN[who], strict=True):
        assert one.ask("PUT", address(content), content)[0] in {200, 201}
        assert one.ask("GET", address(content), who=who)[0] == read
        assert one.ask("HEAD", address(content), who=who)[0] == read
        status, headers, body = one.ask("PUT", address(content), content, who=who)
        assert status == write
        if status == 401:
            assert headers["WWW-Authenticate"].startswith("Basic") and body
        forged = secrets.token_bytes(9)
        if write != 200:
            one.ask("PUT", address(forged), forged, who=who)
            assert one.ask("GET", address(forged))[0] == 404


def test_refused_upload_is_read_so_that_the_client_hears_why(remote: Remote) -> None:
    content = secrets.token_bytes(8_000_000)
    status, _, body = remote.ask("PUT", address(content), content, who="dvc-reader")
    assert status == 403 and b"role" in body
