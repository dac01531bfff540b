"""Whose an id is: what the MLflow edge checks before it hands a request over."""

from collections.abc import Collection

from ropewalk.core import statements
from ropewalk.tracking.models import (
    EvaluationDataset,
    Experiment,
    LoggedModelRow,
    Run,
    TraceRow,
    TrackingSpace,
)
from ropewalk.tracking.types import workspace_name


def default_experiment_id(project_id: int) -> int | None:
    """The id of the project's experiment "Default" (what MLflow clients call ``0``); None before its creation."""
    found = TrackingSpace.objects.for_project(project_id)
    return found.values_list("default_experiment_id", flat=True).first()


_OWN_RUNS = """
SELECT count(*) FROM mlflow.runs r JOIN mlflow.experiments e USING (experiment_id) WHERE r.run_uuid = ANY(%s) AND e.workspace = %s
"""


def has_runs(project_id: int, run_ids: Collection[str]) -> bool:
    """Whether all these runs are the project's, deleted ones too. One statement."""
    wanted = set(run_ids)
    row = statements.ask_row(_OWN_RUNS, (list(wanted), workspace_name(project_id)))
    return row is not None and row[0] == len(wanted)


def missing_ids(project_id: int, kind: str, ids: Collection[str]) -> set[str]:
    """Those of ``ids`` that do not exist in the project; another project's ids are missing like unknown ones.

    ``kind`` is ``experiment``, ``run``, ``model`` (logged model), ``trace`` or ``dataset`` (evaluation data set).
    """
    wanted = set(ids)
    if kind == "experiment":
        numbers = {one: int(one) for one in wanted if one.isascii() and one.isdigit() and len(one) < 20}
        mine = Experiment.objects.for_project(project_id).filter(experiment_id__in=set(numbers.values()))
        known = set(mine.values_list("experiment_id", flat=True))
        return {one for one in wanted if numbers.get(one) not in known}
    if kind == "run":
        return wanted - set(
            Run.objects.for_project(project_id).filter(run_uuid__in=wanted).values_list("run_uuid", flat=True)
        )
    if kind == "model":
        models = LoggedModelRow.objects.for_project(project_id).filter(model_id__in=wanted)
        return wanted - set(models.values_list("model_id", flat=True))
    if kind == "trace":
        traces = TraceRow.objects.for_project(project_id).filter(request_id__in=wanted)
        return wanted - set(traces.values_list("request_id", flat=True))
    if kind == "dataset":
        sets = EvaluationDataset.objects.for_project(project_id).filter(dataset_id__in=wanted)
        return wanted - set(sets.values_list("dataset_id", flat=True))
    raise ValueError(kind)
