"""A gallery as one object of the store, of which a page reads a few parts: its orders, and its records in packed blocks.

Layout: ``RWG1``, the length of the packed header (4 bytes, little-endian), the header (zlib of JSON), then the parts, whose
places the header tells. What reads it needs no numerics.
"""

import json
import struct
import zlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

_MAGIC = b"RWG1"
_BLOCK = 16  # records
_HEAD = 64 << 10  # read at once
_ALL_AT_ONCE = 8  # blocks from which on all of them are read in one piece,
_PIECE = 8 << 20  # unless that is longer
_MOST_UNPACKED = 4 << 20  # bytes of one block or of the header

Read = Callable[[int, int | None], bytes]


@dataclass(frozen=True)
class Shelf:
    """One order as it is stored; see ``workers.analysis.media.shelves``."""

    count: int
    order: bytes
    by_class: bytes
    starts: Sequence[int]


def packed(
    facts: Mapping[str, Any],
    classes: Iterable[tuple[str, int]],
    shelves: Mapping[str, Shelf],
    records: Sequence[Mapping[str, Any]],
) -> bytes:
    """The whole object."""
    parts: list[bytes] = []
    at = 0

    def put(part: bytes) -> int:
        nonlocal at
        parts.append(part)
        start, at = at, at + len(part)
        return start

    listed = {
        name: {
            "count": shelf.count,
            "at": put(shelf.order),
            "class_at": put(shelf.by_class),
            "starts": list(shelf.starts),
        }
        for name, shelf in shelves.items()
    }
    blocks = [
        zlib.compress(json.dumps(list(records[start : start + _BLOCK]), separators=(",", ":")).encode())
        for start in range(0, len(records), _BLOCK)
    ]
    ends = [0]
    for block in blocks:
        ends.append(ends[-1] + len(block))
    index_at = put(struct.pack(f"<{len(ends)}Q", *ends))
    blocks_at = put(b"".join(blocks))
    header = {
        "facts": dict(facts),
        "classes": list(classes),
        "shelves": listed,
        "records": len(records),
        "index_at": index_at,
        "blocks_at": blocks_at,
    }
    head = zlib.compress(json.dumps(header, separators=(",", ":")).encode())
    return b"".join([_MAGIC, struct.pack("<I", len(head)), head, *parts])


class DamagedGallery(ValueError):
    """The object is not a gallery."""


class Gallery:
    """An opened gallery. ``read(start, end)`` gives bytes of the object."""

    def __init__(self, read: Read) -> None:
        self._read = read
        head = read(0, _HEAD)
        if head[:4] != _MAGIC or len(head) < 8:
            raise DamagedGallery
        (length,) = struct.unpack("<I", head[4:8])
        self._parts = 8 + length
        if self._parts > len(head):
            head = read(0, self._parts)
        self._header: dict[str, Any] = _unpacked(head[8 : self._parts])

    @property
    def facts(self) -> dict[str, Any]:
        """What was stored beside the files."""
        return dict(self._header["facts"])

    @property
    def classes(self) -> list[tuple[str, int]]:
        """The classes to choose from, with their numbers of files."""
        return [(str(name), int(files)) for name, files in self._header["classes"]]

    @property
    def orders(self) -> list[str]:
        """The names of the orders."""
        return list(self._header["shelves"])

    def page(
        self, order: str, start: int, count: int, *, of_class: int | None = None, backwards: bool = False
    ) -> tuple[int, list[dict[str, Any]]]:
        """How many files an order (of one class) has, and ``count`` of them from ``start``."""
        shelf = self._header["shelves"][order]
        first, total, at = 0, int(shelf["count"]), int(shelf["at"])
        if of_class is not None:
            first, last = shelf["starts"][of_class : of_class + 2]
            total, at = last - first, int(shelf["class_at"])
        start, stop = min(start, total), min(start + count, total)
        low, high = (total - stop, total - start) if backwards else (start, stop)
        places = self._numbers("I", at + 4 * (first + low), high - low)
        return total, self._records(places[::-1] if backwards else places)

    def _numbers(self, kind: str, at: int, count: int) -> tuple[int, ...]:
        if count <= 0:
            return ()
        size = struct.calcsize(f"<{kind}") * count
        data = self._read(self._parts + at, self._parts + at + size)
        if len(data) != size:
            raise DamagedGallery
        return struct.unpack(f"<{count}{kind}", data)

    def _records(self, places: Sequence[int]) -> list[dict[str, Any]]:
        needed = sorted({place // _BLOCK for place in places})
        if not needed:
            return []
        blocks = -(-int(self._header["records"]) // _BLOCK)
        ends = self._numbers("Q", int(self._header["index_at"]), blocks + 1)
        if needed[-1] >= blocks:
            raise DamagedGallery
        base = self._parts + int(self._header["blocks_at"])
        low, high = ends[needed[0]], ends[needed[-1] + 1]
        found = {}
        if len(needed) >= _ALL_AT_ONCE and high - low <= _PIECE:
            piece = self._read(base + low, base + high)
            for number in needed:
                found[number] = _unpacked(piece[ends[number] - low : ends[number + 1] - low])
        else:
            for number in needed:
                found[number] = _unpacked(self._read(base + ends[number], base + ends[number + 1]))
        return [found[place // _BLOCK][place % _BLOCK] for place in places]


def _unpacked(data: bytes) -> Any:
    unpacking = zlib.decompressobj()
    try:
        text = unpacking.decompress(data, _MOST_UNPACKED)
        if not unpacking.eof:
            raise DamagedGallery
        return json.loads(text)
    except (zlib.error, ValueError) as error:
        raise DamagedGallery from error
