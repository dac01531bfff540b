"""What recent runs have: the keys that a table can show and a filter can name, and the values of one."""

from collections import Counter
from collections.abc import Collection

from django.db.models import QuerySet

from ropewalk.tracking import filters, ordering
from ropewalk.tracking.models import RunMetric, RunParam, RunTag
from ropewalk.tracking.selectors.runs import runs_in
from ropewalk.tracking.types import SYSTEM_TAGS, RunColumns


def run_columns(
    project_id: int, *, experiment_ids: Collection[str] | None = None, sample: int = 200
) -> RunColumns:
    """The keys that the newest ``sample`` runs use, for column choosers. Four queries."""
    newest = ordering.apply(runs_in(project_id, experiment_ids), "")
    ids = list(newest.values_list("run_uuid", flat=True)[:sample])

    def keys(rows: QuerySet[RunMetric] | QuerySet[RunParam] | QuerySet[RunTag]) -> tuple[str, ...]:
        return tuple(rows.filter(run_id__in=ids).order_by("key").values_list("key", flat=True).distinct())

    reason = "by the ids of runs already scoped"
    own = [key for key in keys(RunTag.objects.unscoped(reason)) if not key.startswith(SYSTEM_TAGS)]
    return RunColumns(
        metrics=keys(RunMetric.objects.unscoped(reason)),
        params=keys(RunParam.objects.unscoped(reason)),
        tags=tuple(own),
    )


def values_of_key(project_id: int, name: str, *, sample: int = 1000, limit: int = 50) -> list[str]:
    """The commonest texts of a parameter, tag or attribute among the newest ``sample`` runs. Raises :class:`InvalidFilter`."""
    entity, key = filters.parse_key(name)
    newest = ordering.apply(runs_in(project_id), "")
    if entity == "attribute" and key in filters.TEXT_ATTRIBUTES:
        column = filters.TEXT_ATTRIBUTES[key]
        texts = Counter(newest.values_list(column, flat=True)[:sample])
    elif entity in {"param", "tag"}:
        ids = list(newest.values_list("run_uuid", flat=True)[:sample])
        model = RunParam if entity == "param" else RunTag
        mine = model.objects.unscoped("by the ids of runs already scoped").filter(run_id__in=ids, key=key)
        texts = Counter(mine.values_list("value", flat=True))
    else:
        return []
    return [text for text, _ in texts.most_common(limit) if text and len(text) <= 200]
