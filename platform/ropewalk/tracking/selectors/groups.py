"""The run table by groups: runs with the same parameter, tag, data set or commit, or the same parameters but for the seed."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from ropewalk.core import statements
from ropewalk.core.pagination import Page
from ropewalk.tracking import filters, ordering
from ropewalk.tracking.selectors.runs import runs_in
from ropewalk.tracking.student import half_width
from ropewalk.tracking.types import COMMIT_TAG, GroupMetric, RunGroup, Shown, moment

MOST_RUNS = 20_000
_LARGEST = 1e150  # of values beyond it, infinite ones among them, PostgreSQL can't compute a deviation
SEEDS = r"(^|[._\- /])(random[_-]?(state|seed)|seed)($|[._\- /])"
"""Names of parameters that only tell repetitions apart, in any case; comparisons of runs use the same (``workers.analysis``)."""

# Each gives (run_uuid, label) for the runs picked; label is NULL where a run has none.
_BY = {
    "param": "SELECT p.run_uuid, x.value AS label FROM picked p"
    " LEFT JOIN mlflow.params x ON x.run_uuid = p.run_uuid AND x.key = %(key)s",
    "tag": "SELECT p.run_uuid, x.value AS label FROM picked p"
    " LEFT JOIN mlflow.tags x ON x.run_uuid = p.run_uuid AND x.key = %(key)s",
    "seeds": "SELECT p.run_uuid, string_agg(x.key || '=' || x.value, E'\\n' ORDER BY x.key) AS label FROM picked p"
    " LEFT JOIN mlflow.params x ON x.run_uuid = p.run_uuid"
    " AND x.key !~* %(seeds)s GROUP BY p.run_uuid",
    "dataset": "SELECT p.run_uuid, string_agg(DISTINCT d.name || '@' || d.digest, ', ') AS label FROM picked p"
    " LEFT JOIN mlflow.inputs i ON i.destination_type = 'RUN' AND i.destination_id = p.run_uuid AND i.source_type = 'DATASET'"
    " LEFT JOIN mlflow.datasets d ON d.dataset_uuid = i.source_id GROUP BY p.run_uuid",
}
_LABELLED = "WITH picked AS (SELECT unnest(%(ids)s::varchar[]) AS run_uuid), labelled AS ("
_GROUPS = """)
SELECT label, count(*), (array_agg(r.run_uuid ORDER BY r.start_time DESC NULLS LAST, r.run_uuid))[1], max(r.start_time),
  count(*) OVER ()
FROM labelled JOIN mlflow.runs r USING (run_uuid)
  LEFT JOIN mlflow.latest_metrics s ON s.run_uuid = r.run_uuid AND s.key = %(sorted)s
    AND NOT s.is_nan AND abs(s.value) < %(largest)s
GROUP BY label ORDER BY """
_ORDERS = {
    ("metric", True): "avg(s.value) DESC NULLS LAST, ",
    ("metric", False): "avg(s.value) ASC NULLS LAST, ",
    ("label", True): "label DESC NULLS LAST, ",
    ("label", False): "label ASC NULLS LAST, ",
    ("started", True): "max(r.start_time) DESC NULLS LAST, ",
    ("started", False): "max(r.start_time) ASC NULLS LAST, ",
    ("runs", True): "",
    ("runs", False): "count(*) ASC, ",
}
_PAGE = "count(*) DESC, max(r.start_time) DESC NULLS LAST, label LIMIT %(limit)s OFFSET %(offset)s"
_METRICS = """)
SELECT label, l.key, avg(l.value), stddev_samp(l.value), count(*), min(l.value), max(l.value)
FROM labelled JOIN mlflow.latest_metrics l USING (run_uuid)
WHERE l.key = ANY(%(metrics)s) AND NOT l.is_nan AND abs(l.value) < %(largest)s
  AND (label = ANY(%(labels)s) OR (%(none)s AND label IS NULL))
GROUP BY label, l.key"""


@dataclass(frozen=True)
class Grouping:
    """What makes a group: ``param`` or ``tag`` with its key, ``dataset``, or ``seeds`` (all parameters but the seeds)."""

    kind: str
    key: str = ""

    @classmethod
    def parse(cls, name: str) -> "Grouping | None":
        """``params.model``, ``tags.team``, ``dataset``, ``commit`` or ``seeds``; None for anything else."""
        if name == "commit":
            return cls("tag", COMMIT_TAG)
        if name in {"dataset", "seeds"}:
            return cls(name)
        kind, _, key = name.partition(".")
        found = {"params": "param", "tags": "tag"}.get(kind)
        return cls(found, key[:250]) if found and key and "\x00" not in key else None


def list_groups(
    project_id: int,
    grouping: Grouping,
    *,
    experiment_ids: Collection[str] | None = None,
    filter_text: str = "",
    order: str = "",
    shown: Shown | None = None,
    metric_keys: Sequence[str] = (),
    page: int = 1,
    per_page: int = 50,
) -> tuple[Page[RunGroup], int]:
    """A page of groups of the newest :data:`MOST_RUNS` runs that match, and how many runs that were. Three queries.

    ``order`` is a metric's (by the groups' means), ``start_time``, ``run_name`` (the groups' own values) or empty: the largest
    group first. Raises :class:`~ropewalk.tracking.errors.InvalidFilter`.
    """
    matching = filters.apply(runs_in(project_id, experiment_ids, shown=shown), filter_text)
    ids = list(ordering.apply(matching, "").values_list("run_uuid", flat=True)[:MOST_RUNS])
    sorted_by, terms = _order(order)
    page = max(page, 1)
    given = {"ids": ids, "key": grouping.key, "seeds": SEEDS, "sorted": sorted_by, "largest": _LARGEST}
    labelled = _LABELLED + _BY[grouping.kind]
    found = statements.run(
        labelled + _GROUPS + terms + _PAGE, {**given, "limit": per_page + 1, "offset": (page - 1) * per_page}
    )
    labels = [row[0] for row in found[:per_page]]
    metrics = _metrics(labelled, given, labels, metric_keys)
    groups = [
        RunGroup(label, count, run_id, moment(started), dict(metrics[label]))
        for label, count, run_id, started, _ in found[:per_page]
    ]
    total = found[0][4] if found else 0
    return Page(groups, page, per_page, total, len(found) > per_page), len(ids)


def _order(order: str) -> tuple[str, str]:
    """The metric that is sorted by, and the first terms of the order."""
    if not order.strip():
        return "", ""
    entity, key, descending = ordering.split(order)
    if entity == "metric":
        return key, _ORDERS["metric", descending]
    kind = {"run_name": "label", "start_time": "started"}.get(key, "runs")
    return "", _ORDERS[kind, descending]


def _metrics(
    labelled: str, given: dict[str, Any], labels: Sequence[str | None], keys: Sequence[str]
) -> dict[str | None, dict[str, GroupMetric]]:
    found: dict[str | None, dict[str, GroupMetric]] = defaultdict(dict)
    if not labels or not keys:
        return found
    values = {
        **given,
        "metrics": list(keys),
        "labels": [label for label in labels if label is not None],
        "none": None in labels,
    }
    for label, key, mean, deviation, count, least, greatest in statements.run(labelled + _METRICS, values):
        found[label][key] = GroupMetric(mean, half_width(deviation, count), count, least, greatest)
    return found
