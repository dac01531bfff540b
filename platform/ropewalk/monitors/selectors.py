"""Reads of profiles and drift reports. Each takes the project's id; who may see it was decided by the gate."""

import hashlib
import json
from collections.abc import Iterable, Iterator
from pathlib import PurePosixPath
from typing import Any

from django.db.models import Q

from ropewalk.core import blobs
from ropewalk.core.pagination import Page, paginate
from ropewalk.core.selectors import view_of
from ropewalk.data.types import DataFile
from ropewalk.monitors import models
from ropewalk.monitors.errors import ReportNotFound
from ropewalk.monitors.galleries import DamagedGallery, Gallery
from ropewalk.monitors.media import gallery_key, pack_key
from ropewalk.monitors.models import DriftReport, FileProfile
from ropewalk.monitors.types import (
    PROFILE_DATA,
    ContentKey,
    DataProfile,
    DriftReportDetail,
    DriftReportSummary,
    MediaBatch,
    Side,
    StoredProfile,
)

MOST_BATCHES = 5000
MOST_THUMBNAIL = 256 << 10  # bytes


def list_reports(
    project_id: int, *, path: str = "", page: int = 1, per_page: int = 30
) -> Page[DriftReportSummary]:
    """A project's drift reports, newest first, without results; with ``path`` only those whose current side has it."""
    rows = DriftReport.objects.for_project(project_id).select_related("job", "requested_by").defer("result")
    if path:
        rows = rows.filter(current_path=path, current_pin="")
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


def reports_naming(project_id: int, path: str, *, limit: int = 200) -> list[DriftReportSummary]:
    """The newest reports that have a path on one of their sides."""
    rows = DriftReport.objects.for_project(project_id).select_related("job", "requested_by").defer("result")
    named = rows.filter(Q(reference_path=path, reference_pin="") | Q(current_path=path, current_pin=""))
    return [_summary(row) for row in named.order_by("-number")[:limit]]


def reports_of_pins(project_id: int, pins: Iterable[str], *, limit: int = 20) -> list[DriftReportSummary]:
    """The newest reports whose current side is one of these contents of connected buckets."""
    rows = DriftReport.objects.for_project(project_id).select_related("job", "requested_by").defer("result")
    named = rows.filter(current_pin__in=list(pins))
    return [_summary(row) for row in named.order_by("-number")[:limit]]


def report_of(
    project_id: int, reference: tuple[str, str], current: tuple[str, str]
) -> DriftReportSummary | None:
    """The report of two (commit, path); None when nobody asked for it."""
    rows = DriftReport.objects.for_project(project_id).select_related("job", "requested_by").defer("result")
    row = rows.filter(fingerprint=report_fingerprint(reference, current)).first()
    return _summary(row) if row else None


def report_fingerprint(reference: tuple[str, str], current: tuple[str, str]) -> str:
    """What tells one report from another: the commits (or pins) and paths of both sides."""
    return hashlib.sha256(json.dumps([list(reference), list(current)]).encode()).hexdigest()


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


def media_batches(project_id: int, kind: str, version: int) -> Iterator[MediaBatch]:
    """The stored measurements of one kind, the newest first, at most :data:`MOST_BATCHES`."""
    rows = models.MediaBatch.objects.for_project(project_id).filter(kind=kind, version=version)
    for key, marks in rows.order_by("-id").values_list("key", "marks")[:MOST_BATCHES].iterator(200):
        yield MediaBatch(key, bytes(marks))


def gallery(project_id: int, profile_id: int) -> Gallery | None:
    """The gallery of a version's files; None when it is gone."""
    key = gallery_key(project_id, profile_id)
    try:
        return Gallery(lambda start, end: b"".join(blobs.store().read(key, start, end)))
    except (blobs.BlobMissing, DamagedGallery):
        return None


def thumbnail(project_id: int, pack: str, start: int, size: int) -> bytes | None:
    """A small picture (WebP) out of a pack of them; None for what is none."""
    if size > MOST_THUMBNAIL:
        return None
    try:
        data = b"".join(blobs.store().read(pack_key(project_id, pack), start, start + size))
    except (blobs.BlobMissing, blobs.BadKey):
        return None
    whole = len(data) == size and data[:4] == b"RIFF" and data[8:12] == b"WEBP"
    return data if whole and int.from_bytes(data[4:8], "little") == size - 8 else None


def data_profile(project_id: int, file: DataFile) -> DataProfile | None:
    """The columns of one version of a file or folder; None when nobody asked for them yet."""
    rows = models.DataProfile.objects.for_project(project_id).select_related("job")
    row = rows.filter(**profile_identity(file)).first()
    return DataProfile(row.pk, row.summary, view_of(row.job) if row.job else None) if row else None


def profile_identity(file: DataFile) -> dict[str, Any]:
    """What tells one row of columns from another: the content, how its name says to read it, and the runner's version."""
    return {
        "content_hash": file.content_hash,
        "options": reading(file.path, is_dir=file.is_dir),
        "version": PROFILE_DATA.version,
    }


def reading(path: str, *, is_dir: bool) -> str:
    """How a file's name says to read it: its last two endings; empty for a folder."""
    return "" if is_dir else "".join(PurePosixPath(path.lower()).suffixes[-2:])[-32:]


def table_sizes(project_id: int, files: Iterable[tuple[str, str, bool]]) -> dict[str, tuple[int, int]]:
    """Path → (rows, columns) of those of many (content hash, path, whether it is a folder) that were measured. One query."""
    wanted: dict[tuple[str, str], list[str]] = {}
    for content, path, is_dir in files:
        wanted.setdefault((content, reading(path, is_dir=is_dir)), []).append(path)
    rows = models.DataProfile.objects.for_project(project_id).filter(
        content_hash__in={content for content, _ in wanted},
        version=PROFILE_DATA.version,
        summary__column_count__gt=0,
    )
    found: dict[str, tuple[int, int]] = {}
    for content, options, count, columns in rows.values_list(
        "content_hash", "options", "summary__rows", "summary__column_count"
    ):
        found |= dict.fromkeys(wanted.get((content, options), ()), (count, columns))
    return found


def _reference(row: DriftReport) -> Side:
    return Side(
        row.reference_revision,
        row.reference_commit,
        row.reference_path,
        row.reference_hash,
        row.reference_pin,
    )


def _current(row: DriftReport) -> Side:
    return Side(row.current_revision, row.current_commit, row.current_path, row.current_hash, row.current_pin)


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
