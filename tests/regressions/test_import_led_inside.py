"""An address that somebody types must not lead the server into its own network, to its files or to a program."""

import ipaddress
import socket
from typing import Any

import pytest

from ropewalk.core import outbound
from ropewalk.core.errors import Invalid
from ropewalk.repos.fetching import SCHEMES


@pytest.mark.parametrize(
    "url",
    [
        "ext::sh -c id",
        "ext::sh",
        "file:///etc",
        "/etc/passwd",
        "ssh://git@example.org/a.git",
        "git@example.org:a.git",
        "-oProxyCommand=id",
        "--upload-pack=id",
        "ssh://-oProxyCommand=id/a",
        "http://-oProxyCommand=id/a",
        "http://127.1/a.git",
        "http://2130706433/a.git",
        "http://0x7f.1/a.git",
        "http://0x7f000001/a.git",
        "http://0177.0.0.1/a.git",
        "http://127.0.0.1/a.git",
        "http://127.0.0.1./a.git",
        "http://localhost/a.git",
        "http://0.0.0.0/a.git",
        "http://10.0.0.5/a.git",
        "http://100.64.0.1/a.git",
        "http://169.254.169.254/latest",
        "http://168.63.129.16/a.git",
        "http://224.0.0.1/a.git",
        "git://192.168.1.1/a.git",
        "http://[::1]/a.git",
        "http://[::]/a.git",
        "http://[::127.0.0.1]/a.git",
        "http://[::ffff:127.0.0.1]/a.git",
        "http://[64:ff9b::7f00:1]/a.git",
        "http://[2002:7f00:1::]/a.git",
        "http://[fe80::1%25eth0]/a.git",
        "http://[fd00:ec2::254]/a.git",
        "http://[ff02::1]/a.git",
        "http://user:secret@example.org/a.git",
        "http://example.org@127.0.0.1/a.git",
        "http://example.org\\@127.0.0.1/a.git",
        "http://example.org:80:81/a.git",
        "http://example.org:0/a.git",
        "http://example.org/a.git\nHost: x",
        "http://example.org/a\r.git",
        "http://exa mple.org/a.git",
        "http://①②⑦.0.0.1/a.git",
        "http://example.org/a.git?x=1",
        "http://example.org/a.git#x",
        "http:///a.git",
        "https:a.git",
        "",
        "http://example.org/" + "a" * 2000,
    ],
)
def test_hostile_address_is_refused(url: str) -> None:
    with pytest.raises(Invalid):
        outbound.resolve(url, SCHEMES)


def test_one_private_address_among_public_ones_is_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    answers: list[Any] = [(2, 1, 6, "", ("93.184.215.14", 443)), (2, 1, 6, "", ("10.0.0.1", 443))]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: answers)
    with pytest.raises(outbound.AddressRefused):
        outbound.resolve("https://example.org/a.git", SCHEMES)
    del answers[1]
    target = outbound.resolve("https://Example.org/a.git", SCHEMES)
    assert target.curl_resolve == "example.org:443:93.184.215.14"
    assert target.url == "https://example.org:443/a.git"


def test_operator_allows_a_network(settings: Any) -> None:
    settings.ROPEWALK_ALLOWED_NETWORKS = (ipaddress.ip_network("127.0.0.0/8"),)
    assert outbound.resolve("git://127.0.0.1/a.git", SCHEMES).pinned_url == "git://127.0.0.1:9418/a.git"
    assert outbound.resolve("git://[::ffff:127.0.0.1]/a.git", SCHEMES).port == 9418
    with pytest.raises(outbound.AddressRefused):
        outbound.resolve("git://10.0.0.1/a.git", SCHEMES)
