"""From an API call to a commit: who makes it, where, and what became of it."""

from collections.abc import Callable
from dataclasses import dataclass, field

from ropewalk.access.types import ProjectAccess
from ropewalk.accounts.selectors import commit_identity
from ropewalk.core.errors import Invalid
from ropewalk.data.services.tracking import commit_tracked
from ropewalk.data.tracking import NO_TRACKED, TrackedEdits
from ropewalk.projects.names import check_branch_name
from ropewalk.repos.edits import Author, CommitRequest, Edit

MAX_MESSAGE = 20_000


@dataclass(frozen=True)
class Wanted:
    """A commit that a call asks for, on ``branch`` or on ``new_branch``, which grows out of ``seen``.

    ``edits`` are of git's files, ``tracked`` of DVC's.
    """

    branch: str
    seen: str
    message: str
    edits: list[Edit]
    new_branch: str = ""
    author: Author | None = None
    signoff: bool = False
    tracked: TrackedEdits = NO_TRACKED
    check: Callable[[str], None] | None = field(default=None, compare=False)


def make_commit(access: ProjectAccess, wanted: Wanted) -> str:
    """Make it by the same rules as a push; the commit's name. The caller is its committer, and its author unless one is named.

    Raises what :func:`commit_tracked` raises.
    """
    if "\0" in wanted.message or len(wanted.message) > MAX_MESSAGE:
        raise Invalid(f"A message has at most {MAX_MESSAGE} characters.", code="bad_message")
    if wanted.new_branch:
        check_branch_name(wanted.new_branch)
    caller = Author(*commit_identity(access.actor.user_id or 0))
    message = wanted.message.strip()
    if wanted.signoff:
        message += f"\n\nSigned-off-by: {caller.name} <{caller.email}>"
    request = CommitRequest(
        branch=wanted.new_branch or wanted.branch,
        edits=tuple(wanted.edits),
        message=f"{message}\n",
        author=wanted.author or caller,
        seen=wanted.seen,
        new_branch=bool(wanted.new_branch),
        committer=caller,
    )
    return commit_tracked(access, request, wanted.tracked, wanted.check)
