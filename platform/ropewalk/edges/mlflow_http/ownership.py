"""A second wall behind MLflow's own workspace filters: ids that a request names must belong to the project.

Unknown ids and another project's ids get the same answer, worded as MLflow words it for an unknown one.
"""

from collections.abc import Mapping
from typing import Any

from ropewalk.edges.mlflow_http.errors import ResourceMissing
from ropewalk.tracking import selectors

# Where a request names a single thing; MLflow accepts snake_case and camelCase.
NAMES = {
    "experiment": ("experiment_id", "experimentId"),
    "run": ("run_id", "runId", "run_uuid", "runUuid"),
    "model": ("model_id", "modelId"),
    "trace": ("trace_id", "traceId", "request_id", "requestId"),
    "dataset": ("dataset_id", "datasetId"),
}
TEXTS = {
    "experiment": "No Experiment with id={} exists",
    "run": "Run with id={} not found",
    "model": "Logged model with ID '{}' not found.",
    "trace": "Trace with ID '{}' not found.",
    "dataset": "Evaluation dataset with id '{}' not found",
}
# Registering a version may name a run or model of elsewhere; MLflow checks the source itself.
FREE = frozenset({"/2.0/mlflow/model-versions/create"})


def check(project_id: int, route: str, *sources: Mapping[str, Any]) -> None:
    """Raise :class:`ResourceMissing` when a source (path, query, body) names an id that the project does not have.

    Malformed ids are left to MLflow, which refuses them with its own words. One query for each kind of id named.
    """
    if route in FREE:
        return
    for kind, names in NAMES.items():
        ids = {one for source in sources for name in names for one in _ids(source.get(name))}
        if kind == "experiment":
            # "0" is the project's Default wherever it stands.
            ids = {one for one in ids if one.isascii() and one.isdigit() and int(one[:20]) != 0}
        if ids:
            missing = selectors.missing_ids(project_id, kind, ids)
            if missing:
                raise ResourceMissing(TEXTS[kind].format(min(missing)))


def _ids(value: Any) -> list[str]:
    """The ids in a value that may be one or, in a query string, several."""
    found = [
        str(one)
        for one in (value if isinstance(value, list) else [value])
        if isinstance(one, str | int) and one != ""
    ]
    return [one for one in found if len(one) <= 256 and "\x00" not in one]
