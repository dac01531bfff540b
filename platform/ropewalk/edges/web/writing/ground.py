"""Where somebody writes: a branch as it is now and a path in it, and what can be edited there."""

from dataclasses import dataclass

from ropewalk.access.types import ProjectAccess
from ropewalk.core.errors import Invalid, NotFound
from ropewalk.data import selectors as data
from ropewalk.data.selectors.tracking import TrackedAt
from ropewalk.edges.web.files.source import Source as File
from ropewalk.edges.web.files.source import head_of
from ropewalk.repos import selectors as repos
from ropewalk.repos.errors import EmptyRepository, WrongKind
from ropewalk.repos.types import Revision

MAX_TEXT = 1 << 20


@dataclass(frozen=True)
class Ground:
    """A branch, its commit (empty: there is none), and a path. ``closed`` says why this person may not push to the branch."""

    branch: str
    sha: str
    path: str
    closed: str = ""


def ground_of(access: ProjectAccess, rev_path: str, opened_on: str = "") -> Ground:
    """What ``branch/path`` means. ``opened_on`` is the branch that a sent form was made for: it may be gone by now.

    Raises :class:`NotFound` for no branch, :class:`Invalid` for a tag or a commit.
    """
    try:
        place = repos.branch_at(access.project.id, rev_path, access.project.default_branch)
    except EmptyRepository:
        raise
    except NotFound:
        if opened_on and f"{rev_path}/".startswith(f"{opened_on}/"):
            return Ground(opened_on, "", rev_path[len(opened_on) + 1 :])
        raise
    closed = _closed(access, place.name, place.sha) if place.sha else ""
    return Ground(place.name, place.sha, place.path, closed)


def _closed(access: ProjectAccess, branch: str, sha: str) -> str:
    change = (f"refs/heads/{branch}", sha, sha)
    return next((rule.text for rule in repos.ref_rules(access, [change]) if rule.kind == "refuse"), "")


def require_in_git(access: ProjectAccess, ground: Ground) -> str:
    """The kind of what git has at the path (``file``, ``directory``, …). Raises with what to do for what only DVC has."""
    try:
        return repos.entry(access.project.id, ground.sha, ground.path).kind
    except NotFound:
        try:
            data.resolve_data_file(access.project.id, ground.sha, ground.path)
        except NotFound:
            pass
        else:
            raise Invalid(
                f"DVC tracks “{ground.path}”: git has only its hash.",
                hint="Change it in a clone, then dvc add, dvc push, and push the commit.",
                code="tracked_by_dvc",
            ) from None
        raise


def tracked_path(access: ProjectAccess, ground: Ground) -> bool:
    """Whether DVC tracks what is at the path, and not git.

    Raises ``MadeByPipeline`` for a stage's output, ``NotIndexedYet``.
    """
    return TrackedAt(access.project.id, ground.sha).around(ground.path) is not None


def text_of(access: ProjectAccess, ground: Ground) -> tuple[str, bool]:
    """A text file's content with plain line ends, and whether the file ends its lines with CR LF.

    Raises :class:`WrongKind` for what is no UTF-8 text of at most :data:`MAX_TEXT` bytes.
    """
    if require_in_git(access, ground) != "file":
        raise WrongKind(f"“{ground.path}” is no file.", hint="Open a file.")
    entry = repos.entry(access.project.id, ground.sha, ground.path)
    source = File(entry.path, entry.kind, entry.size, "git", f"git:{entry.oid}", entry=entry)
    head = head_of(access, Revision("branch", ground.branch, ground.sha, ground.path), source, MAX_TEXT)
    try:
        text = head.data.decode("utf-8")
    except UnicodeDecodeError:
        text = "\0"
    if head.truncated or "\0" in text:
        raise WrongKind(
            "Only UTF-8 text of at most 1 MiB can be edited here.",
            hint="Change it in a clone, or upload a new version of it.",
        )
    windows = "\r\n" in text and text.count("\r\n") == text.count("\n")
    return text.replace("\r\n", "\n") if windows else text, windows
