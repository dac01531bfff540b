"""A run's beginning and its changes, as MLflow's store writes them, each in one statement."""

from collections.abc import Sequence
from dataclasses import dataclass

from ropewalk.core import statements
from ropewalk.tracking.types import RunInfo, workspace_name

NAME_TAG = "mlflow.runName"


@dataclass(frozen=True)
class NewRun:
    """What a client says of a run that begins. ``tags`` holds each key once, the run's name among them."""

    run_id: str
    experiment_id: int
    name: str
    user_id: str
    start_time: int
    tags: Sequence[tuple[str, str]]


@dataclass(frozen=True)
class RunChange:
    """What changes of a run; None leaves a thing as it is."""

    status: str | None = None
    end_time: int | None = None
    name: str | None = None


_CREATE = """
WITH parent AS (
  SELECT experiment_id, artifact_location FROM mlflow.experiments
  WHERE experiment_id = %(experiment)s AND workspace = %(workspace)s AND lifecycle_stage = 'active'
    AND artifact_location ~ '^mlflow-artifacts:/[0-9]+$'
), made AS (
  INSERT INTO mlflow.runs (run_uuid, name, source_type, source_name, entry_point_name, user_id, status, start_time,
    source_version, lifecycle_stage, artifact_uri, experiment_id)
  SELECT %(run)s::varchar, %(name)s::varchar, 'UNKNOWN', '', '', %(user)s::varchar, 'RUNNING', %(start)s::bigint, '', 'active',
    artifact_location || '/' || %(run)s::varchar || '/artifacts', experiment_id FROM parent
  RETURNING run_uuid, artifact_uri, experiment_id
), tagged AS (
  INSERT INTO mlflow.tags (run_uuid, key, value)
  SELECT made.run_uuid, t.* FROM made, unnest(%(keys)s::varchar[], %(texts)s::varchar[]) t
)
SELECT artifact_uri, experiment_id FROM made
"""
_UPDATE = """
WITH changed AS (
  UPDATE mlflow.runs r SET status = COALESCE(%(status)s::varchar, r.status), end_time = COALESCE(%(end)s::bigint, r.end_time),
    name = COALESCE(%(name)s::varchar, r.name)
  FROM mlflow.experiments e
  WHERE e.experiment_id = r.experiment_id AND e.workspace = %(workspace)s AND r.run_uuid = %(run)s
    AND r.lifecycle_stage = 'active'
  RETURNING r.run_uuid, r.name, r.experiment_id, r.user_id, r.status, r.start_time, r.end_time, r.artifact_uri, r.lifecycle_stage
), tagged AS (
  INSERT INTO mlflow.tags (run_uuid, key, value)
  SELECT run_uuid, %(tag)s::varchar, %(name)s::varchar FROM changed WHERE %(name)s::varchar IS NOT NULL
  ON CONFLICT (key, run_uuid) DO UPDATE SET value = excluded.value
)
SELECT * FROM changed
"""


def create_run(project_id: int, run: NewRun) -> RunInfo | None:
    """Begin a run; None when its experiment is not an active one of the project with a location of ours. One statement."""
    values = {
        "run": run.run_id,
        "experiment": run.experiment_id,
        "workspace": workspace_name(project_id),
        "name": run.name,
        "user": run.user_id,
        "start": run.start_time,
        "keys": [key for key, _ in run.tags],
        "texts": [text for _, text in run.tags],
    }
    rows = statements.run(_CREATE, values)
    if not rows:
        return None
    artifact_uri, experiment_id = rows[0]
    return RunInfo(
        run.run_id,
        run.name,
        experiment_id,
        run.user_id,
        "RUNNING",
        run.start_time,
        None,
        artifact_uri,
        "active",
    )


def update_run(project_id: int, run_id: str, change: RunChange) -> RunInfo | None:
    """Change an active run; None when the project has no such run. Its name is its tag ``mlflow.runName``, too. One statement."""
    values = {
        "run": run_id,
        "workspace": workspace_name(project_id),
        "status": change.status,
        "end": change.end_time,
        "name": change.name,
        "tag": NAME_TAG,
    }
    rows = statements.run(_UPDATE, values)
    return RunInfo(*rows[0]) if rows else None
