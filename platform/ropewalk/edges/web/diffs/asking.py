"""Asking the workers what differs between two contents."""

from typing import Any
from urllib.parse import urlencode

from ropewalk.access.roles import Permission
from ropewalk.access.types import ProjectAccess
from ropewalk.data import selectors as data
from ropewalk.data import services
from ropewalk.data.types import ContentDiffView, DataFile

_FREE_BYTES = 64 << 20  # of both sides: what anybody who may read may have compared


def asked(
    access: ProjectAccess, old: DataFile | None, new: DataFile | None, kind: str, options: str = ""
) -> tuple[ContentDiffView | None, bool]:
    """The diff of two files, asked for at its first view; and whether the viewer may not ask for it.

    Those who may start no analyses have the plain diff of small files.
    """
    total = sum(side.size or 0 for side in (old, new) if side)
    if may_start(access) or (not options and total <= _FREE_BYTES):
        found = services.request_content_diff(
            project_id=access.project.id,
            old=old,
            new=new,
            kind=kind,
            options=options,
            requested_by_id=access.actor.user_id,
        )
        return found, False
    old_hash, new_hash = (side.content_hash if side else "" for side in (old, new))
    found = data.content_diff(access.project.id, old_hash, new_hash, kind, options)
    return found, found is None


def may_start(access: ProjectAccess) -> bool:
    """Whether the viewer may ask for any comparison."""
    return access.may(Permission.ANALYSES_START)


def with_query(here: str, **changes: Any) -> str:
    """The address of a change with more in its query; what is empty is left out."""
    more = urlencode({name: value for name, value in changes.items() if value not in ("", None)})
    return f"{here}&{more}" if more else here
