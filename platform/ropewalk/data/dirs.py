"""Reading a ``.dir`` object: DVC's list of a folder's files, ``[{"md5": …, "relpath": …}, …]``, entry by entry.

The list of a million files has a hundred megabytes; it is never held whole.
"""

import codecs
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from ropewalk.core.errors import Unprocessable

MAX_ENTRY_CHARS = 64 << 10
MAX_RELPATH_BYTES = 2000  # PostgreSQL's index holds 2,700
_SPACE = re.compile(r"[ \t\r\n]*")
_OID = re.compile(r"[0-9a-f]{32}\Z")


class BadDirectory(Unprocessable):
    """An object whose name ends in ``.dir`` does not hold a folder's list."""

    code = "bad_directory"


@dataclass(frozen=True)
class DirFile:
    """One file of a folder: its path in the folder, its hash, and its size where the list says it."""

    relpath: str
    oid: str
    size: int | None


class _Text:
    """Blocks as text with a position; :meth:`more` appends the next block and drops what was read."""

    def __init__(self, blocks: Iterable[bytes]) -> None:
        self._blocks = iter(blocks)
        self._decode = codecs.getincrementaldecoder("utf-8")("strict").decode
        self.text, self.at, self.ended = "", 0, False

    def more(self) -> bool:
        if self.ended:
            return False
        block = next(self._blocks, None)
        try:
            text = self._decode(block or b"", final=block is None)
        except UnicodeDecodeError:
            raise BadDirectory("This .dir object is not UTF-8 text.") from None
        self.text, self.at, self.ended = self.text[self.at :] + text, 0, block is None
        return True

    def peek(self) -> str:
        """The next character that is not white space; empty at the end."""
        while True:
            self.at = _SPACE.match(self.text, self.at).end()  # type: ignore[union-attr]  # matches nothing, too
            if self.at < len(self.text):
                return self.text[self.at]
            if not self.more():
                return ""

    def value(self, decoder: json.JSONDecoder) -> Any:
        """The JSON value that begins here."""
        while True:
            try:
                value, self.at = decoder.raw_decode(self.text, self.at)
            except (ValueError, RecursionError):  # cut at a block's end, or no JSON
                if len(self.text) - self.at > MAX_ENTRY_CHARS or not self.more():
                    raise BadDirectory("This .dir object is not a list of files.") from None
            else:
                return value


def read_directory(blocks: Iterable[bytes]) -> Iterator[DirFile]:
    """Each file of the list. Raises :class:`BadDirectory` where it stops being one."""
    text, decoder = _Text(blocks), json.JSONDecoder()
    if text.peek() != "[":
        raise BadDirectory("This .dir object is not a list of files.")
    text.at += 1
    first = True
    while text.peek() != "]" or not first:
        if text.peek() != "{":
            raise BadDirectory("This .dir object is not a list of files.")
        yield _entry(text.value(decoder))
        first = False
        after = text.peek()
        if after == "]":
            break
        if after != ",":
            raise BadDirectory("This .dir object is not a list of files.")
        text.at += 1
    text.at += 1
    if text.peek():
        raise BadDirectory("This .dir object has something after its list of files.")


def _entry(value: dict[str, Any]) -> DirFile:
    oid, relpath, size = value.get("md5"), value.get("relpath"), value.get("size")
    if not isinstance(oid, str) or not _OID.match(oid):
        raise BadDirectory("This .dir object has an entry without an md5.")
    if not isinstance(relpath, str) or not _safe(relpath):
        raise BadDirectory("This .dir object has an entry whose path can't be in a folder.")
    return DirFile(relpath, oid, size if type(size) is int and 0 <= size < 1 << 62 else None)


def _safe(relpath: str) -> bool:
    if "\0" in relpath or any(part in {"", ".", ".."} for part in relpath.split("/")):
        return False
    try:
        return len(relpath.encode()) <= MAX_RELPATH_BYTES
    except UnicodeEncodeError:
        return False
