"""Reads of comparisons. Each takes the project's id; who may see it was decided by the gate."""

from ropewalk.comparisons import fingerprints
from ropewalk.comparisons.errors import ComparisonNotFound
from ropewalk.comparisons.models import Comparison
from ropewalk.comparisons.types import ComparisonDetail, ComparisonSummary
from ropewalk.core.pagination import Page, paginate
from ropewalk.core.selectors import view_of
from ropewalk.tracking import selectors as tracking


def list_comparisons(project_id: int, *, page: int = 1, per_page: int = 30) -> Page[ComparisonSummary]:
    """A project's comparisons, newest first, without results."""
    rows = Comparison.objects.for_project(project_id).select_related("job", "requested_by").defer("result")
    return paginate(rows.order_by("-number"), page=page, per_page=per_page, convert=_summary)


def get_comparison(project_id: int, number: int) -> ComparisonDetail:
    """One comparison with its result and its job. Raises :class:`ComparisonNotFound`."""
    rows = Comparison.objects.for_project(project_id).select_related("job", "requested_by")
    row = rows.filter(number=number).first()
    if row is None:
        raise ComparisonNotFound
    runs = tracking.runs_by_ids(project_id, row.run_ids)
    return ComparisonDetail(
        number=row.number,
        run_ids=tuple(row.run_ids),
        created_at=row.created_at,
        computed_at=row.computed_at,
        requested_by=row.requested_by.username if row.requested_by else "",
        result=row.result,
        stale=row.result is not None and row.result_fingerprint != fingerprints.of_content(runs),
        job=view_of(row.job) if row.job else None,
    )


def _summary(row: Comparison) -> ComparisonSummary:
    return ComparisonSummary(
        number=row.number,
        run_ids=tuple(row.run_ids),
        state=row.job.state if row.job else "succeeded",
        created_at=row.created_at,
        computed_at=row.computed_at,
        requested_by=row.requested_by.username if row.requested_by else "",
    )


def runs_of_comparison(project_id: int, comparison_id: int) -> list[str]:
    """The chosen runs' ids in order, for the runner. Raises :class:`ComparisonNotFound`."""
    ids = (
        Comparison.objects.for_project(project_id)
        .filter(pk=comparison_id)
        .values_list("run_ids", flat=True)
        .first()
    )
    if ids is None:
        raise ComparisonNotFound
    return list(ids)
