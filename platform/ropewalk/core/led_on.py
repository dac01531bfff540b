"""HTTP that goes where a server's answers lead on, each step checked as if somebody had typed its address.

What a sign-in adds to a request is for the server that was named; no other gets it. Presigned storage, which is where servers of
data lead to, carries its own right in the address.
"""

import threading
from collections.abc import Collection, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from urllib.parse import urljoin

from ropewalk.core import outbound
from ropewalk.core.errors import Unprocessable
from ropewalk.core.pinned import Answer, PinnedHttp

MAX_STEPS = 5
MAX_HOSTS = 8
_MAX_LOCATION = 8192  # the signature and session token of a presigned address take most of it
_STATUSES = frozenset({301, 302, 303, 307, 308})
_Origin = tuple[str, str, int]


class LedAstray(Unprocessable):
    """The server leads to what can't be gone to: in a circle, to an unprotected address, to too many hosts, or nowhere."""

    code = "redirected"


class LedOnHttp:
    """GET requests that begin at one checked target. Each further host is resolved once; safe to share between threads."""

    def __init__(self, target: outbound.Target, schemes: Collection[str], *, connections: int = 8) -> None:
        self._schemes, self._connections = schemes, connections
        self._start: _Origin = (target.scheme, target.host, target.port)
        self._lock = threading.Lock()
        self._clients = {self._start: PinnedHttp(target, connections=connections)}

    @property
    def host_header(self) -> str:
        """The first host as a client writes it."""
        return self._clients[self._start].host_header

    @contextmanager
    def get(self, path: str, headers: Mapping[str, str]) -> Iterator[Answer]:
        """Ask for ``path``; ``headers`` go to the first server only, and as long as it leads to nobody else.

        Raises :class:`LedAstray`, :class:`~ropewalk.core.outbound.AddressRefused` and what the first request may raise.
        """
        origin = self._start
        for _ in range(MAX_STEPS + 1):
            with ExitStack() as stack:
                answer = stack.enter_context(self._client(origin).get(path, headers))
                location = answer.headers.get("location", "") if answer.status in _STATUSES else ""
                if not location:
                    yield answer
                    return
            following, path = self._read(origin, path, location)
            headers = headers if following == origin else {}
            origin = following
        raise LedAstray(f"The server leads on more than {MAX_STEPS} times.", hint="It may lead in a circle.")

    def _read(self, origin: _Origin, path: str, location: str) -> tuple[_Origin, str]:
        if len(location) > _MAX_LOCATION or not location.isascii() or not location.isprintable():
            raise LedAstray("The server leads to an address that can't be read.")
        scheme, host, port = origin
        shown = f"[{host}]" if ":" in host else host
        try:
            whole = urljoin(f"{scheme}://{shown}:{port}{path}", location).partition("#")[0]
        except ValueError:
            raise LedAstray("The server leads to an address that can't be read.") from None
        plain, mark, query = whole.partition("?")
        target = outbound.read_url(plain, self._schemes)
        if scheme == "https" and target[0] != "https":
            raise LedAstray("The server leads from a protected address to one without TLS.")
        return target[:3], f"{target[3]}{mark}{query}"

    def _client(self, origin: _Origin) -> PinnedHttp:
        with self._lock:
            known = self._clients.get(origin)
            if known is None:
                if len(self._clients) > MAX_HOSTS:
                    raise LedAstray(f"The server leads to more than {MAX_HOSTS} other hosts.")
                scheme, host, port = origin
                shown = f"[{host}]" if ":" in host else host
                target = outbound.resolve(f"{scheme}://{shown}:{port}/", self._schemes)
                known = self._clients[origin] = PinnedHttp(target, connections=self._connections)
            return known

    def close(self) -> None:
        """Close kept connections."""
        for client in self._clients.values():
            client.close()


__all__ = ["LedAstray", "LedOnHttp"]
