"""The SSH server: who a key speaks for, how much each client may hold open, and nothing but git."""

import asyncio
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import asyncssh
import structlog
from django.conf import settings
from django.db import connections

from ropewalk.access.types import Actor
from ropewalk.accounts import credentials
from ropewalk.accounts.types import Credential
from ropewalk.core import outages
from ropewalk.core.errors import Unavailable
from ropewalk.edges.ssh.exchange import Visit, answer
from ropewalk.edges.ssh.host_key import host_key
from ropewalk.edges.ssh.wire import WINDOW, Wire

log = structlog.get_logger("ropewalk.ssh")

LOGIN_SECONDS = 30
MAX_CONNECTIONS, MAX_OF_ADDRESS, MAX_STRANGERS = 512, 64, 64
MAX_CHANNELS, MAX_EXCHANGES = 10, 64
MAX_KEYS_TRIED = 20
IDLE_SECONDS = 600.0
_WATCH_SECONDS = 5.0
_STOP_SECONDS = 10.0
# AES-GCM runs in hardware and in one call; ChaCha20 costs several times as much here, so it is not offered. Every client since
# 2014 has one of these.
_CIPHERS = ["aes256-gcm@openssh.com", "aes128-gcm@openssh.com", "aes256-ctr", "aes192-ctr", "aes128-ctr"]
_MACS = ["hmac-sha2-256-etm@openssh.com", "hmac-sha2-512-etm@openssh.com", "hmac-sha2-256", "hmac-sha2-512"]
_SIGNATURES = [
    "ssh-ed25519",
    "sk-ssh-ed25519@openssh.com",
    "ecdsa-sha2-nistp256",
    "ecdsa-sha2-nistp384",
    "ecdsa-sha2-nistp521",
    "sk-ecdsa-sha2-nistp256@openssh.com",
    "rsa-sha2-512",
    "rsa-sha2-256",
]


class Door:
    """What all connections of this process share: their numbers and their threads."""

    def __init__(self) -> None:
        self.clients: set[Client] = set()
        self.exchanges: set[threading.Thread] = set()
        self.closing = False
        # Keys are looked up beside the loop; the connections to the database go back after each.
        self.lookups = ThreadPoolExecutor(4, thread_name_prefix="ssh-key")

    def full_for(self, address: str) -> bool:
        """Whether one more connection from there is too many."""
        held = Counter(client.address for client in self.clients)
        strangers = sum(1 for client in self.clients if client.actor is None)
        return (
            self.closing
            or len(self.clients) >= MAX_CONNECTIONS
            or held[address] >= MAX_OF_ADDRESS
            or strangers >= MAX_STRANGERS
        )

    async def watch(self) -> None:
        """Now and then: close what idles."""
        while True:
            await asyncio.sleep(_WATCH_SECONDS)
            self.exchanges = {thread for thread in self.exchanges if thread.is_alive()}
            for client in tuple(self.clients):
                client.look_after()

    async def close(self) -> None:
        """Let exchanges end for a while, then end them; a push that is not complete changes nothing."""
        self.closing = True
        end = time.monotonic() + _STOP_SECONDS
        while self._busy() and time.monotonic() < end:
            await asyncio.sleep(0.05)
        for client in tuple(self.clients):
            client.connection.abort()
        while self._busy() and time.monotonic() < end + _STOP_SECONDS / 2:
            await asyncio.sleep(0.05)
        self.lookups.shutdown(wait=False)

    def _busy(self) -> bool:
        return any(thread.is_alive() for thread in self.exchanges)


class Client(asyncssh.SSHServer):
    """One connection. Passwords, forwarding, agents, terminals and file transfer are off; what is left is a key and git."""

    connection: asyncssh.SSHServerConnection

    def __init__(self, door: Door) -> None:
        self._door = door
        self.address = ""
        self.actor: Actor | None = None
        self.sessions: set[Session] = set()
        self._candidate: tuple[str, Credential] | None = None
        self._tried: set[str] = set()
        self._quiet_since = time.monotonic()

    def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
        """Count it, or turn it away."""
        self.connection = conn
        peer = conn.get_extra_info("peername")
        self.address = str(peer[0]) if peer else ""
        if self._door.full_for(self.address):
            log.warning("ssh.turned_away", address=self.address)
            asyncio.get_running_loop().call_soon(conn.abort)
        else:
            self._door.clients.add(self)

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget it."""
        self._door.clients.discard(self)

    def begin_auth(self, username: str) -> bool:
        """Everybody shows a key. The user name is free (``git`` by custom): the key alone says who it is."""
        return True

    def public_key_auth_supported(self) -> bool:
        """The only way in."""
        return True

    async def validate_public_key(self, username: str, key: asyncssh.SSHKey) -> bool:
        """Whether the key is somebody's. asyncssh asks right before it checks a signature, so the last answer counts."""
        self._candidate = None
        fingerprint = key.get_fingerprint()
        self._tried.add(fingerprint)
        if len(self._tried) > MAX_KEYS_TRIED:
            raise asyncssh.DisconnectError(
                asyncssh.DISC_NO_MORE_AUTH_METHODS_AVAILABLE,
                f"More than {MAX_KEYS_TRIED} keys were tried. Name the right one: ssh -i FILE -o IdentitiesOnly=yes",
            )
        try:
            found = await asyncio.get_running_loop().run_in_executor(
                self._door.lookups, _look_up, fingerprint
            )
        except Unavailable as error:  # "permission denied" would send people looking for a fault of theirs
            reason = f"Ropewalk: {error.message} {error.hint}"
            raise asyncssh.DisconnectError(asyncssh.DISC_SERVICE_NOT_AVAILABLE, reason) from None
        if found is None:
            return False
        self._candidate = (fingerprint, found)
        return True

    def auth_completed(self) -> None:
        """Somebody proved to hold the key."""
        if self._candidate is None:  # never: the only way in sets it
            self.connection.abort()
            return
        fingerprint, credential = self._candidate
        self.actor = Actor.of(credential, "ssh")
        self._quiet_since = time.monotonic()
        asyncio.get_running_loop().run_in_executor(self._door.lookups, _note, fingerprint)

    def session_requested(self) -> "tuple[asyncssh.SSHServerChannel[bytes], Session] | bool":
        """A channel for one command."""
        if self.actor is None or self._door.closing or len(self.sessions) >= MAX_CHANNELS:
            return False
        channel = self.connection.create_server_channel(encoding=None, window=WINDOW)
        return channel, Session(self, self._door)

    def look_after(self) -> None:
        """End the connection if it idles."""
        now = time.monotonic()
        if self.sessions or self.actor is None:  # strangers have asyncssh's own time limit
            self._quiet_since = now
        if now - self._quiet_since > IDLE_SECONDS:
            self.connection.disconnect(asyncssh.DISC_BY_APPLICATION, "Nothing was asked for ten minutes.")


def _look_up(fingerprint: str) -> Credential | None:
    """Who a key speaks for. Raises :class:`Unavailable`."""
    try:
        return credentials.check_ssh_key(fingerprint)
    except Exception as error:
        if away := outages.recognise(error):
            raise away from None
        raise
    finally:
        connections.close_all()


def _note(fingerprint: str) -> None:
    try:
        credentials.note_ssh_login(fingerprint)
    except Exception as error:
        if outages.recognise(error) is None:
            log.exception("ssh.login_not_noted")
    finally:
        connections.close_all()


class Session(asyncssh.SSHServerSession[bytes]):
    """One channel: a command, answered by a thread."""

    def __init__(self, client: Client, door: Door) -> None:
        self._client = client
        self._door = door
        self._command = ""
        self._channel: asyncssh.SSHServerChannel[bytes] | None = None
        self.wire: Wire | None = None

    def connection_made(self, chan: asyncssh.SSHServerChannel[bytes]) -> None:
        """The channel is open."""
        self._channel = chan
        self.wire = Wire(chan, settings.ROPEWALK_BODY_STALL_SECONDS)
        self._client.sessions.add(self)

    def shell_requested(self) -> bool:
        """No command: a greeting."""
        return True

    def exec_requested(self, command: str) -> bool:
        """A command."""
        self._command = command or " "
        return True

    def session_started(self) -> None:
        """Answer it."""
        if self.wire is None or self._channel is None or self._client.actor is None:
            return
        protocol = self._channel.get_environment_bytes().get(b"GIT_PROTOCOL", b"").decode("ascii", "replace")
        visit = Visit(self.wire, self._client.actor, self._client.address, self._command, protocol)
        if sum(thread.is_alive() for thread in self._door.exchanges) >= MAX_EXCHANGES:
            self._channel.write_stderr(
                b"Ropewalk: Too many clones and pushes run at once.\n          Try again in a minute.\n"
            )
            self._channel.exit(1)
            return
        thread = threading.Thread(target=answer, args=(visit,), name="ssh-exchange", daemon=True)
        self._door.exchanges.add(thread)
        thread.start()

    def data_received(self, data: bytes, datatype: asyncssh.DataType) -> None:
        """The client speaks."""
        if self.wire is not None:
            self.wire.received(data)

    def eof_received(self) -> bool:
        """The client has said everything; it still listens."""
        if self.wire is not None:
            self.wire.ended()
        return True

    def resume_writing(self) -> None:
        """The client took some of what was sent."""
        if self.wire is not None:
            self.wire.settle()

    def connection_lost(self, exc: Exception | None) -> None:
        """The channel is closed."""
        self._client.sessions.discard(self)
        if self.wire is not None:
            self.wire.lost()


async def serve(until: asyncio.Event) -> None:
    """Listen until the event, then stop in order. Raises :class:`OSError` when the port is not to be had."""
    door = Door()
    listener = await asyncssh.listen(
        settings.ROPEWALK_SSH_BIND,
        settings.ROPEWALK_SSH_PORT,
        server_factory=lambda: Client(door),
        server_host_keys=[host_key(settings.SSH_HOST_KEY)],
        server_version="Ropewalk",
        reuse_address=True,
        backlog=256,
        login_timeout=LOGIN_SECONDS,
        keepalive_interval=30,
        keepalive_count_max=4,
        encryption_algs=_CIPHERS,
        mac_algs=_MACS,
        signature_algs=_SIGNATURES,
        compression_algs=["none"],
        password_auth=False,
        kbdint_auth=False,
        host_based_auth=False,
        gss_host=None,
        allow_pty=False,
        allow_scp=False,
        agent_forwarding=False,
        x11_forwarding=False,
        line_editor=False,
        config=None,
    )
    watcher = asyncio.create_task(door.watch())
    log.info("ssh.listening", bind=settings.ROPEWALK_SSH_BIND, port=settings.ROPEWALK_SSH_PORT)
    await until.wait()
    listener.close()
    await door.close()
    watcher.cancel()
