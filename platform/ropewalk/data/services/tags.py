"""Tags made and removed at a page or the API: pushes that the server makes, by the rules of any push."""

import re

from ropewalk.access.types import ProjectAccess
from ropewalk.accounts.selectors import commit_identity
from ropewalk.core import clock
from ropewalk.core.errors import Conflict, Invalid
from ropewalk.data.services.changes import change_refs
from ropewalk.repos import refs
from ropewalk.repos import selectors as repos
from ropewalk.repos.edits import Author
from ropewalk.repos.errors import RevisionNotFound
from ropewalk.repos.tagging import MAX_MESSAGE, annotated_tag
from ropewalk.repos.types import ZERO, Tag

_PREFIX = "refs/tags/"
_LOOKS_LIKE_A_COMMIT = re.compile(r"[0-9a-f]{40}\Z")


def checked_tag_name(name: str) -> str:
    """``name`` itself. Raises :class:`Invalid` for what git forbids and for what commands would take for something else."""
    fault = refs.fault_in(f"{_PREFIX}{name}".encode("utf-8", "replace"))
    if not fault and (name.startswith(("-", "refs/")) or name == "HEAD"):
        fault = "commands would take it for something else"
    if not fault and _LOOKS_LIKE_A_COMMIT.match(name):
        fault = "it looks like a commit"
    if fault:
        raise Invalid(
            f"“{name[:200]}” can't be the name of a tag: {fault}.",
            hint="Choose another, such as v1.0.",
            code="bad_tag_name",
        )
    return name


def target_commit(project_id: int, target: str) -> str:
    """The commit that a branch, tag or commit names; nothing means the default branch. Raises :class:`RevisionNotFound`."""
    revision = repos.resolve(project_id, target)
    if revision.path:
        raise RevisionNotFound(
            f"There is no branch, tag or commit “{target[:200]}”.", hint="Choose one of the branches or tags."
        )
    return revision.sha


def create_tag(access: ProjectAccess, *, name: str, target: str = "", message: str = "") -> Tag:
    """Make a tag of what ``target`` names: annotated, by the person, when there is a message, else lightweight.

    Raises :class:`Invalid` and :class:`RevisionNotFound` about what was asked for, :class:`Conflict` when the name is taken,
    and what :func:`change_refs` raises.
    """
    project_id, ref = access.project.id, _PREFIX + checked_tag_name(name)
    if len(message.encode("utf-8", "replace")) > MAX_MESSAGE:
        raise Invalid(f"The message is longer than {MAX_MESSAGE >> 10} KiB.", code="message_too_long")
    sha = target_commit(project_id, target)
    _require_free(project_id, ref)
    if not message.strip():
        change_refs(access, [(ref, ZERO, sha)])
    else:
        tagger = Author(*commit_identity(access.actor.user_id or 0))
        seconds = int(clock.now().timestamp())
        oid, pack = annotated_tag(name=name, target=sha, tagger=tagger, message=message, seconds=seconds)
        change_refs(access, [(ref, ZERO, oid)], [pack])
    return repos.tag(project_id, name)


def delete_tag(access: ProjectAccess, *, name: str, seen: str = "") -> None:
    """Remove a tag; ``seen`` is its value as the person saw it, without which it is removed whatever it names.

    Raises :class:`RevisionNotFound`, and :class:`RefMoved` when it names something else by now.
    """
    found = repos.tag(access.project.id, name)
    change_refs(access, [(_PREFIX + name, seen or found.oid, ZERO)])


def _require_free(project_id: int, ref: str) -> None:
    """Refs are files and folders to git: a tag ``a`` and a tag ``a/b`` can't both be."""
    short = ref.removeprefix(_PREFIX)
    for name in refs.read_refs(project_id):
        if name == ref:
            raise Conflict(
                f"There is already a tag “{short}”.", hint="Choose another name.", code="tag_exists"
            )
        if name.startswith(f"{ref}/") or ref.startswith(f"{name}/"):
            raise Conflict(
                f"“{short}” and the tag “{name.removeprefix(_PREFIX)}” can't both exist.",
                hint="Choose another name.",
                code="tag_exists",
            )
