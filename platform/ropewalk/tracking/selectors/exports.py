"""All runs that match, for a download: a few hundred at a time, however many there are."""

from collections.abc import Collection, Iterator

from ropewalk.tracking import filters, ordering
from ropewalk.tracking.models import Run
from ropewalk.tracking.selectors.runs import rows_of, runs_in
from ropewalk.tracking.types import RunRow, Shown

MOST_RUNS = 100_000
_AT_ONCE = 500


def every_run(
    project_id: int,
    *,
    experiment_ids: Collection[str] | None = None,
    filter_text: str = "",
    order: str = "",
    shown: Shown | None = None,
) -> Iterator[RunRow]:
    """The first :data:`MOST_RUNS` runs in order. The order is that of the call; a run deleted meanwhile is left out.

    Raises :class:`~ropewalk.tracking.errors.InvalidFilter` at the call, not while rows are read.
    """
    matching = filters.apply(runs_in(project_id, experiment_ids, shown=shown), filter_text)
    ids = list(ordering.apply(matching, order).values_list("run_uuid", flat=True)[:MOST_RUNS])
    return _read(project_id, ids)


def _read(project_id: int, ids: list[str]) -> Iterator[RunRow]:
    for start in range(0, len(ids), _AT_ONCE):
        wanted = ids[start : start + _AT_ONCE]
        found = Run.objects.for_project(project_id).select_related("experiment").filter(run_uuid__in=wanted)
        by_id = {run.run_uuid: run for run in found}
        yield from rows_of([by_id[one] for one in wanted if one in by_id])
