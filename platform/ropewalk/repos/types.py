"""Frozen values that repositories hand outward.

Names and paths come from untrusted repositories: they are text (invalid UTF-8 became U+FFFD), never safe HTML, never a path of
this machine. ``sha`` is a full 40-digit commit name, ``oid`` that of any object.
"""

from dataclasses import dataclass, field
from datetime import datetime

from ropewalk.core.jobs import JobKind

MAINTAIN_REPOSITORY = JobKind("maintain-repository", version=1, time_limit=3600)
PUSH_TO_MIRROR = JobKind("push-to-mirror", version=1, time_limit=6000)
IMPORT_REPOSITORY = JobKind("import-repository", version=1, time_limit=6000)
FORK_PROJECT = JobKind("fork-project", version=1, time_limit=6000)
FIND_LAST_COMMITS = JobKind("find-last-commits", version=1, time_limit=600)
FIND_CONTRIBUTORS = JobKind("find-contributors", version=1, time_limit=600)

ZERO = "0" * 40
EMPTY_TREE = "4b825dc642cb6eb9a060e54bf8d69288fbee4904"


@dataclass(frozen=True)
class Revision:
    """What ``<rev>/<path>`` of a URL means. ``kind`` is ``branch``, ``tag`` or ``commit``.

    ``name`` is what to link: where the short name means another ref, it is written out (``refs/tags/v1``).
    """

    kind: str
    name: str
    sha: str
    path: str = ""

    @property
    def short(self) -> str:
        """What a breadcrumb shows: the ref's name, or eight digits of a commit."""
        if self.kind == "commit":
            return self.sha[:8]
        return self.name.removeprefix("refs/heads/").removeprefix("refs/tags/")


@dataclass(frozen=True)
class Person:
    """An author or committer, as the commit claims; nobody checked it."""

    name: str
    email: str
    when: datetime


@dataclass(frozen=True)
class Commit:
    """One commit. ``subject`` is the message's first paragraph on one line, ``body`` the rest."""

    sha: str
    subject: str
    body: str
    author: Person
    committer: Person
    parents: tuple[str, ...]

    @property
    def short(self) -> str:
        """Eight digits."""
        return self.sha[:8]


@dataclass(frozen=True)
class BranchRow:
    """A branch with its last commit, and how many commits it is ahead of the default branch and behind it (None: not counted)."""

    name: str
    commit: Commit
    is_default: bool = False
    ahead: int | None = None
    behind: int | None = None


@dataclass(frozen=True)
class GoneBranch:
    """A branch that was deleted, where it ended, and by whom; ``deleter`` is empty for an account that is gone."""

    name: str
    sha: str
    deleter: str
    when: datetime


@dataclass(frozen=True)
class Tag:
    """A tag. ``sha`` is the commit that it names, empty when it names another ``kind`` of object.

    ``message`` is empty for a lightweight one; ``author`` and ``when`` are then the commit's. ``oid`` is the ref's own value,
    ``link`` what to put into an address. ``signed`` says that a signature is there, not that anybody checked it.
    """

    name: str
    sha: str
    message: str
    author: str
    when: datetime
    oid: str = ""
    kind: str = "commit"
    annotated: bool = False
    signed: bool = False
    subject: str = ""
    link: str = ""

    @property
    def body(self) -> str:
        """What an annotated tag's message has below its first paragraph."""
        return self.message.partition("\n\n")[2]


@dataclass(frozen=True)
class Contributor:
    """An author as the history claims, merged by the mailmap. ``weeks`` counts commits by week (see :class:`Activity`)."""

    name: str
    email: str
    commits: int
    first: datetime
    last: datetime
    weeks: dict[int, int]


@dataclass(frozen=True)
class Activity:
    """Who wrote a history: the ``people`` with most commits, of ``authors`` in all, and ``commits`` without merges.

    ``weeks`` counts commits by week: the number of whole weeks since the first Monday of 1970. ``complete`` is False when the
    walk ran out of time; then the newest commits are counted.
    """

    people: tuple[Contributor, ...]
    authors: int
    commits: int
    weeks: dict[int, int]
    complete: bool


@dataclass(frozen=True)
class TreeEntry:
    """One entry of a folder. ``kind`` is ``file``, ``directory``, ``symlink`` or ``submodule``; ``size`` in bytes, files only."""

    name: str
    path: str
    kind: str
    mode: str
    oid: str
    size: int | None = None

    @property
    def executable(self) -> bool:
        """Whether it is a file with the executable bit."""
        return self.mode == "100755"


@dataclass(frozen=True)
class Tree:
    """A folder at a commit: directories first, then the rest by name. ``truncated``: it has more entries than are listed."""

    sha: str
    path: str
    entries: tuple[TreeEntry, ...]
    truncated: bool = False


@dataclass(frozen=True)
class LastCommits:
    """For each entry's name the last commit that changed it. ``complete`` is False when the search ran out of time."""

    by_name: dict[str, Commit]
    complete: bool


@dataclass(frozen=True)
class FileVersion:
    """A commit that changed a file. ``path`` is what the file was called in it, ``old_path`` what before (or empty)."""

    commit: Commit
    path: str
    old_path: str = ""
    status: str = "modified"


@dataclass(frozen=True)
class BlameGroup:
    """Lines ``first`` to ``last`` (1-based) that one commit wrote.

    ``path`` is what the file was called in it. ``previous`` and ``previous_path`` say where to look for who wrote the lines
    before that commit; empty when the commit made the file.
    """

    first: int
    last: int
    sha: str
    path: str
    previous: str = ""
    previous_path: str = ""


@dataclass(frozen=True)
class Blame:
    """Who wrote which lines, in order. ``complete`` is False when git ran out of time: some lines are in no group then.

    ``ignored`` counts the commits that ``.git-blame-ignore-revs`` names and that were passed over.
    """

    groups: tuple[BlameGroup, ...]
    commits: dict[str, Commit]
    ignored: int = 0
    complete: bool = True


@dataclass(frozen=True)
class Blob:
    """A file's beginning. ``size`` is the whole file's; ``data`` has at most the asked-for bytes of it."""

    path: str
    oid: str
    mode: str
    size: int
    data: bytes = field(repr=False)
    binary: bool = False

    @property
    def truncated(self) -> bool:
        """Whether ``data`` is not the whole file."""
        return len(self.data) < self.size

    @property
    def is_symlink(self) -> bool:
        """Whether it is a symbolic link; ``data`` is then its target, which is shown and never followed."""
        return self.mode == "120000"

    @property
    def text(self) -> str:
        """The data as text; bytes that are not UTF-8 become U+FFFD."""
        return self.data.decode("utf-8", "replace")


@dataclass(frozen=True)
class ChangedFile:
    """One changed path between two trees.

    ``status`` is ``added``, ``deleted``, ``modified``, ``renamed``, ``copied`` or ``type``. ``added`` and ``deleted`` count
    lines; None for a ``binary`` file, and where nobody asked for counts or they were not found in time.
    """

    status: str
    path: str
    old_path: str
    old_mode: str
    new_mode: str
    old_oid: str
    new_oid: str
    added: int | None = None
    deleted: int | None = None
    binary: bool = False

    @property
    def is_submodule(self) -> bool:
        """Whether one of the sides is a submodule: its content is a commit's name."""
        return "160000" in {self.old_mode, self.new_mode}

    @property
    def mode_changed(self) -> bool:
        """Whether both sides are there with different modes."""
        return self.old_mode != self.new_mode and "000000" not in {self.old_mode, self.new_mode}


@dataclass(frozen=True)
class Changes:
    """The changed paths; ``truncated``: there are more than are listed."""

    files: tuple[ChangedFile, ...]
    truncated: bool = False


@dataclass(frozen=True)
class DiffLine:
    """``kind`` is ``context``, ``added``, ``deleted`` or ``note`` (no newline at end of file). Numbers are 1-based."""

    kind: str
    text: str
    old_number: int | None = None
    new_number: int | None = None


@dataclass(frozen=True)
class Hunk:
    """A run of changed lines with their context."""

    header: str
    lines: tuple[DiffLine, ...]


@dataclass(frozen=True)
class FileDiff:
    """One file's change. ``note`` says why there are no (or not all) lines.

    It is ``binary``, ``too_large``, ``not_shown``, ``mode`` or ``space`` (only white space changed, which was to be ignored).
    ``added`` and ``deleted`` count the lines, None when they were not all read.
    """

    file: ChangedFile
    hunks: tuple[Hunk, ...] = ()
    note: str = ""
    added: int | None = 0
    deleted: int | None = 0


@dataclass(frozen=True)
class Diff:
    """A bounded diff between two commits.

    ``truncated``: more files changed than are listed, or some have no lines for want of room.
    """

    base: str
    head: str
    files: tuple[FileDiff, ...]
    truncated: bool = False

    @property
    def added(self) -> int:
        """Added lines, of those that were read."""
        return sum(entry.added or 0 for entry in self.files)

    @property
    def deleted(self) -> int:
        """Deleted lines, of those that were read."""
        return sum(entry.deleted or 0 for entry in self.files)


@dataclass(frozen=True)
class RefUpdate:
    """One ref that a push really changed. ``kind`` is ``branch``, ``tag``, ``experiment``, ``note`` or ``other``.

    ``old`` or ``new`` is :data:`ZERO` when the ref was made or deleted. ``commit`` is what ``new`` peels to (a tag object's
    commit), empty for a deletion or a ref that names no commit. ``forced``: history was replaced.
    """

    name: str
    kind: str
    old: str
    new: str
    commit: str = ""
    forced: bool = False

    @property
    def short(self) -> str:
        """The name without its namespace."""
        for prefix in ("refs/heads/", "refs/tags/", "refs/"):
            if self.name.startswith(prefix):
                return self.name[len(prefix) :]
        return self.name

    @property
    def created(self) -> bool:
        """Whether the ref is new."""
        return self.old == ZERO

    @property
    def deleted(self) -> bool:
        """Whether the ref is gone."""
        return self.new == ZERO


@dataclass(frozen=True)
class PushView:
    """A recorded push. ``pusher_id`` is None when its account is gone or a repair found the push without its pusher."""

    id: int
    project_id: int
    pusher_id: int | None
    pusher: str
    created_at: datetime
    updates: tuple[RefUpdate, ...]
    mirrored: bool = False

    @property
    def commits(self) -> tuple[str, ...]:
        """The commits at the tips of pushed branches, tags and experiments, each once: what is to be indexed."""
        wanted = (u.commit for u in self.updates if u.commit and u.kind in {"branch", "tag", "experiment"})
        return tuple(dict.fromkeys(wanted))


@dataclass(frozen=True)
class RepositoryState:
    """A repository at a glance. ``size_bytes`` is its packs and loose objects on disk."""

    empty: bool
    default_branch: str
    head_sha: str
    branches: int
    tags: int
    size_bytes: int
