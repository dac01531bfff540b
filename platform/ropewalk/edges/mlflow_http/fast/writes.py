"""Writing to runs: log-batch, log-metric, log-parameter, set-tag, create and update."""

import uuid
from collections.abc import Callable
from typing import Any

from ropewalk.edges.mlflow_http.fast import requests, wire
from ropewalk.edges.mlflow_http.fast.requests import Unusual
from ropewalk.tracking import services

MAX_POINTS, MAX_OTHERS, MAX_BATCH = 1000, 100, 1000
MAX_PARAM, MAX_TAG, MAX_NAME, MAX_USER = 6000, 8000, 250, 256
STATUSES = frozenset({"RUNNING", "SCHEDULED", "FINISHED", "FAILED", "KILLED"})
NAME_TAG = "mlflow.runName"
DONE = "{}"
Writing = tuple[str, services.Logged]
"""A run's id and what is logged to it."""


def batch(given: dict[str, Any]) -> Writing:
    """``runs/log-batch``."""
    requests.only(given, "run_id", "metrics", "params", "tags")
    run_id = requests.run_id(given.get("run_id"))
    points = [_point(one) for one in requests.listed(given.get("metrics"), MAX_POINTS)]
    params = [_pair(one, MAX_PARAM) for one in requests.listed(given.get("params"), MAX_OTHERS)]
    tags = [_pair(one, MAX_TAG) for one in requests.listed(given.get("tags"), MAX_OTHERS)]
    named = any(key == NAME_TAG for key, _ in tags)
    if len(points) + len(params) + len(tags) > MAX_BATCH or len(dict(params)) < len(params) or named:
        raise Unusual
    return run_id, services.Logged(points, params, tags)


def metric(given: dict[str, Any]) -> Writing:
    """``runs/log-metric``."""
    requests.only(given, "run_id", "run_uuid", "key", "value", "timestamp", "step")
    run_id = requests.run_id(given.pop("run_id", None), given.pop("run_uuid", None))
    return run_id, services.Logged(points=(_point(given),))


def parameter(given: dict[str, Any]) -> Writing:
    """``runs/log-parameter``."""
    requests.only(given, "run_id", "run_uuid", "key", "value")
    run_id = requests.run_id(given.pop("run_id", None), given.pop("run_uuid", None))
    return run_id, services.Logged(params=(_pair(given, MAX_PARAM),))


def tag(given: dict[str, Any]) -> Writing:
    """``runs/set-tag``, but for the tag that is the run's name."""
    requests.only(given, "run_id", "run_uuid", "key", "value")
    run_id = requests.run_id(given.pop("run_id", None), given.pop("run_uuid", None))
    key, value = _pair(given, MAX_TAG)
    if key == NAME_TAG:
        raise Unusual
    return run_id, services.Logged(tags=((key, value),))


def logs(read: Callable[[dict[str, Any]], Writing]) -> Callable[[int, dict[str, Any]], str]:
    """The handler of a request that logs to a run, from the function that reads it."""

    def handler(project_id: int, given: dict[str, Any]) -> str:
        if not services.log_batch(project_id, *read(given)):
            raise Unusual
        return DONE

    return handler


def create_run(project_id: int, given: dict[str, Any]) -> str:
    """``runs/create``."""
    from mlflow.utils.name_utils import _generate_random_name

    requests.only(given, "experiment_id", "user_id", "start_time", "tags", "run_name")
    experiment = requests.experiment(project_id, given.get("experiment_id"))
    tags = [_pair(one, MAX_TAG) for one in requests.listed(given.get("tags"), MAX_OTHERS)]
    asked, tagged = requests.text(given.get("run_name", ""), MAX_NAME), dict(tags).get(NAME_TAG, "")
    if len(dict(tags)) < len(tags) or len(tagged) > MAX_NAME or (asked and tagged and asked != tagged):
        raise Unusual
    name = asked or tagged or _generate_random_name()
    if not tagged:
        if NAME_TAG in dict(tags):
            raise Unusual  # an empty one
        tags.append((NAME_TAG, name))
    user, start = (
        requests.text(given.get("user_id", ""), MAX_USER),
        requests.whole(given.get("start_time", 0)),
    )
    run = services.NewRun(uuid.uuid4().hex, experiment, name, user, start, tags)
    info = services.create_run(project_id, run)
    if info is None:
        raise Unusual
    return wire.created(info, tags)


def update_run(project_id: int, given: dict[str, Any]) -> str:
    """``runs/update``."""
    requests.only(given, "run_id", "run_uuid", "status", "end_time", "run_name")
    run_id = requests.run_id(given.get("run_id"), given.get("run_uuid"))
    status, end, name = given.get("status"), given.get("end_time"), given.get("run_name")
    if "status" in given and (not isinstance(status, str) or status not in STATUSES):
        raise Unusual
    if "run_name" in given and not requests.text(name, MAX_NAME):
        raise Unusual
    change = services.RunChange(status, requests.whole(end) if "end_time" in given else None, name)
    info = services.update_run(project_id, run_id, change)
    if info is None or not info.name:  # without a name MLflow looks for one among the tags
        raise Unusual
    return wire.updated(info)


def _point(given: Any) -> services.Point:
    one = requests.fields(given, "key", "value", "timestamp", "step")
    time = requests.whole(one.get("timestamp"))
    if time < 0:
        raise Unusual
    value, is_nan = requests.stored(requests.number(one.get("value")))
    return requests.key(one.get("key")), value, time, requests.whole(one.get("step", 0)), is_nan


def _pair(given: Any, limit: int) -> tuple[str, str]:
    one = requests.fields(given, "key", "value")
    return requests.key(one.get("key")), requests.text(one.get("value"), limit)
