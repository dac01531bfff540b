"""Requests to a checked address: the certificate is held to the name, the connection to the address, and nothing is followed."""

import ipaddress
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from ropewalk.core.outbound import Target
from ropewalk.core.pinned import BrokenAnswer, PinnedHttp, UntrustedServer
from tests.fixtures.elsewhere import certified


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    seen: list[tuple[str, str]]

    def do_GET(self) -> None:
        self.seen.append((self.path, self.headers["Host"]))
        self.send_response(302 if self.path == "/away" else 200)
        self.send_header("Location", "/found")
        self.send_header("Content-Encoding", "gzip")  # a lie: the bytes are handed out as they came
        self.send_header("Content-Length", "5")
        self.end_headers()
        self.wfile.write(b"bytes" if self.path != "/cut" else b"by")
        self.close_connection = self.path == "/cut"

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def serving(context: ssl.SSLContext | None) -> Iterator[tuple[int, list[tuple[str, str]]]]:
    handler = type("Handler", (_Handler,), {"seen": []})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    if context is not None:
        server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server.server_port, handler.seen  # type: ignore[attr-defined]  # made above
    finally:
        server.shutdown()
        server.server_close()


def target(port: int, *, host: str = "127.0.0.1", scheme: str = "https") -> Target:
    return Target(scheme, host, port, "/", (ipaddress.ip_address("127.0.0.1"),))


def read(http: PinnedHttp, path: str) -> tuple[int, bytes]:
    with http.get(path, {}) as answer:
        return answer.status, b"".join(answer.blocks)


def test_certificates(tmp_path: Path, settings: Any) -> None:
    context, authority = certified(tmp_path)
    settings.ROPEWALK_CA_FILE = ""
    with serving(context) as (port, seen):
        with pytest.raises(UntrustedServer):
            read(PinnedHttp(target(port)), "/")
        settings.ROPEWALK_CA_FILE = str(authority)
        assert read(PinnedHttp(target(port)), "/") == (200, b"bytes")
        # The address is the same, the certificate is not for this name.
        with pytest.raises(UntrustedServer):
            read(PinnedHttp(target(port, host="example.org")), "/")
        assert seen == [("/", f"127.0.0.1:{port}")]


def test_names_are_not_looked_up_and_redirects_not_followed() -> None:
    with serving(None) as (port, seen):
        http = PinnedHttp(target(port, host="no-such-host.invalid", scheme="http"))
        assert read(http, "/away") == (302, b"bytes")
        assert read(http, "/a%20b")[0] == 200
        with pytest.raises(BrokenAnswer):
            read(http, "/cut")
        assert [path for path, _ in seen] == ["/away", "/a%20b", "/cut"]
        assert {host for _, host in seen} == {f"no-such-host.invalid:{port}"}
    with pytest.raises(BrokenAnswer):
        read(http, "/")
