"""git's packet lines: four hexadecimal digits of length, then the data; ``0000`` is a flush.

Source: gitprotocol-common(5), gitprotocol-pack(5) and gitprotocol-capabilities(5).
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from ropewalk.core.errors import Invalid

FLUSH = b"0000"
MAX_DATA = 65515  # of a side-band-64k packet, without its length and band
_OID = re.compile(rb"^[0-9a-f]{40}$")
MAX_COMMANDS = 5000
MAX_HEAD_BYTES = 4 << 20


@dataclass(frozen=True)
class Command:
    """One ref that a push asks to change; ``name`` as sent."""

    old: str
    new: str
    name: bytes

    @property
    def ref(self) -> str:
        """The name as text, for showing and recording."""
        return self.name.decode("utf-8", "replace")


@dataclass(frozen=True)
class PushHead:
    """The start of a push: its commands, what the client understands, and the very bytes, to be given on to git."""

    commands: tuple[Command, ...]
    capabilities: frozenset[str]
    raw: bytes

    @property
    def sideband(self) -> bool:
        """Whether the answer is wrapped in side-band-64k packets."""
        return "side-band-64k" in self.capabilities

    @property
    def quiet(self) -> bool:
        """Whether nobody wants to read more than errors: ``git push --quiet``, or a push whose output is no terminal."""
        return "quiet" in self.capabilities

    @property
    def reports(self) -> bool:
        """Whether the client wants to know what became of each ref."""
        return bool({"report-status", "report-status-v2"} & self.capabilities)


def packet(data: bytes) -> bytes:
    """One packet line."""
    return b"%04x" % (len(data) + 4) + data


def banded(band: int, data: bytes) -> bytes:
    """``data`` on a band: 1 is the report, 2 is text for the terminal."""
    blocks = (data[at : at + MAX_DATA] for at in range(0, len(data), MAX_DATA))
    return b"".join(packet(bytes([band]) + block) for block in blocks)


def length_of(head: bytes) -> int:
    """The length that a packet's first four bytes give. Raises :class:`Invalid`."""
    try:
        return int(head, 16) if len(head) == 4 and head.isalnum() else -1
    except ValueError:
        raise Invalid("This is not git's protocol: a packet has no length.", code="bad_packet") from None


def read_head(blocks: Iterator[bytes]) -> tuple[PushHead, bytes]:
    """Read the commands up to their flush; gives them with the bytes that were read beyond. Raises :class:`Invalid`."""
    data, at, lines = b"", 0, []
    while True:
        while len(data) < at + 4 or (
            length_of(data[at : at + 4]) > 0 and len(data) < at + length_of(data[at : at + 4])
        ):
            block = next(blocks, b"")
            data += block
            if not block:
                if not data:
                    return PushHead((), frozenset(), b""), b""
                raise Invalid("The push ended before its list of refs was complete.", code="truncated")
        length = length_of(data[at : at + 4])
        if length == 0:
            at += 4
            break
        if length < 5:
            raise Invalid("This is not git's protocol: a packet has an impossible length.", code="bad_packet")
        lines.append(data[at + 4 : at + length])
        at += length
        if at > MAX_HEAD_BYTES or len(lines) > MAX_COMMANDS:
            raise Invalid(
                f"A push changes at most {MAX_COMMANDS} refs. Push them in parts.", code="too_many_refs"
            )
    return _head(lines, data[:at]), data[at:]


def _head(lines: list[bytes], raw: bytes) -> PushHead:
    commands: list[Command] = []
    capabilities: frozenset[str] = frozenset()
    for line in lines:
        text, zero, extra = line.partition(b"\0")
        if zero and not commands:
            capabilities = frozenset(extra.decode("utf-8", "replace").split())
        if text.startswith(b"shallow "):
            continue
        old, _, rest = text.rstrip(b"\n").partition(b" ")
        new, _, name = rest.partition(b" ")
        if not (_OID.match(old) and _OID.match(new) and name):
            raise Invalid("This is not a list of refs that Ropewalk can read.", code="bad_command")
        commands.append(Command(old.decode(), new.decode(), name))
    return PushHead(tuple(commands), capabilities, raw)


def refusal(head: PushHead, reason: str, message: str) -> bytes:
    """A whole answer that refuses every ref: ``reason`` stands beside each, ``message`` goes to the terminal."""
    report = b"".join(
        [
            packet(f"unpack {reason}\n".encode()),
            *(packet(b"ng " + command.name + f" {reason}\n".encode()) for command in head.commands),
            FLUSH,
        ]
    )
    if not head.reports:
        report = b""
    if not head.sideband:
        return report
    return banded(2, message.rstrip("\n").encode() + b"\n") + banded(1, report) + FLUSH


class AnswerReader:
    """Takes receive-pack's output in blocks of any size and parts it: terminal text at once, the report kept to the end."""

    def __init__(self, sideband: bool) -> None:
        self._sideband = sideband
        self._rest = b""
        self.report = b""

    def feed(self, block: bytes) -> list[bytes]:
        """The packets of band 2 (and keep-alives) that are complete now, each as it came."""
        if not self._sideband:
            self.report += block
            return []
        self._rest += block
        ready = []
        while len(self._rest) >= 4:
            length = max(length_of(self._rest[:4]), 4)
            if len(self._rest) < length:
                break
            one, self._rest = self._rest[:length], self._rest[length:]
            if one[4:5] == b"\x02" or one[4:] == b"\x01":
                ready.append(one)
            elif one[4:5] == b"\x01":
                self.report += one[5:]
        return ready

    def accepted(self) -> set[bytes]:
        """The names of the refs that the report calls ``ok``."""
        names, at = set(), 0
        while at + 4 <= len(self.report):
            length = max(length_of(self.report[at : at + 4]), 4)
            line = self.report[at + 4 : at + length].rstrip(b"\n")
            if line.startswith(b"ok "):
                names.add(line[3:])
            at += length
        return names
