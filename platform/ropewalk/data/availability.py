"""Frozen values that answer whether what a commit tracks can be checked out today."""

from dataclasses import dataclass

from ropewalk.core.pagination import Page
from ropewalk.data.oids import ObjectAddress, parse_oid
from ropewalk.data.origins import Origin


@dataclass(frozen=True)
class OutputState:
    """One output whose bytes are not here, and why.

    ``state``: ``missing`` (nobody pushed it), ``incomplete`` (a folder of which ``missing_files`` files are not here),
    ``removed`` (it, or a file of it, was removed and can be restored), ``elsewhere`` (its kind of hash is never stored here),
    ``imported`` (the repository it was imported from keeps it; nobody asked whether it still does).
    ``size`` in bytes and ``nfiles`` are as the pointer says, None where it does not.
    """

    path: str
    algorithm: str
    oid: str
    is_dir: bool
    size: int | None
    nfiles: int | None
    pointer: str
    stage: str
    state: str
    missing_files: int
    origin: Origin | None

    @property
    def address(self) -> ObjectAddress | None:
        """Where a remote of ours would hold it; None for another kind of hash."""
        return parse_oid(self.algorithm, f"{self.oid}.dir" if self.is_dir else self.oid)


@dataclass(frozen=True)
class MissingFile:
    """A file that a folder's list names and that is not stored; ``path`` is relative to the folder."""

    path: str
    oid: str
    removed: bool


@dataclass(frozen=True)
class Availability:
    """What of a commit's outputs is here. Counts are of outputs, sizes in bytes as the pointers say them.

    ``indexed`` is false while nobody knows what the commit tracks; everything else is empty then. ``unread`` pointer files could
    not be read, so that there may be more outputs. ``imported`` ones can be checked out as long as their source has them, which
    is not checked. ``lacking`` is a page of those that are not here: by path those that can't be checked out, then the imported.
    """

    commit_sha: str
    indexed: bool
    outputs: int
    size: int
    missing: int
    removed: int
    incomplete: int
    elsewhere: int
    imported: int
    lacking_size: int
    unread: int
    lacking: Page[OutputState]

    @property
    def lacks(self) -> int:
        """How many outputs can't be checked out."""
        return self.missing + self.removed + self.incomplete + self.elsewhere

    @property
    def whole(self) -> bool:
        """Whether everything can be checked out, as far as the index tells."""
        return self.indexed and not self.lacks and not self.unread

    @property
    def state(self) -> str:
        """In a word: ``unindexed``, ``nothing`` (no outputs), ``present``, ``imported`` (but for such ones) or ``missing``."""
        if not self.indexed:
            return "unindexed"
        if self.lacks:
            return "missing"
        if self.imported:
            return "imported"
        return "present" if self.outputs else "nothing"
