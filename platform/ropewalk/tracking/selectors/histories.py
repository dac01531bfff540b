"""Metric histories, thinned by PostgreSQL so that a page never receives more points than it can draw."""

from collections.abc import Collection

from django.db import connection

from ropewalk.core import statements
from ropewalk.tracking.types import MetricHistory, MetricPoint, stored_value, workspace_name

# Each series is cut into equal stretches of points; of each stretch the lowest and the highest value stay, and of the whole the
# first and the last point. A spike therefore never disappears (min/max decimation, as oscilloscopes and Grafana do it).
SAMPLED = """
WITH mine AS (
  SELECT r.run_uuid FROM mlflow.runs r JOIN mlflow.experiments e USING (experiment_id)
  WHERE r.run_uuid = ANY(%(runs)s) AND e.workspace = %(workspace)s
), numbered AS (
  SELECT m.run_uuid, m.key, m.step, m.timestamp, m.value, m.is_nan,
    row_number() OVER series AS n, count(*) OVER (PARTITION BY m.run_uuid, m.key) AS total
  FROM mlflow.metrics m JOIN mine USING (run_uuid)
  WHERE %(all_keys)s OR m.key = ANY(%(keys)s)
  WINDOW series AS (PARTITION BY m.run_uuid, m.key ORDER BY m.step, m.timestamp, m.value, m.is_nan)
), stretched AS (
  SELECT *, (n - 1) * %(stretches)s / total AS stretch FROM numbered
), ranked AS (
  SELECT *,
    row_number() OVER (PARTITION BY run_uuid, key, stretch ORDER BY is_nan, value, n) AS lowest,
    row_number() OVER (PARTITION BY run_uuid, key, stretch ORDER BY is_nan, value DESC, n) AS highest
  FROM stretched
)
SELECT run_uuid, key, step, timestamp, value, is_nan, total FROM ranked
WHERE total <= %(points)s OR lowest = 1 OR highest = 1 OR n = 1 OR n = total
ORDER BY run_uuid, key, n
"""


def metric_histories(
    project_id: int, run_ids: Collection[str], keys: Collection[str] | None = None, *, max_points: int = 1000
) -> list[MetricHistory]:
    """The histories of ``keys`` (all when None) of the project's runs among ``run_ids``; at most ``max_points`` points each.

    A shorter series is whole. Ordered by run (as asked for) and key. One query.
    """
    max_points = max(max_points, 4)
    values: dict[str, str | int | bool | list[str]] = {
        "runs": list(run_ids),
        "workspace": workspace_name(project_id),
        "all_keys": keys is None,
        "keys": list(keys or []),
        "stretches": (max_points - 2) // 2,
        "points": max_points,
    }
    points: dict[tuple[str, str], list[MetricPoint]] = {}
    totals: dict[tuple[str, str], int] = {}
    with connection.cursor() as cursor:
        cursor.execute(SAMPLED, values)
        for run_id, key, step, timestamp, value, is_nan, total in cursor.fetchall():
            points.setdefault((run_id, key), []).append(
                MetricPoint(step, timestamp, stored_value(value, is_nan))
            )
            totals[run_id, key] = total
    place = {run_id: position for position, run_id in enumerate(run_ids)}
    series = sorted(points, key=lambda name: (place[name[0]], name[1]))
    return [
        MetricHistory(run_id=name[0], key=name[1], points=tuple(points[name]), total=totals[name])
        for name in series
    ]


# As MLflow 3.17 samples: the first row of each of N equal buckets, and the last row of all.
_SAMPLED_BY_ROW = """
WITH mine AS (
  SELECT value, timestamp, step, is_nan, ntile(%(count)s) OVER series AS bucket, lead(1) OVER series IS NULL AS is_last
  FROM mlflow.metrics WHERE run_uuid = %(run)s AND key = %(key)s
    AND (%(first)s::bigint IS NULL OR step BETWEEN %(first)s AND %(last)s)
  WINDOW series AS (ORDER BY step, timestamp, value, is_nan)
), ranked AS (
  SELECT *, row_number() OVER (PARTITION BY bucket ORDER BY step, timestamp, value, is_nan) AS rank FROM mine
)
SELECT value, timestamp, step, is_nan, rank = 1 FROM ranked WHERE rank = 1 OR is_last ORDER BY step, timestamp, value, is_nan
"""
StoredPoint = tuple[float, int, int, bool]
"""Value as MLflow stores it, timestamp in ms, step, whether it is NaN."""


def sampled_points(run_id: str, key: str, *, count: int, steps: tuple[int, int] | None) -> list[StoredPoint]:
    """At most ``count`` points of one metric of a run already scoped, evenly by row as MLflow's charts ask for them."""
    first, last = steps or (None, None)
    values = {"run": run_id, "key": key, "count": count, "first": first, "last": last}
    rows = statements.run(_SAMPLED_BY_ROW, values, binary=True)
    if len(rows) > count:
        del rows[-2]  # the last point takes the place of the last sampled one
    return [row[:4] for row in rows]
