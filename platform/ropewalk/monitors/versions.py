"""Any two versions of a dataset beside each other: which they are, what is known of each, and the report that compares them."""

from dataclasses import dataclass

from ropewalk.core.errors import NotFound
from ropewalk.data import selectors as data
from ropewalk.data.types import DataFile
from ropewalk.monitors import selectors
from ropewalk.monitors.pairs import TablePair, pair_tables
from ropewalk.monitors.types import DataProfile, DriftReportSummary
from ropewalk.repos import selectors as repos
from ropewalk.repos.errors import RevisionNotFound
from ropewalk.repos.types import Commit


@dataclass(frozen=True)
class VersionSide:
    """One side: what was asked for, the commit that it meant, and what lies at the path there; ``file`` is None for nothing.

    ``why`` says in words why there is nothing.
    """

    revision: str
    path: str
    commit: Commit
    file: DataFile | None
    why: str = ""


@dataclass(frozen=True)
class VersionPair:
    """Two versions, ``base`` the one to compare with."""

    base: VersionSide
    head: VersionSide

    @property
    def same(self) -> bool:
        """Whether both sides are the same content."""
        sides = self.base.file, self.head.file
        return (
            sides[0] is not None and sides[1] is not None and sides[0].content_hash == sides[1].content_hash
        )

    @property
    def folders(self) -> bool:
        """Whether both sides, as far as there are any, are tracked folders."""
        return all(side.file is None or side.file.is_dir for side in (self.base, self.head))

    @property
    def both_present(self) -> bool:
        """Whether the bytes of both sides are here."""
        return all(side.file is not None and side.file.present for side in (self.base, self.head))

    @property
    def tabular(self) -> bool:
        """Whether both sides may hold tables."""
        return self.both_present and all(
            side.file is not None and (side.file.is_dir or data.is_tabular(side.path))
            for side in (self.base, self.head)
        )


def version_pair(project_id: int, base: tuple[str, str], head: tuple[str, str]) -> VersionPair:
    """The versions at two (revision, path). Raises :class:`RevisionNotFound`, and :class:`NotFound` when neither side has any."""
    pair = VersionPair(_side(project_id, *base), _side(project_id, *head))
    if pair.base.file is None and pair.head.file is None:
        raise NotFound(pair.head.why, hint="Choose a path and revisions that have it.", code="path_not_found")
    return pair


def _side(project_id: int, revision: str, path: str) -> VersionSide:
    found = repos.resolve(project_id, revision)
    if found.path:  # the resolver takes the rest of a name for a path
        raise RevisionNotFound(f"There is no revision “{revision[:200]}”.")
    path, commit = path.strip("/"), repos.commit(project_id, found.sha)
    try:
        return VersionSide(found.name, path, commit, data.resolve_dataset(project_id, found.sha, path))
    except NotFound as error:
        return VersionSide(found.name, path, commit, None, error.message)


def version_before(project_id: int, path: str, head: str) -> str:
    """The commit of the version before the one at a revision; empty where that is the first, or none is known."""
    found = data.versions(project_id, path, head)
    return found[1].commit_sha if len(found) > 1 else ""


def table_pair(before: DataProfile | None, after: DataProfile | None) -> TablePair | None:
    """The columns of two measured versions; None while one is not measured."""
    if before is None or after is None or before.summary is None or after.summary is None:
        return None
    return pair_tables(before.summary, after.summary)


def report_between(project_id: int, pair: VersionPair) -> DriftReportSummary | None:
    """The drift report of exactly these commits and paths; None when nobody asked for it."""
    return selectors.report_of(
        project_id, (pair.base.commit.sha, pair.base.path), (pair.head.commit.sha, pair.head.path)
    )
