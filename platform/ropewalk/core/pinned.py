"""HTTP to a server that somebody named: to the addresses that :mod:`ropewalk.core.outbound` checked and to no others.

No redirects, no proxy, no cookies, no name server, no netrc, nothing decompressed: what comes back is the bytes of one answer.
"""

import socket
import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import urllib3
from django.conf import settings
from urllib3.exceptions import HTTPError, SSLError

from ropewalk.core.deadline import Deadline
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


class TookTooLong(BrokenAnswer):
    """The deadline passed before the answer had come."""

    code = "took_too_long"

    def __init__(self) -> None:
        super().__init__("The other server took too long to answer.", hint="Try again later.")


class PinnedHttp:
    """GET and HEAD requests to one checked target, over at most ``connections`` kept connections; safe to share between threads.

    With a ``deadline`` whatever has not come when it passes raises :class:`TookTooLong`; whoever reads may renew it.
    """

    def __init__(self, target: Target, *, connections: int = 8, deadline: Deadline | None = None) -> None:
        self._target, self._deadline = target, deadline
        # The pools' host is what is connected to; name and certificate are the target's own.
        self._pools = [self._pool(str(address), connections) for address in target.addresses[:4]]

    def _pool(self, address: str, connections: int) -> urllib3.HTTPConnectionPool:
        connect = _CONNECT if self._deadline is None else _CONNECT / 3
        timeout = urllib3.Timeout(connect=connect, read=_READ)
        port, host = self._target.port, self._target.host
        pool: urllib3.HTTPConnectionPool
        if self._target.scheme == "http":
            pool = urllib3.HTTPConnectionPool(address, port, timeout=timeout, maxsize=connections, block=True)
        else:
            trusted = ssl.create_default_context(cafile=settings.ROPEWALK_CA_FILE or None)
            pool = urllib3.HTTPSConnectionPool(
                address,
                port,
                timeout=timeout,
                maxsize=connections,
                block=True,
                ssl_context=trusted,
                server_hostname=host,
                assert_hostname=host,
            )
        if self._deadline is not None:
            pool.ConnectionCls = _watched(pool.ConnectionCls, self._deadline)
        return pool

    @property
    def host_header(self) -> str:
        """The host as a client writes it: with its port where that is not the scheme's own."""
        host = f"[{self._target.host}]" if ":" in self._target.host else self._target.host
        return host if self._target.port == PORTS[self._target.scheme] else f"{host}:{self._target.port}"

    @contextmanager
    def get(self, path: str, headers: Mapping[str, str], *, method: str = "GET") -> Iterator[Answer]:
        """Ask for ``path`` (encoded, absolute). Raises :class:`BrokenAnswer`, :class:`UntrustedServer`."""
        sent = {"User-Agent": "Ropewalk", **headers, "Host": self.host_header, "Accept-Encoding": "identity"}
        response, fault = None, BrokenAnswer("The other server can't be reached.")
        for pool in self._pools:
            try:
                response = pool.request(
                    method,
                    path,
                    headers=sent,
                    redirect=False,
                    retries=False,
                    preload_content=False,
                    decode_content=False,
                )
                break
            except HTTPError as error:
                if self._late():
                    raise TookTooLong from None
                if isinstance(error, SSLError):
                    raise UntrustedServer from None
        if response is None:
            raise fault
        try:
            found = {name.lower(): value for name, value in response.headers.items()}
            yield Answer(response.status, found, self._blocks(response))
        finally:
            response.close()  # what was not read must not be taken for the next answer
            response.release_conn()

    def close(self) -> None:
        """Close kept connections."""
        for pool in self._pools:
            pool.close()

    def _blocks(self, response: urllib3.BaseHTTPResponse) -> Iterator[bytes]:
        try:
            yield from response.stream(BLOCK, decode_content=False)
        except HTTPError:
            if self._late():
                raise TookTooLong from None
            raise BrokenAnswer("The other server's answer ended too early.") from None
        if self._late():  # without a length, a connection that was cut looks like an answer that is whole
            raise TookTooLong

    def _late(self) -> bool:
        return self._deadline is not None and self._deadline.passed


def _watched(kind: Any, deadline: Deadline) -> Any:
    """The same kind of connection, each one told to the deadline before anything is sent."""

    def connect(connection: Any) -> socket.socket:
        made: socket.socket = kind._new_conn(connection)
        deadline.watch(made)
        return made

    return type("Watched", (kind,), {"_new_conn": connect})


__all__ = ["Answer", "BrokenAnswer", "PinnedHttp", "TookTooLong", "UntrustedServer"]
