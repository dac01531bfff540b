"""What people change about runs from the table and a run's page: tags (stars and the archive among them), notes, deletion.

The rows become what MLflow's own store would make them, so that every client sees the same; each change is one statement for all
runs named, of which only those of the project count.
"""

from collections.abc import Collection

from django.db import transaction

from ropewalk.core import audit, clock, statements
from ropewalk.core.errors import Invalid
from ropewalk.tracking.types import MAX_TAG_KEY, MAX_TAG_VALUE, workspace_name

MAX_RUNS = 500
_MINE = """
WITH mine AS (
  SELECT r.run_uuid FROM mlflow.runs r JOIN mlflow.experiments e USING (experiment_id)
  WHERE r.run_uuid = ANY(%(runs)s) AND e.workspace = %(workspace)s AND r.lifecycle_stage = %(stage)s
)"""
_SET = """, written AS (
  INSERT INTO mlflow.tags (run_uuid, key, value) SELECT run_uuid, %(key)s::varchar, %(text)s::varchar FROM mine
  ON CONFLICT (key, run_uuid) DO UPDATE SET value = excluded.value RETURNING 1
) SELECT count(*) FROM written"""
_UNSET = """, written AS (
  DELETE FROM mlflow.tags t USING mine WHERE t.run_uuid = mine.run_uuid AND t.key = %(key)s RETURNING 1
) SELECT count(*) FROM written"""
_MOVE = """, written AS (
  UPDATE mlflow.runs r SET lifecycle_stage = %(to)s, deleted_time = %(at)s FROM mine WHERE r.run_uuid = mine.run_uuid RETURNING 1
) SELECT count(*) FROM written"""


def tag_runs(project_id: int, run_ids: Collection[str], key: str, text: str) -> int:
    """Set a tag of active runs, replacing its value; how many have it now. Raises :class:`Invalid`."""
    if not key.strip() or len(key) > MAX_TAG_KEY or "\x00" in key + text:
        raise Invalid(f"A tag's name has 1 to {MAX_TAG_KEY} characters.", code="bad_tag")
    if len(text) > MAX_TAG_VALUE:
        raise Invalid(
            f"A tag's value has at most {MAX_TAG_VALUE} characters; this has {len(text)}.", code="bad_tag"
        )
    return _changed(_SET, project_id, run_ids, "active", key=key, text=text)


def untag_runs(project_id: int, run_ids: Collection[str], key: str) -> int:
    """Remove a tag of active runs; how many had it."""
    return _changed(_UNSET, project_id, run_ids, "active", key=key)


def delete_runs(project_id: int, run_ids: Collection[str]) -> int:
    """Delete runs as MLflow does: they are hidden and can be restored; how many there were."""
    now = int(clock.now().timestamp() * 1000)
    with transaction.atomic():
        count = _changed(_MOVE, project_id, run_ids, "active", to="deleted", at=now)
        _record("runs.deleted", project_id, run_ids, count)
    return count


def restore_runs(project_id: int, run_ids: Collection[str]) -> int:
    """Bring deleted runs back; how many there were."""
    with transaction.atomic():
        count = _changed(_MOVE, project_id, run_ids, "deleted", to="active", at=None)
        _record("runs.restored", project_id, run_ids, count)
    return count


def _changed(sql: str, project_id: int, run_ids: Collection[str], stage: str, **values: object) -> int:
    if len(run_ids) > MAX_RUNS:
        raise Invalid(
            f"At most {MAX_RUNS} runs are changed at once; these are {len(run_ids)}.", code="too_many_runs"
        )
    given = {"runs": list(run_ids), "workspace": workspace_name(project_id), "stage": stage, **values}
    return int(statements.run(_MINE + sql, given)[0][0])


def _record(action: str, project_id: int, run_ids: Collection[str], count: int) -> None:
    if count:
        audit.record(
            action, project_id=project_id, subject=f"{count} runs", detail={"runs": list(run_ids)[:20]}
        )
