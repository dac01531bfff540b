"""Rows that PostgreSQL puts together as JSON: a page of runs or a long history as text, for a third of what Python takes for it.

What stands between the values is the caller's (:class:`Pieces`); keys and texts are JSON strings here, doubles as Python writes
them. JSON beyond ASCII is escaped as Python's encoder does.
"""

import re
from collections.abc import Collection
from dataclasses import dataclass

from ropewalk.core import statements
from ropewalk.tracking.selectors.records import RunRecord, records_of
from ropewalk.tracking.types import RunInfo, workspace_name

ROWS_OF_TEXT = 20_000  # PostgreSQL builds at most 1 GiB at once
_MARK = "\x01"  # in no JSON string: there it is escaped


@dataclass(frozen=True)
class Pieces:
    """What is put around the values of one row, and between rows."""

    row: tuple[str, ...]
    """One more than there are values."""
    between: str

    def values(self, prefix: str) -> dict[str, str]:
        """As bound values."""
        named = {f"{prefix}{number}": piece for number, piece in enumerate(self.row)}
        return {**named, f"{prefix}between": self.between}


@dataclass(frozen=True)
class ToldRun:
    """One run: its lists as text, in the order of their keys, empty without rows; the rest as it is in ``record``."""

    record: RunRecord
    metrics: str
    params: str
    tags: str
    named: str | None
    """The tag ``mlflow.runName``."""


# Like Python's repr but for large numbers, where the two change to exponents at different places: these Python writes anew.
_NUMBER = f"""CASE WHEN m.is_nan THEN '"NaN"' WHEN abs(m.value) >= 1e15 THEN '{_MARK}' || m.value || '{_MARK}'
  WHEN m.value = trunc(m.value) THEN m.value || '.0' ELSE m.value::text END"""
_HISTORY = f"""
WITH m AS (
  SELECT value, timestamp, step, is_nan, row_number() OVER (ORDER BY timestamp, step, value) - 1 AS place FROM mlflow.metrics
  WHERE run_uuid = %(run)s AND key = %(key)s ORDER BY timestamp, step, value LIMIT %(limit)s OFFSET %(offset)s
)
SELECT count(*), string_agg(%(p0)s::text || {_NUMBER} || %(p1)s::text || m.timestamp || %(p2)s::text || m.step || %(p3)s::text,
  %(pbetween)s) FILTER (WHERE %(page)s::bigint IS NULL OR m.place < %(offset)s + %(page)s::bigint)
FROM m GROUP BY m.place / {ROWS_OF_TEXT} ORDER BY m.place / {ROWS_OF_TEXT}
"""  # noqa: S608  # our own pieces
_METRICS = f"""
SELECT m.run_uuid, string_agg(%(m0)s::text || to_json(m.key) || %(m1)s::text || {_NUMBER} || %(m2)s::text || m.timestamp
  || %(m3)s::text || m.step || %(m4)s::text, %(mbetween)s ORDER BY m.key COLLATE "C")
FROM mlflow.latest_metrics m WHERE m.run_uuid = ANY(%(runs)s) GROUP BY m.run_uuid
"""  # noqa: S608
_PAIRS = """
SELECT p.run_uuid, string_agg(%(p0)s::text || to_json(p.key) || %(p1)s::text || to_json(coalesce(p.value, '')) || %(p2)s::text,
  %(pbetween)s ORDER BY p.key COLLATE "C")"""
_PARAMS = f"{_PAIRS} FROM mlflow.params p WHERE p.run_uuid = ANY(%(runs)s) GROUP BY p.run_uuid"
_TAGS = f"""{_PAIRS}, max(p.value) FILTER (WHERE p.key = 'mlflow.runName')
FROM mlflow.tags p WHERE p.run_uuid = ANY(%(runs)s) GROUP BY p.run_uuid"""
_MARKED = re.compile(f"{_MARK}([^{_MARK}]+){_MARK}")
_FOREIGN = re.compile("[^\0-\x7e]")
_NUMBERS = {"nan": '"NaN"', "inf": '"Infinity"', "-inf": '"-Infinity"'}


def number(value: float) -> str:
    """A double as protobuf's JSON has it."""
    written = repr(value)
    return _NUMBERS.get(written, written)


def told_history(
    run_id: str, key: str, pieces: Pieces, *, page: int | None, offset: int = 0
) -> tuple[str, bool]:
    """Points of one metric of a run already scoped, in MLflow's order (time, step, value), and whether more follow.

    ``pieces`` go around value, time and step; ``page`` is how many points at most, None for all.
    """
    limit = None if page is None else page + 1
    values = {"run": run_id, "key": key, "page": page, "limit": limit, "offset": offset}
    rows = statements.run(_HISTORY, {**values, **pieces.values("p")})
    count = sum(row[0] for row in rows)
    text = pieces.between.join(row[1] for row in rows if row[1] is not None)
    return _finished(text), page is not None and count > page


def told_runs(
    runs: Collection[RunInfo], metric: Pieces, pair: Pieces, *, model_inputs: bool = False
) -> list[ToldRun]:
    """Everything logged to runs already scoped to a project, in their order. Five statements.

    ``metric`` goes around key, value, time and step, ``pair`` around a parameter's or tag's key and value.
    """
    records = records_of(runs, model_inputs=model_inputs)
    ids = {"runs": [run.run_id for run in runs]}
    metrics: dict[str, str] = dict(statements.run(_METRICS, {**ids, **metric.values("m")}))
    params: dict[str, str] = dict(statements.run(_PARAMS, {**ids, **pair.values("p")}))
    tags = {row[0]: row[1:] for row in statements.run(_TAGS, {**ids, **pair.values("p")})}
    told = []
    for record in records:
        one = record.info.run_id
        tag, named = tags.get(one, ("", None))
        told.append(
            ToldRun(
                record, _finished(metrics.get(one, "")), _finished(params.get(one, "")), _finished(tag), named
            )
        )
    return told


def told_run(project_id: int, run_id: str, metric: Pieces, pair: Pieces) -> ToldRun | None:
    """One run of the project, whole; None when it has no such run. Six statements."""
    row = statements.ask_row(_INFO, (run_id, workspace_name(project_id)))
    return told_runs([RunInfo(*row)], metric, pair, model_inputs=True)[0] if row else None


_INFO = """
SELECT r.run_uuid, r.name, r.experiment_id, r.user_id, r.status, r.start_time, r.end_time, r.artifact_uri, r.lifecycle_stage
FROM mlflow.runs r JOIN mlflow.experiments e USING (experiment_id) WHERE r.run_uuid = %s AND e.workspace = %s
"""


def _finished(text: str) -> str:
    """With large numbers as Python writes them, and in ASCII."""
    if _MARK in text:
        text = _MARKED.sub(lambda found: number(float(found[1])), text)
    if text.isascii() and "\x7f" not in text:
        return text
    return _FOREIGN.sub(_escape, text)


def _escape(found: re.Match[str]) -> str:
    units = found[0].encode("utf-16-be")
    return "".join(f"\\u{units[at]:02x}{units[at + 1]:02x}" for at in range(0, len(units), 2))
