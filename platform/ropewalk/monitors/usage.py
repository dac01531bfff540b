"""What each version of a dataset was used for: runs, the models that came of them, drift reports, and stages that read it."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

from ropewalk.core.pagination import Page
from ropewalk.data import selectors as data
from ropewalk.data.types import DatasetVersion
from ropewalk.monitors import selectors
from ropewalk.monitors.types import DriftReportSummary
from ropewalk.tracking import selectors as tracking
from ropewalk.tracking.selectors.usage import MOST_COMMITS, LoggedUse
from ropewalk.tracking.types import RunRow


@dataclass(frozen=True)
class VersionUsage:
    """One version. ``runs`` and ``models`` are how many there are, ``newest_*`` the first few, ``stages`` those that read it.

    A run counts when the commit that it recorded has this content at the path, or when it logged data with this hash as digest.
    """

    version: DatasetVersion
    runs: int = 0
    newest_runs: Sequence[RunRow] = ()
    models: int = 0
    newest_models: Sequence[tuple[str, int]] = ()
    reports: Sequence[DriftReportSummary] = ()
    stages: Sequence[str] = ()


@dataclass(frozen=True)
class DatasetUsage:
    """The usage of some versions. ``unknown`` runs logged data that names the path, of a version that nobody can tell.

    ``partly``: runs recorded more commits than were looked at; those of the newest runs were.
    """

    versions: list[VersionUsage]
    unknown: list[RunRow]
    unknown_total: int
    partly: bool


@dataclass
class _Found:
    """Content hash → commits that runs recorded, how many runs, and runs that logged it by its hash."""

    commits: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    counts: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    logged: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    unknown: list[str] = field(default_factory=list)
    partly: bool = False


def dataset_usage(project_id: int, path: str, versions: Sequence[DatasetVersion]) -> DatasetUsage:
    """The usage of these versions of a path. A constant number of queries."""
    oids = list(dict.fromkeys(version.oid for version in versions))
    found = _find(project_id, path, oids, git=any(version.source == "git" for version in versions))
    groups = {oid: found.commits[oid] for oid in oids if found.commits.get(oid)}
    newest = tracking.newest_runs(project_id, groups) if groups else {}
    models = tracking.models_made(project_id, groups) if groups else {}
    more = tracking.runs_by_ids(
        project_id, [*{one for oid in oids for one in found.logged.get(oid, [])[:3]}, *found.unknown[:5]]
    )
    rows = {row.run_id: row for row in more}
    reports = _reports(project_id, path, git=any(version.source == "git" for version in versions))
    stages = data.stages_reading(project_id, path, [version.commit_sha for version in versions])
    used = []
    for version in versions:
        oid, made = version.oid, models.get(version.oid)
        logged = [rows[one] for one in found.logged.get(oid, []) if one in rows]
        used.append(
            VersionUsage(
                version,
                runs=found.counts.get(oid, 0) + len(found.logged.get(oid, [])),
                newest_runs=[*newest.get(oid, []), *logged][:3],
                models=made.count if made else 0,
                newest_models=made.newest if made else (),
                reports=reports.get(oid, [])[:5],
                stages=stages.get(version.commit_sha, ()),
            )
        )
    unknown = [rows[one] for one in found.unknown if one in rows][:5]
    return DatasetUsage(used, unknown, len(found.unknown), found.partly)


def runs_of_version(project_id: int, path: str, oid: str, *, git: bool, page: int = 1) -> Page[RunRow]:
    """All runs that used one version, newest first, a page at a time."""
    found = _find(project_id, path, [oid], git=git)
    return tracking.runs_using(project_id, found.commits.get(oid, []), found.logged.get(oid, []), page=page)


def _find(project_id: int, path: str, oids: Sequence[str], *, git: bool) -> _Found:
    counts = tracking.run_commits(project_id)
    uses = tracking.logged_uses(project_id, path, oids)
    commits = [*counts, *(use.commit for use in uses if use.commit)]
    contents = data.contents_at(project_id, path, commits, git=git)
    found = _Found(partly=len(counts) >= MOST_COMMITS)
    for sha, count in counts.items():
        if sha in contents:
            found.commits[contents[sha]].append(sha)
            found.counts[contents[sha]] += count
    seen: set[str] = set()
    for use in uses:
        if use.run_id not in seen and not _counted(use, contents, counts):
            seen.add(use.run_id)
            if use.digest:
                found.logged[use.digest].append(use.run_id)
            else:
                found.unknown.append(use.run_id)
    return found


def _counted(use: LoggedUse, contents: dict[str, str], counts: dict[str, int]) -> bool:
    """Whether the run's own commit says already which version it used: the one that it logged, where it logged a hash."""
    return use.commit in counts and use.commit in contents and use.digest in {"", contents[use.commit]}


def _reports(project_id: int, path: str, *, git: bool) -> dict[str, list[DriftReportSummary]]:
    """Content hash → the newest drift reports that have it on one of their sides."""
    reports = selectors.reports_naming(project_id, path)
    sides = {
        report.number: [side.commit for side in (report.reference, report.current) if side.path == path]
        for report in reports
    }
    contents = data.contents_at(project_id, path, [sha for shas in sides.values() for sha in shas], git=git)
    found: dict[str, list[DriftReportSummary]] = defaultdict(list)
    for report in reports:
        for oid in dict.fromkeys(contents[sha] for sha in sides[report.number] if sha in contents):
            found[oid].append(report)
    return found
