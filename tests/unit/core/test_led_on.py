"""Where a server leads is gone to within bounds: no secret goes along, no private address is reached, no circle is walked."""

import ipaddress
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from ropewalk.core import outbound
from ropewalk.core.errors import Invalid
from ropewalk.core.led_on import MAX_HOSTS, MAX_STEPS, LedAstray, LedOnHttp
from ropewalk.core.outbound import AddressRefused
from tests.fixtures.elsewhere import certified

SECRET = {"Authorization": "Bearer secret"}


class Server:
    """Leads from the paths in ``leads``; says ``bytes`` at any other. ``seen`` has path and Authorization of each request."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.leads: dict[str, str] = {}
        self.seen: list[tuple[str, str]] = []


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_: Server

    def do_GET(self) -> None:
        self.server_.seen.append((self.path, self.headers.get("Authorization", "")))
        location = self.server_.leads.get(self.path)
        self.send_response(200 if location is None else 302)
        if location is not None:
            self.send_header("Location", location)
        self.send_header("Content-Length", "5")
        self.end_headers()
        self.wfile.write(b"bytes")

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def serving(context: ssl.SSLContext | None = None) -> Iterator[Server]:
    web = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    web.daemon_threads = True
    if context is not None:
        web.socket = context.wrap_socket(web.socket, server_side=True)
    server = Server(f"{'https' if context else 'http'}://127.0.0.1:{web.server_port}")
    web.RequestHandlerClass = type("Handler", (_Handler,), {"server_": server})
    threading.Thread(target=web.serve_forever, daemon=True).start()
    try:
        yield server
    finally:
        web.shutdown()
        web.server_close()


@pytest.fixture(autouse=True)
def allowed(settings: Any) -> None:
    settings.ROPEWALK_ALLOWED_NETWORKS = (ipaddress.ip_network("127.0.0.1/32"),)
    settings.ROPEWALK_CA_FILE = ""


def beginning(server: Server) -> LedOnHttp:
    schemes = ("https", "http")
    return LedOnHttp(outbound.resolve(f"{server.url}/", schemes), schemes)


def read(http: LedOnHttp, path: str) -> tuple[int, bytes]:
    with http.get(path, SECRET) as answer:
        return answer.status, b"".join(answer.blocks)


def test_another_host_gets_the_whole_address_and_no_secret() -> None:
    with serving() as first, serving() as second:
        first.leads["/a"] = f"{second.url}/b%20c?X-Signature=s%2Fg&n=1#part"
        second.leads["/b%20c?X-Signature=s%2Fg&n=1"] = "/d"
        assert read(beginning(first), "/a") == (200, b"bytes")
        assert first.seen == [("/a", "Bearer secret")]
        assert second.seen == [("/b%20c?X-Signature=s%2Fg&n=1", ""), ("/d", "")]


def test_the_secret_stays_with_its_server_and_does_not_come_back() -> None:
    with serving() as first, serving() as second:
        first.leads |= {"/a": "b", "/b": f"{second.url}/c"}
        second.leads["/c"] = f"{first.url}/d"
        assert read(beginning(first), "/a") == (200, b"bytes")
        assert first.seen == [("/a", "Bearer secret"), ("/b", "Bearer secret"), ("/d", "")]


@pytest.mark.parametrize(
    ("location", "fault"),
    [
        ("http://127.0.0.2/x", AddressRefused),
        ("http://169.254.169.254/latest/meta-data/", AddressRefused),
        ("http://[::1]/x", AddressRefused),
        ("//127.0.0.2/x", AddressRefused),
        ("file:///etc/passwd", Invalid),
        ("ftp://127.0.0.1/x", Invalid),
        ("http://user:pw@127.0.0.1/x", Invalid),
        ("http://127.1/x", Invalid),
        ("http://[::1/x", LedAstray),
        ("/" + "x" * 9000, LedAstray),
    ],
)
def test_where_nobody_is_led(location: str, fault: type[Exception]) -> None:
    with serving() as first:
        first.leads["/a"] = location
        with pytest.raises(fault):
            read(beginning(first), "/a")
        assert len(first.seen) == 1


def test_circles_and_crowds_end() -> None:
    with serving() as first:
        first.leads["/a"] = "/a"
        with pytest.raises(LedAstray):
            read(beginning(first), "/a")
        assert len(first.seen) == MAX_STEPS + 1
        http = beginning(first)
        for port in range(1, MAX_HOSTS + 1):
            first.leads[f"/{port}"] = f"http://127.0.0.1:{port}/"
            with pytest.raises(Exception, match="reached"):
                read(http, f"/{port}")
        first.leads["/more"] = "http://127.0.0.1:99/"
        with pytest.raises(LedAstray, match="hosts"):
            read(http, "/more")


def test_tls_is_not_left(tmp_path: Path, settings: Any) -> None:
    context, authority = certified(tmp_path)
    settings.ROPEWALK_CA_FILE = str(authority)
    with serving(context) as first, serving() as second:
        first.leads |= {"/a": f"{second.url}/b", "/c": "/d"}
        http = beginning(first)
        assert read(http, "/c") == (200, b"bytes")
        with pytest.raises(LedAstray, match="TLS"):
            read(http, "/a")
        assert second.seen == []
