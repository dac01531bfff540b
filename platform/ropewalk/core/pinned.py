"""HTTP to a server that somebody named: to the addresses that :mod:`ropewalk.core.outbound` checked and to no others.

No redirects, no proxy, no cookies, no name server, no netrc, nothing decompressed: what comes back is the bytes of one answer.
"""

import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

import urllib3
from django.conf import settings
from urllib3.exceptions import HTTPError, SSLError

from ropewalk.core.errors import Unavailable
from ropewalk.core.outbound import PORTS, Target

BLOCK = 1 << 20
_CONNECT, _READ = 15.0, 60.0


class UntrustedServer(Unavailable):
    """The server's certificate is not signed by anybody who is trusted here."""

    code = "untrusted_server"

    def __init__(self) -> None:
        super().__init__(
            "The other server's certificate is not trusted here.",
            hint="The operator can name who signed it in ROPEWALK_CA_FILE.",
        )


class BrokenAnswer(Unavailable):
    """The server can't be reached, or its answer ended too early; asking again may help."""

    code = "broken_answer"


@dataclass(frozen=True)
class Answer:
    """A status with headers (lower case) and the body's blocks, of at most 1 MiB; iterating raises :class:`BrokenAnswer`."""

    status: int
    headers: Mapping[str, str]
    blocks: Iterator[bytes]


class PinnedHttp:
    """GET requests to one checked target, over at most ``connections`` kept connections; safe to share between threads."""

    def __init__(self, target: Target, *, connections: int = 8) -> None:
        self._target = target
        # The pools' host is what is connected to; name and certificate are the target's own.
        self._pools = [self._pool(str(address), connections) for address in target.addresses[:4]]

    def _pool(self, address: str, connections: int) -> urllib3.HTTPConnectionPool:
        timeout = urllib3.Timeout(connect=_CONNECT, read=_READ)
        port, host = self._target.port, self._target.host
        if self._target.scheme == "http":
            return urllib3.HTTPConnectionPool(address, port, timeout=timeout, maxsize=connections, block=True)
        trusted = ssl.create_default_context(cafile=settings.ROPEWALK_CA_FILE or None)
        return urllib3.HTTPSConnectionPool(
            address,
            port,
            timeout=timeout,
            maxsize=connections,
            block=True,
            ssl_context=trusted,
            server_hostname=host,
            assert_hostname=host,
        )

    @property
    def host_header(self) -> str:
        """The host as a client writes it: with its port where that is not the scheme's own."""
        host = f"[{self._target.host}]" if ":" in self._target.host else self._target.host
        return host if self._target.port == PORTS[self._target.scheme] else f"{host}:{self._target.port}"

    @contextmanager
    def get(self, path: str, headers: Mapping[str, str]) -> Iterator[Answer]:
        """Ask for ``path`` (encoded, absolute). Raises :class:`BrokenAnswer`, :class:`UntrustedServer`."""
        sent = {"User-Agent": "Ropewalk", **headers, "Host": self.host_header, "Accept-Encoding": "identity"}
        response, fault = None, BrokenAnswer("The other server can't be reached.")
        for pool in self._pools:
            try:
                response = pool.request(
                    "GET",
                    path,
                    headers=sent,
                    redirect=False,
                    retries=False,
                    preload_content=False,
                    decode_content=False,
                )
                break
            except SSLError:
                raise UntrustedServer from None
            except HTTPError:
                continue
        if response is None:
            raise fault
        try:
            found = {name.lower(): value for name, value in response.headers.items()}
            yield Answer(response.status, found, _blocks(response))
        finally:
            response.close()  # what was not read must not be taken for the next answer
            response.release_conn()

    def close(self) -> None:
        """Close kept connections."""
        for pool in self._pools:
            pool.close()


def _blocks(response: urllib3.BaseHTTPResponse) -> Iterator[bytes]:
    try:
        yield from response.stream(BLOCK, decode_content=False)
    except HTTPError:
        raise BrokenAnswer("The other server's answer ended too early.") from None


__all__ = ["Answer", "BrokenAnswer", "PinnedHttp", "UntrustedServer"]
