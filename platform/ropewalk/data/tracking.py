"""What somebody wants DVC to track or forget, as values, and the list of a folder as DVC writes it."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from ropewalk.data.oids import ObjectAddress
from ropewalk.repos.edits import Source


@dataclass(frozen=True)
class TrackedEdits:
    """Files for DVC and paths that DVC is to forget.

    A file goes into the tracked folder around it, replaces the tracked file at its path, or gets a pointer of its own. With
    ``folder`` all of them lie below it, and it becomes one tracked folder unless something around it is one.
    """

    writes: Mapping[str, Source] = field(default_factory=dict)
    deletes: tuple[str, ...] = ()
    folder: str = ""

    @property
    def empty(self) -> bool:
        """Whether nothing is wanted."""
        return not (self.writes or self.deletes)


NO_TRACKED = TrackedEdits()


@dataclass(frozen=True)
class Content:
    """A file's bytes by name: hash and size."""

    address: ObjectAddress
    size: int


@dataclass
class Target:
    """One output that edits change. ``file`` is its pointer, empty for a new one; ``old`` what it holds so far.

    ``whole``: its new content as a file. Otherwise it is a folder: ``files`` come in (by path in it), ``gone`` leave (paths of
    files or folders in it). ``forgotten``: the output itself goes.
    """

    path: str
    file: str
    old: ObjectAddress | None
    is_dir: bool
    whole: Content | None = None
    files: dict[str, Content] = field(default_factory=dict)
    gone: list[str] = field(default_factory=list)
    forgotten: bool = False


def list_blocks(entries: Mapping[str, str]) -> Iterator[bytes]:
    """A folder's list (path → md5), byte for byte as DVC writes it (dvc-data 3.18, ``Tree.as_bytes``), in blocks."""
    rows = [
        json.dumps({"md5": entries[path], "relpath": path}, sort_keys=True, separators=(", ", ": "))
        for path in sorted(entries)
    ]
    if not rows:
        yield b"[]"
        return
    for at in range(0, len(rows), 5000):
        begin, end = "[" if at == 0 else ", ", "]" if at + 5000 >= len(rows) else ""
        yield (begin + ", ".join(rows[at : at + 5000]) + end).encode()
