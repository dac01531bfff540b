"""Addresses that the server may be sent to by somebody else's words.

A URL is taken apart strictly, its host is resolved **once**, every address found is held against the networks that nobody may
reach through us, and the caller connects to those addresses and to no others: a name that answers differently a moment later
(DNS rebinding) leads nowhere.
"""

import ipaddress
import re
import socket
from collections.abc import Collection
from dataclasses import dataclass
from urllib.parse import urlsplit

from django.conf import settings

from ropewalk.core.errors import Invalid, Unavailable

MAX_URL = 2000
PORTS = {"http": 80, "https": 443, "git": 9418}
Address = ipaddress.IPv4Address | ipaddress.IPv6Address

_PRINTABLE = re.compile(r"[!-~]+")
_LABEL = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)")
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
# Addresses that are public by the registry's word and still lead inside, and ranges that carry others.
_NEVER = tuple(
    ipaddress.ip_network(text) for text in ("168.63.129.16/32", "64:ff9b:1::/48", "2001::/32", "::/96")
)


class AddressRefused(Invalid):
    """The address leads into a network that people may not reach through this server."""

    code = "address_refused"


@dataclass(frozen=True)
class Target:
    """A checked address with what its host resolved to; connect to ``addresses`` only."""

    scheme: str
    host: str
    port: int
    path: str
    addresses: tuple[Address, ...]

    @property
    def url(self) -> str:
        """The address written in one way only."""
        return f"{self.scheme}://{_bracketed(self.host)}:{self.port}{self.path}"

    @property
    def pinned_url(self) -> str:
        """The same with the first resolved address in place of the host."""
        return f"{self.scheme}://{_bracketed(str(self.addresses[0]))}:{self.port}{self.path}"

    @property
    def curl_resolve(self) -> str:
        """``HOST:PORT:ADDRESS,…`` as curl takes it, so that it asks no name server."""
        found = ",".join(_bracketed(str(address)) for address in self.addresses)
        return f"{self.host}:{self.port}:{found}"


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def read_url(url: str, schemes: Collection[str]) -> tuple[str, str, int, str]:
    """Scheme, host, port and path of an address of the plainest shape. Raises :class:`Invalid`; asks no name server."""
    if not url or len(url) > MAX_URL or not _PRINTABLE.fullmatch(url) or "\\" in url:
        raise Invalid(
            "This is not an address.", hint="Give one such as https://example.org/team/project.git."
        )
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise Invalid("The host or port of this address can't be read.") from None
    if parts.scheme not in schemes or not parts.netloc:
        raise Invalid(
            f"An address begins with {', '.join(f'{name}://' for name in schemes)}.", code="bad_scheme"
        )
    if "@" in parts.netloc:
        raise Invalid(
            "The address must not contain a user name, password or token.", code="credentials_in_url"
        )
    if parts.query or parts.fragment or not parts.path.startswith("/"):
        raise Invalid("The address is a plain path on its host, without “?” and “#”.")
    if port == 0:
        raise Invalid("Port 0 can't be reached.")
    return parts.scheme, _host(parts.hostname or ""), port or PORTS[parts.scheme], parts.path


def _host(host: str) -> str:
    try:
        if "%" not in host:
            return str(ipaddress.ip_address(host))
    except ValueError:
        pass
    labels = host.split(".")
    # Anything else that ends in a number is one of the old ways to write an address (127.1, 2130706433, 0x7f.1).
    if len(host) > 253 or not all(_LABEL.fullmatch(part) for part in labels) or _NUMBER.fullmatch(labels[-1]):
        raise Invalid("The host of this address can't be read.", hint="Write a name or a whole address.")
    return host


def resolve(url: str, schemes: Collection[str]) -> Target:
    """Check an address and resolve its host, once.

    Raises :class:`Invalid` for a malformed one, :class:`Unavailable` when the name is not known, :class:`AddressRefused` when
    any of what it resolves to is not to be reached.
    """
    scheme, host, port, path = read_url(url, schemes)
    try:
        rows = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP)
    except (OSError, UnicodeError):
        raise Unavailable(
            f"The host {host} is not known.", hint="Check the address.", code="unknown_host"
        ) from None
    found = tuple(dict.fromkeys(ipaddress.ip_address(str(row[4][0]).split("%")[0]) for row in rows))
    if not found or not all(is_reachable(address) for address in found):
        raise AddressRefused(
            f"{host} is in a network that this server does not go to.",
            hint="The operator can allow it in ROPEWALK_ALLOWED_NETWORKS.",
        )
    return Target(scheme, host, port, path, found)


def is_reachable(address: Address) -> bool:
    """Whether people may send the server to this address: a public one, or one that the operator allowed."""
    meant = _carried(address)
    if any(meant in network for network in settings.ROPEWALK_ALLOWED_NETWORKS):
        return True
    if any(meant in network for network in _NEVER):
        return False
    return meant.is_global and not meant.is_multicast and not meant.is_reserved


def _carried(address: Address) -> Address:
    """The IPv4 address that an IPv6 one stands for (mapped, NAT64, 6to4); any other address itself."""
    if isinstance(address, ipaddress.IPv4Address):
        return address
    if address in _NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour or address
