"""What can go wrong with a repository, with stable codes."""

import re

from ropewalk.core.errors import Invalid, NotFound, Unavailable


class EmptyRepository(NotFound):
    """Nothing was pushed yet."""

    code = "empty_repository"

    def __init__(self) -> None:
        super().__init__("This repository is empty.", hint="Push a branch, and it appears here.")


class RevisionNotFound(NotFound):
    """No branch, tag or commit has this name."""

    code = "revision_not_found"


class PathNotFound(NotFound):
    """The revision has nothing at this path."""

    code = "path_not_found"


class WrongKind(Invalid):
    """A folder where a file is asked for, or the other way round."""

    code = "wrong_kind"


class NotABranch(Invalid):
    """Only branches are written."""

    code = "not_a_branch"


class GitFailed(Unavailable):
    """git ended with an error; ``detail`` (its standard error) is for the log, not for the user."""

    code = "git_failed"

    def __init__(self, detail: str = "") -> None:
        super().__init__(
            "The repository could not be read.", hint="Try again; the operator finds the reason in the log."
        )
        self.detail = detail


class Damaged(GitFailed):
    """An object that this needs is missing or malformed: asking again will not help."""

    code = "damaged"
    status = 422

    def __init__(self, detail: str = "") -> None:
        super().__init__(detail)
        self.message = "Something in the repository is damaged, so this can't be shown."
        self.hint = "Push the missing or repaired commits again; git fsck in a clone names what is wrong."


_DAMAGE = re.compile(
    r"(?:fatal|error): .*(?:malformed mode|empty filename|truncated|too-short tree|not a tree object|missing object|corrupt"
    r"|unable to read|could not parse|unable to parse|bad (?:tree )?object|failed to read object|could not read [0-9a-f]{40})",
    re.IGNORECASE,
)


def git_failure(detail: str) -> GitFailed:
    """The error for what git wrote: :class:`Damaged` where the repository's content is at fault."""
    return Damaged(detail) if _DAMAGE.search(detail) else GitFailed(detail)


class GitTimeout(GitFailed):
    """git did not finish in its time."""

    code = "git_timeout"

    def __init__(self, detail: str = "") -> None:
        super().__init__(detail)
        self.message = "Reading the repository took too long."
        self.hint = "Ask for less: a smaller folder, or a shorter range of commits."
