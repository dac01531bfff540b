"""What a training loop logs, each request in one statement on MLflow's own tables.

The results are those of MLflow's store, rule by rule: a point that is there already is not written twice; the latest value of a
metric is the greatest ``(step, timestamp, value)``; a parameter never changes; a tag is replaced. Where MLflow would refuse
(unknown or deleted run, a parameter with another value) nothing is written and the caller hears False: MLflow's handler then says
why in its own words. Keys must have no quotes, backslashes or braces in them (the edge lets no others through).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db import transaction

from ropewalk.core import statements
from ropewalk.tracking.types import workspace_name

Point = tuple[str, float, int, int, bool]
"""Key, value as MLflow stores it (finite; 0 for NaN), timestamp in ms, step, whether it is NaN."""


@dataclass(frozen=True)
class Logged:
    """One batch for one run."""

    points: Sequence[Point] = ()
    params: Sequence[tuple[str, str]] = ()
    tags: Sequence[tuple[str, str]] = ()


# Rows are locked in the order of their keys, so that two batches for the same run can't wait for each other.
_RUN = """
WITH run AS (
  SELECT r.run_uuid, r.experiment_id FROM mlflow.runs r JOIN mlflow.experiments e USING (experiment_id)
  WHERE r.run_uuid = %(run)s AND e.workspace = %(workspace)s AND r.lifecycle_stage = 'active'"""
_POINTS = """, logged AS (
  INSERT INTO mlflow.metrics (run_uuid, key, value, timestamp, step, is_nan)
  SELECT run.run_uuid, p.* FROM run, unnest(%(keys)s::text::varchar[], %(values)s::text::float8[], %(times)s::text::bigint[],
    %(steps)s::text::bigint[], %(nans)s::text::bool[]) p
  ON CONFLICT DO NOTHING
), latest AS (
  INSERT INTO mlflow.latest_metrics AS l (run_uuid, ropewalk_experiment_id, key, value, timestamp, step, is_nan)
  SELECT run.run_uuid, run.experiment_id, p.* FROM run, unnest(%(last_keys)s::text::varchar[], %(last_values)s::text::float8[],
    %(last_times)s::text::bigint[], %(last_steps)s::text::bigint[], %(last_nans)s::text::bool[]) p
  ON CONFLICT (key, run_uuid) DO UPDATE
  SET value = excluded.value, timestamp = excluded.timestamp, step = excluded.step, is_nan = excluded.is_nan
  WHERE (excluded.step, excluded.timestamp, excluded.value) > (l.step, l.timestamp, l.value)
)"""
# One point needs no arrays to be taken apart: half of the statement's cost.
_POINT = """, logged AS (
  INSERT INTO mlflow.metrics (run_uuid, key, value, timestamp, step, is_nan)
  SELECT run.run_uuid, %(key)s, %(value)s, %(time)s, %(step)s, %(nan)s FROM run
  ON CONFLICT DO NOTHING
), latest AS (
  INSERT INTO mlflow.latest_metrics AS l (run_uuid, ropewalk_experiment_id, key, value, timestamp, step, is_nan)
  SELECT run.run_uuid, run.experiment_id, %(key)s, %(value)s, %(time)s, %(step)s, %(nan)s FROM run
  ON CONFLICT (key, run_uuid) DO UPDATE
  SET value = excluded.value, timestamp = excluded.timestamp, step = excluded.step, is_nan = excluded.is_nan
  WHERE (excluded.step, excluded.timestamp, excluded.value) > (l.step, l.timestamp, l.value)
)"""
_PARAMS = """, param AS (
  INSERT INTO mlflow.params (run_uuid, key, value)
  SELECT run.run_uuid, p.* FROM run, unnest(%(param_keys)s::varchar[], %(param_values)s::varchar[]) p
  ON CONFLICT DO NOTHING RETURNING 1
)"""
_TAGS = """, tag AS (
  INSERT INTO mlflow.tags (run_uuid, key, value)
  SELECT run.run_uuid, p.* FROM run, unnest(%(tag_keys)s::varchar[], %(tag_values)s::varchar[]) p
  ON CONFLICT (key, run_uuid) DO UPDATE SET value = excluded.value
)"""
_FOUND = " SELECT count(*), 0 FROM run"
_FOUND_PARAMS = " SELECT (SELECT count(*) FROM run), (SELECT count(*) FROM param)"


class _Refused(Exception):
    """Rolls a batch back that MLflow has to judge."""


def log_batch(
    project_id: int, run_id: str, batch: Logged, *, provided: statements.Condition | None = None
) -> bool:
    """Write a batch whole or not at all; False when MLflow has to judge it. One statement; a transaction with parameters.

    A batch must name each parameter once and never the tag ``mlflow.runName`` (which is the run's name, too). Nothing is written
    either, and the answer is False, when what is ``provided`` does not hold.
    """
    values: dict[str, Any] = {"run": run_id, "workspace": workspace_name(project_id)}
    sql = f"{_RUN}\n)"
    if provided is not None:
        values |= provided.values
        sql = f"{_RUN} AND {provided.sql}\n)"
    if len(batch.points) == 1:
        sql += _POINT
        values |= dict(zip(("key", "value", "time", "step", "nan"), batch.points[0], strict=True))
    elif batch.points:
        sql += _POINTS
        values |= _points("", batch.points) | _points("last_", _latest(batch.points))
    if batch.params:
        sql += _PARAMS
        values |= _texts("param", sorted(batch.params))
    if batch.tags:
        sql += _TAGS
        values |= _texts("tag", sorted(dict(batch.tags).items()))
    if not batch.params:
        return statements.run(sql + _FOUND, values)[0] == (1, 0)
    try:
        with transaction.atomic():
            if statements.run(sql + _FOUND_PARAMS, values)[0] != (1, len(batch.params)):
                raise _Refused
    except _Refused:
        return False
    return True


def _latest(points: Sequence[Point]) -> list[Point]:
    """Of each key the point that is its latest, in the order of the keys; of equals the first."""
    found: dict[str, Point] = {}
    for point in points:
        key, value, time, step, _ = point
        known = found.get(key)
        if known is None or (step, time, value) > (known[3], known[2], known[1]):
            found[key] = point
    return [found[key] for key in sorted(found)]


def _points(prefix: str, points: Sequence[Point]) -> dict[str, str]:
    """Points as PostgreSQL's array literals: joining texts costs a fifth of what adapting lists costs."""
    keys, values, times, steps, nans = zip(*points, strict=True)
    return {
        f"{prefix}keys": '{"' + '","'.join(keys) + '"}',
        f"{prefix}values": "{" + ",".join(map(repr, values)) + "}",
        f"{prefix}times": "{" + ",".join(map(str, times)) + "}",
        f"{prefix}steps": "{" + ",".join(map(str, steps)) + "}",
        f"{prefix}nans": "{" + ",".join("t" if nan else "f" for nan in nans) + "}",
    }


def _texts(prefix: str, pairs: Sequence[tuple[str, str]]) -> dict[str, list[str]]:
    return {f"{prefix}_keys": [key for key, _ in pairs], f"{prefix}_values": [value for _, value in pairs]}
