"""A project's DVC remote as an ordered list of keys, for clients that list: read in pages, by index, never whole."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from django.db import connection

from ropewalk.data.oids import ObjectAddress
from ropewalk.data.types import ObjectState

_HEX = re.compile(r"[0-9a-f]*")


@dataclass(frozen=True)
class _Layout:
    """A layout of the remote: where its keys begin. The older one's ``00/`` to ``ff/`` all sort before ``files/``."""

    root: str
    legacy: bool

    def key(self, address: ObjectAddress) -> str:
        return f"{self.root}{address.oid[:2]}/{address.oid[2:]}{'.dir' if address.is_dir else ''}"


_LAYOUTS = (_Layout("", True), _Layout("files/md5/", False))


def remote_keys(project_id: int, *, prefix: str, after: str, limit: int) -> list[tuple[str, ObjectState]]:
    """At most ``limit`` visible objects whose key begins with ``prefix`` and sorts after ``after``, in order of their bytes."""
    return list(islice(_keys(project_id, prefix, after, limit), limit))


def _keys(project_id: int, prefix: str, after: str, limit: int) -> Iterator[tuple[str, ObjectState]]:
    for layout in _LAYOUTS:
        if not (layout.root.startswith(prefix) or prefix.startswith(layout.root)):
            continue
        low = max(_first_oid(prefix, layout.root), _first_oid(after, layout.root))
        # Two rows more than asked for: a file and a folder's list may share the hash at which the page begins.
        for state in _rows(project_id, layout, low, limit + 2):
            key = layout.key(state.address)
            if key.startswith(prefix):
                if key > after:
                    yield key, state
            elif key > prefix:
                break


def _rows(project_id: int, layout: _Layout, low: str, limit: int) -> list[ObjectState]:
    if low > "f" * 32:
        return []
    files, lists = ("legacy", "legacy_dir") if layout.legacy else ("file", "dir")
    one = """(SELECT oid, kind, size, sha256, created_at, coalesce(holder_id, project_id) FROM data_storedobject
              WHERE project_id = %s AND kind = %s AND oid >= %s AND complete ORDER BY oid LIMIT %s)"""
    with connection.cursor() as cursor:
        cursor.execute(
            f"{one} UNION ALL {one}", [project_id, files, low, limit, project_id, lists, low, limit]
        )  # no input in it
        found = cursor.fetchall()
    states = [
        ObjectState(
            ObjectAddress(oid, is_dir=kind == lists, legacy=layout.legacy), size, sha256, created, holder
        )
        for oid, kind, size, sha256, created, holder in found
    ]
    return sorted(states, key=lambda state: (state.address.oid, state.address.is_dir))[:limit]


def _first_oid(text: str, root: str) -> str:
    """The least hash whose key may sort at or after a text that need be no key. More than all of them for none."""
    if not text.startswith(root):
        return "" if text < root else "g"
    rest = text[len(root) :]
    head, tail = rest[:2], rest[2:]
    if not tail or not _HEX.fullmatch(head):
        return _least(head)
    return _least(head + tail[1:]) if tail[0] == "/" else head if tail[0] < "/" else _next(head)


def _least(text: str) -> str:
    """The least hash that may sort at or after a text without slashes."""
    found = _HEX.match(text)
    head = (found[0] if found else "")[:32]
    if len(head) in {len(text), 32}:
        return head
    beyond = text[len(head)]
    if beyond < "0":
        return head
    return head + "a" if beyond < "a" else _next(head)


def _next(head: str) -> str:
    """The least hash that sorts after every one that begins with ``head``."""
    kept = head.rstrip("f")
    if not kept:
        return "g"
    return kept[:-1] + ("a" if kept[-1] == "9" else chr(ord(kept[-1]) + 1))
