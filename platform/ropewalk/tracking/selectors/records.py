"""The data sets and models of runs, as MLflow's protocol tells them: few statements for any number of runs."""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any

from ropewalk.core import statements
from ropewalk.tracking.types import RunInfo


@dataclass
class InputRecord:
    """A data set that a run declared, with the tags of its use."""

    name: str
    digest: str
    source_type: str
    source: str
    schema: str | None
    profile: str | None
    tags: list[tuple[str, str]] = field(default_factory=list)


@dataclass
class RunRecord:
    """One run, the data sets that it read, and the models that it read and made."""

    info: RunInfo
    inputs: list[InputRecord] = field(default_factory=list)
    model_inputs: list[str] = field(default_factory=list)
    model_outputs: list[tuple[str, int]] = field(default_factory=list)


_INPUTS = """
SELECT i.destination_id, i.input_uuid, d.name, d.digest, d.dataset_source_type, d.dataset_source, d.dataset_schema,
  d.dataset_profile, t.name, t.value
FROM mlflow.inputs i JOIN mlflow.datasets d ON d.dataset_uuid = i.source_id LEFT JOIN mlflow.input_tags t USING (input_uuid)
WHERE i.destination_type = 'RUN' AND i.source_type = 'DATASET' AND i.destination_id = ANY(%s)
ORDER BY i.destination_id, d.name, d.digest, i.input_uuid, t.name
"""
_MODELS = """
SELECT source_id, source_type, destination_id, step FROM mlflow.inputs
WHERE source_id = ANY(%s) AND (source_type, destination_type) IN (('RUN_OUTPUT', 'MODEL_OUTPUT'), ('RUN_INPUT', 'MODEL_INPUT'))
ORDER BY source_id, destination_id
"""


def records_of(runs: Collection[RunInfo], *, model_inputs: bool = False) -> list[RunRecord]:
    """Data sets and models of runs already scoped to a project, in their order. Two statements.

    ``model_inputs``: MLflow tells the models that a run read of a single run alone, not in a search.
    """
    records = {run.run_id: RunRecord(run) for run in runs}
    ids = [list(records)]
    for run_id, rows in _grouped(_INPUTS, ids).items():
        records[run_id].inputs = _inputs(rows)
    for run_id, kind, model_id, step in statements.run(_MODELS, ids):
        if kind == "RUN_OUTPUT":
            records[run_id].model_outputs.append((model_id, step))
        elif model_inputs:
            records[run_id].model_inputs.append(model_id)
    return list(records.values())


def _grouped(sql: str, values: list[list[str]]) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = defaultdict(list)
    for row in statements.run(sql, values):
        found[row[0]].append(row)
    return found


def _inputs(rows: list[Any]) -> list[InputRecord]:
    """A run's data sets from rows that repeat each for each of its tags."""
    found: dict[str, InputRecord] = {}
    for row in rows:
        one = found.setdefault(row[1], InputRecord(*row[2:8]))
        if row[8] is not None:
            one.tags.append((row[8], row[9]))
    return list(found.values())
