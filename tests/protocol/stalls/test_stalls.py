"""Clients that stand still in the middle of a transfer, on a server with two threads: none is lost, nothing is left."""

import hashlib
import select
import socket
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from infra.embedded.services import temporary_home
from tests.fixtures.instance import Instance
from tests.protocol.dvc.conftest import Remote, make_remote

PATIENCE = 3
WAIT = 120  # for what must happen at last, on however busy a machine
ZERO = "0" * 40
CONTENT = hashlib.sha512(b"seed").digest() * (1 << 19)  # 32 MiB: more than a connection's buffers hold


@pytest.fixture(scope="module")
def remote() -> Iterator[Remote]:
    """A project on an instance that soon loses its patience, with two threads for all."""
    settings = {"ROPEWALK_WEB_PROCESSES": "1", "ROPEWALK_WEB_THREADS": "2", "ROPEWALK_VOLATILE": "1"}
    with temporary_home() as home:
        running = Instance(home, ROPEWALK_BODY_STALL_SECONDS=str(PATIENCE), **settings)
        try:
            yield make_remote(running.start())
        finally:
            running.discard()


def object_path(content: bytes) -> str:
    digest = hashlib.md5(content).hexdigest()
    return f"/files/md5/{digest[:2]}/{digest[2:]}"


def begin(remote: Remote, method: str, path: str, *headers: str) -> socket.socket:
    """A connection with the head of a request sent."""
    address = urlsplit(remote.instance.url)
    connection = socket.socket()
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 16)
    connection.settimeout(WAIT)
    connection.connect((address.hostname, address.port))
    lines = [
        f"{method} {path} HTTP/1.1",
        f"Host: {address.netloc}",
        *(f"{name}: {value}" for name, value in remote.basic("dvc-owner").items()),
        *headers,
    ]
    connection.sendall("".join(f"{line}\r\n" for line in [*lines, ""]).encode())
    return connection


def answer(connection: socket.socket) -> bytes:
    """Everything until the server ends the connection; fails when it does not."""
    parts = []
    with connection:
        while block := connection.recv(1 << 16):
            parts.append(block)
    return b"".join(parts)


def dvc_upload(remote: Remote) -> socket.socket:
    connection = begin(remote, "PUT", remote.path + object_path(CONTENT), f"Content-Length: {len(CONTENT)}")
    connection.sendall(CONTENT[: 2 << 20])
    return connection


def dvc_chunked(remote: Remote) -> socket.socket:
    path = remote.path + object_path(CONTENT)
    connection = begin(remote, "POST", path, "Transfer-Encoding: chunked")
    connection.sendall(b"%x\r\n" % (4 << 20) + CONTENT[: 2 << 20])
    return connection


def artifact(remote: Remote) -> socket.socket:
    path = remote.path.replace(".dvc", ".mlflow") + "/api/2.0/mlflow-artifacts/artifacts/1/r/artifacts/big"
    connection = begin(remote, "PUT", path, f"Content-Length: {len(CONTENT)}")
    connection.sendall(CONTENT[: 2 << 20])
    return connection


def push(remote: Remote) -> socket.socket:
    path = remote.path.replace(".dvc", ".git") + "/git-receive-pack"
    kind = "Content-Type: application/x-git-receive-pack-request"
    connection = begin(remote, "POST", path, kind, "Content-Length: 100000")
    command = f"{ZERO} {'1' * 40} refs/heads/main\0 report-status".encode()
    connection.sendall(b"%04x" % (len(command) + 4) + command + b"0000" + b"PACK\0\0\0\2\0\0\0\1")
    return connection


def page_form(remote: Remote) -> socket.socket:
    connection = begin(remote, "POST", "/api/v1/user/repos", "Content-Length: 500")
    connection.sendall(b"name=")
    return connection


def half_a_head(remote: Remote) -> socket.socket:
    address = urlsplit(remote.instance.url)
    connection = socket.create_connection((address.hostname, address.port), timeout=WAIT)
    connection.sendall(b"GET / HTTP/1.1\r\nHost:")
    return connection


def leftovers(remote: Remote) -> list[Path]:
    home = remote.instance.home
    halves = ("objects/.tmp/*", "objects/o/p/*/dvc/**/*", "objects/o/p/*/mlflow/**/big*")
    packs = ("repos/*.git/objects/tmp_objdir*", "repos/*.git/objects/incoming*", "repos/*.git/refs/heads/*")
    return [path for pattern in (*halves, *packs) for path in home.glob(pattern) if path.is_file()]


@pytest.mark.parametrize("stall", [dvc_upload, dvc_chunked, artifact, push, page_form])
def test_a_body_that_stops_ends_the_connection_and_leaves_nothing(remote: Remote, stall: object) -> None:
    assert callable(stall)
    ended = answer(stall(remote))
    if stall is not page_form:
        assert ended.startswith(b"HTTP/1.1 408 ")
    deadline = time.monotonic() + WAIT
    while leftovers(remote) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert leftovers(remote) == []


def test_stalled_clients_do_not_take_all_threads(remote: Remote) -> None:
    stalled = [stall(remote) for stall in (dvc_upload, half_a_head, artifact, half_a_head, push)]
    with urllib.request.urlopen(f"{remote.instance.url}/healthz", timeout=WAIT) as response:
        assert response.status == 200
    for connection in stalled:
        answer(connection)


def test_a_slow_upload_is_not_cut(remote: Remote) -> None:
    content = CONTENT[:4000]
    connection = begin(remote, "PUT", remote.path + object_path(content), "Content-Length: 4000")
    for start in range(0, 4000, 500):
        time.sleep(PATIENCE / 4)
        connection.sendall(content[start : start + 500])
    assert connection.recv(100).startswith(b"HTTP/1.1 201 ")
    connection.close()


def test_a_download_that_nobody_reads_is_cut_and_a_slow_one_is_not(remote: Remote) -> None:
    path = object_path(CONTENT)
    assert remote.ask("PUT", path[1:], CONTENT)[0] == 201
    unread = [begin(remote, "GET", remote.path + path) for _ in range(2)]
    slow = begin(remote, "GET", remote.path + path, "Connection: close")  # served when a thread is free again
    head = b""
    for _ in range(8):
        head += slow.recv(1 << 16)
        time.sleep(PATIENCE / 4)
    _, _, body = (head + answer(slow)).partition(b"\r\n\r\n")
    assert body == CONTENT
    for connection in unread:
        poll = select.poll()
        poll.register(connection, 0)
        assert poll.poll(WAIT * 1000)  # a reset
        with pytest.raises(ConnectionResetError):
            answer(connection)
