"""Pushes made by hand: what no git client sends, or stops sending half-way."""

import socket
import subprocess
from base64 import b64encode
from urllib.parse import urlsplit

from tests.protocol.git.conftest import Git, Stage

ZERO = "0" * 40
CAPABILITIES = "report-status side-band-64k object-format=sha1 agent=raw/1"


def packet(text: str | bytes) -> bytes:
    """One packet line."""
    data = text.encode() if isinstance(text, str) else text
    return b"%04x" % (len(data) + 4) + data


def push_body(
    commands: list[tuple[str, str, str | bytes]], pack: bytes = b"", capabilities: str = CAPABILITIES
) -> bytes:
    """A receive-pack request: (old, new, ref) for each command, then the pack."""
    lines = []
    for number, (old, new, name) in enumerate(commands):
        raw = name.encode() if isinstance(name, str) else name
        line = f"{old} {new} ".encode() + raw
        lines.append(packet(line + (b"\0 " + capabilities.encode() if number == 0 else b"")))
    return b"".join(lines) + b"0000" + pack


def pack_of(git: Git, *revisions: str) -> bytes:
    """A pack with everything that the revisions reach."""
    done = subprocess.run(
        ["git", "pack-objects", "--stdout", "--revs", "-q"],
        cwd=git.folder, env=git.environment, input="\n".join(revisions).encode() + b"\n", capture_output=True, check=True,
    )  # fmt: skip
    return done.stdout


def open_push(
    stage: Stage, slug: str, *, length: int | None, who: str = "writer", extra: str = ""
) -> socket.socket:
    """A connection with the head of a push request sent; chunked when no length is given."""
    address = urlsplit(stage.instance.url)
    connection = socket.create_connection((address.hostname or "127.0.0.1", address.port or 80), timeout=60)
    token = b64encode(f"git-{who}:{stage.tokens[f'git-{who}']}".encode()).decode()
    framing = "Transfer-Encoding: chunked" if length is None else f"Content-Length: {length}"
    connection.sendall(
        f"POST /git-owner/{slug}.git/git-receive-pack HTTP/1.1\r\nHost: {address.netloc}\r\nAuthorization: Basic {token}\r\n"
        f"Content-Type: application/x-git-receive-pack-request\r\n{framing}\r\nConnection: close\r\n{extra}\r\n".encode()
    )
    return connection


def chunk(data: bytes) -> bytes:
    """One chunk of a chunked body."""
    return b"%x\r\n" % len(data) + data + b"\r\n"


def read_all(connection: socket.socket) -> bytes:
    """Everything that the server answers."""
    parts = []
    while block := connection.recv(65536):
        parts.append(block)
    connection.close()
    return b"".join(parts)


def push_raw(stage: Stage, slug: str, body: bytes, *, extra: str = "", who: str = "writer") -> bytes:
    """A whole push request and its whole answer."""
    connection = open_push(stage, slug, length=len(body), extra=extra, who=who)
    connection.sendall(body)
    return read_all(connection)
