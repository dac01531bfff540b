"""What ``<base>...<head>`` in an address means."""

from dataclasses import dataclass
from urllib.parse import quote

from ropewalk.repos import selectors as repos
from ropewalk.repos.errors import RevisionNotFound
from ropewalk.repos.types import ZERO, Revision

NOTHING = ZERO  # as a base in addresses: everything is new


@dataclass(frozen=True)
class Sides:
    """Two revisions. ``start`` is the commit that the changes are counted from: where they parted, or the base itself.

    ``dots`` is ``...`` or ``..``; ``unrelated``: there is no common ancestor, so that the base itself is the start.
    """

    base: Revision
    head: Revision
    dots: str
    start: str
    unrelated: bool = False


def split_spec(text: str) -> tuple[str, str, str]:
    """Base, dots and head of an address; no ref's name holds two dots. Without dots it is all head."""
    for dots in ("...", ".."):
        base, found, head = text.partition(dots)
        if found:
            return base.strip("/"), dots, head.strip("/")
    return "", "...", text.strip("/")


def sides_of(project_id: int, base: str, dots: str, head: str) -> Sides:
    """Resolve both names (empty: the default branch). Raises :class:`RevisionNotFound`, :class:`EmptyRepository`."""
    before, after = _whole(project_id, base), _whole(project_id, head)
    if dots == "..":
        return Sides(before, after, dots, before.sha)
    parted = repos.merge_base(project_id, before.sha, after.sha)
    return Sides(before, after, dots, parted or before.sha, unrelated=not parted)


def _whole(project_id: int, name: str) -> Revision:
    found = repos.resolve(project_id, name)
    if found.path:  # the resolver takes the rest of a name for a path
        raise RevisionNotFound(
            f"There is no branch, tag or commit “{name[:200]}”.", hint="Choose one of the branches or tags."
        )
    return found


def spec_of(base: str, dots: str, head: str) -> str:
    """The part of an address that names both sides."""
    return f"{quote(base, safe='/')}{dots}{quote(head, safe='/')}"
