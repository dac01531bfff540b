"""A wire between a client and the server that stands still at a chosen byte, or swallows the answer."""

import socket
import threading
import time
from contextlib import suppress
from urllib.parse import urlsplit

from tests.protocol.git.conftest import Ssh, Stage


class Relay:
    """Hands bytes on between ``127.0.0.1:port`` and the server.

    Of what clients send, only the first ``pass_on`` bytes; then :attr:`held` is set and nothing moves any more. What the server
    says after clients sent ``quiet_after`` bytes is swallowed, so that they wait for it.
    """

    def __init__(
        self, target: tuple[str, int], *, pass_on: int = 1 << 60, quiet_after: int = 1 << 60
    ) -> None:
        self._target = target
        self._left = pass_on
        self._loud = quiet_after
        self.held = threading.Event()
        self._quiet_since = float("inf")
        self._ends: list[socket.socket] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                server = socket.create_connection(self._target)
                self._ends += [client, server]
                threading.Thread(target=self._up, args=(client, server), daemon=True).start()
                threading.Thread(target=self._down, args=(client, server), daemon=True).start()

    def _up(self, client: socket.socket, server: socket.socket) -> None:
        with suppress(OSError):
            while block := client.recv(65536):
                server.sendall(block[: self._left])
                self._left -= min(len(block), self._left)
                self._loud -= len(block)
                if self._loud <= 0:
                    self._quiet_since = time.monotonic()
                if not self._left:
                    self.held.set()
                    return
            server.shutdown(socket.SHUT_WR)

    def _down(self, client: socket.socket, server: socket.socket) -> None:
        with suppress(OSError):
            while block := server.recv(65536):
                if self._loud > 0:
                    client.sendall(block)
            client.shutdown(socket.SHUT_WR)

    def heard_all(self, silence: float = 0.3) -> bool:
        """Whether a client sent its ``quiet_after`` bytes, and then nothing for these seconds: it waits for the answer."""
        return time.monotonic() - self._quiet_since > silence

    def close(self) -> None:
        """Break every connection."""
        for end in (self._listener, *self._ends):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()


def web_address(stage: Stage) -> tuple[str, int]:
    """Where the instance's web server listens."""
    address = urlsplit(stage.instance.url)
    return address.hostname or "127.0.0.1", address.port or 80


def through(relay: Relay, stage: Stage, ssh: Ssh, edge: str, slug: str) -> tuple[str, dict[str, str]]:
    """The writer's address of a project by the relay, and the environment that git needs for it."""
    if edge == "http":
        return stage.url(slug, "writer").replace(f":{web_address(stage)[1]}/", f":{relay.port}/"), {}
    alias = ("-o", f"HostKeyAlias=[127.0.0.1]:{ssh.port}")
    command = ssh.env("writer", *alias)["GIT_SSH_COMMAND"].replace(f"-p {ssh.port}", f"-p {relay.port}")
    return ssh.url(slug).replace(f":{ssh.port}/", f":{relay.port}/"), {"GIT_SSH_COMMAND": command}
