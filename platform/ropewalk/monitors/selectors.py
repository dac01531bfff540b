"""Reads of profiles and drift reports. Each takes the project's id; who may see it was decided by the gate."""

from collections.abc import Iterable
from pathlib import PurePosixPath
from typing import Any

from ropewalk.core.pagination import Page, paginate
from ropewalk.core.selectors import view_of
from ropewalk.data.types import DataFile
from ropewalk.monitors import models
from ropewalk.monitors.errors import ReportNotFound
from ropewalk.monitors.models import DriftReport, FileProfile
from ropewalk.monitors.types import (
    PROFILE_DATA,
    ContentKey,
    DataProfile,
    DriftReportDetail,
    DriftReportSummary,
    Side,
    StoredProfile,
)


def list_reports(
    project_id: int, *, path: str = "", page: int = 1, per_page: int = 30
) -> Page[DriftReportSummary]:
    """A project's drift reports, newest first, without results; with ``path`` only those whose current side has it."""
    rows = DriftReport.objects.for_project(project_id).select_related("job", "requested_by").defer("result")
    if path:
        rows = rows.filter(current_path=path)
    return paginate(rows.order_by("-number"), page=page, per_page=per_page, convert=_summary)


def latest_report(project_id: int) -> DriftReportSummary | None:
    """The newest report that has a result, for the overview."""
    rows = DriftReport.objects.for_project(project_id).filter(computed_at__isnull=False)
    row = rows.select_related("job", "requested_by").defer("result").order_by("-computed_at").first()
    return _summary(row) if row else None


def get_report(project_id: int, number: int) -> DriftReportDetail:
    """One report with its result and job. Raises :class:`ReportNotFound`."""
    rows = DriftReport.objects.for_project(project_id).select_related("job", "requested_by")
    row = rows.filter(number=number).first()
    if row is None:
        raise ReportNotFound
    return DriftReportDetail(
        summary=_summary(row), result=row.result, job=view_of(row.job) if row.job else None
    )


def sides_of_report(project_id: int, report_id: int) -> tuple[Side, Side]:
    """Reference and current side of a report, for its runner. Raises :class:`ReportNotFound`."""
    row = DriftReport.objects.for_project(project_id).filter(pk=report_id).defer("result").first()
    if row is None:
        raise ReportNotFound
    return _reference(row), _current(row)


def stored_profiles(
    project_id: int, contents: Iterable[ContentKey], version: int | None = None
) -> dict[ContentKey, StoredProfile]:
    """The profiles that exist among these contents, of the newest version or of the given one."""
    wanted = set(contents)
    rows = FileProfile.objects.for_project(project_id).filter(
        content_hash__in={one.content_hash for one in wanted}
    )
    if version is not None:
        rows = rows.filter(version=version)
    found: dict[ContentKey, StoredProfile] = {}
    for row in rows.order_by("version"):
        content = ContentKey(row.algorithm, row.content_hash, row.options)
        if content in wanted:
            found[content] = StoredProfile(
                content, row.key, row.size, row.rows, row.columns, row.summary, row.created_at
            )
    return found


def data_profile(project_id: int, file: DataFile) -> DataProfile | None:
    """The columns of one version of a file or folder; None when nobody asked for them yet."""
    rows = models.DataProfile.objects.for_project(project_id).select_related("job")
    row = rows.filter(**profile_identity(file)).first()
    return DataProfile(row.pk, row.summary, view_of(row.job) if row.job else None) if row else None


def profile_identity(file: DataFile) -> dict[str, Any]:
    """What tells one row of columns from another: the content, how its name says to read it, and the runner's version."""
    suffixes = [] if file.is_dir else PurePosixPath(file.path.lower()).suffixes[-2:]
    return {
        "content_hash": file.content_hash,
        "options": "".join(suffixes)[-32:],
        "version": PROFILE_DATA.version,
    }


def _reference(row: DriftReport) -> Side:
    return Side(row.reference_revision, row.reference_commit, row.reference_path, row.reference_hash)


def _current(row: DriftReport) -> Side:
    return Side(row.current_revision, row.current_commit, row.current_path, row.current_hash)


def _summary(row: DriftReport) -> DriftReportSummary:
    return DriftReportSummary(
        number=row.number,
        reference=_reference(row),
        current=_current(row),
        state=row.job.state if row.job else "succeeded",
        verdict=row.verdict,
        sentence=row.sentence,
        drifted_columns=row.drifted_columns,
        compared_columns=row.compared_columns,
        created_at=row.created_at,
        computed_at=row.computed_at,
        requested_by=row.requested_by.username if row.requested_by else "",
    )
