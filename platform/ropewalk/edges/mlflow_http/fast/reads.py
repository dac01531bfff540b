"""Reading runs: get, search, and the histories of metrics."""

import base64
import json
from functools import lru_cache
from typing import Any

from ropewalk.edges.mlflow_http.fast import requests, wire
from ropewalk.edges.mlflow_http.fast.requests import Unusual
from ropewalk.tracking import selectors
from ropewalk.tracking.filters import Clause
from ropewalk.tracking.selectors.searching import COLUMNS

STAGES = {"ACTIVE_ONLY": ("active",), "DELETED_ONLY": ("deleted",), "ALL": ("active", "deleted")}
MAX_PAGE, MAX_EXPERIMENTS, MAX_CLAUSES, MAX_ORDERS, MAX_FILTER = 50_000, 1000, 30, 10, 10_000
MAX_RUNS, MAX_SAMPLE = 100, 2500
FILLED_AT_ONCE = 1000
_NUMERIC = frozenset({"start_time", "end_time"})


def get_run(project_id: int, given: dict[str, Any]) -> str:
    """``runs/get``."""
    requests.only(given, "run_id", "run_uuid")
    run_id = requests.run_id(requests.single(given, "run_id"), requests.single(given, "run_uuid"))
    told = selectors.told_run(project_id, run_id, *_pieces(wire.RUN_LEVEL))
    if told is None:
        raise Unusual
    return wire.got(told)


def search_runs(project_id: int, given: dict[str, Any]) -> str:
    """``runs/search``, but for conditions on data sets."""
    requests.only(given, "experiment_ids", "filter", "run_view_type", "max_results", "order_by", "page_token")
    stages = STAGES.get(given.get("run_view_type", "ACTIVE_ONLY"))
    page = requests.whole(given.get("max_results", 1000))
    if stages is None or not 0 < page <= MAX_PAGE:
        raise Unusual
    experiments = [
        requests.experiment(project_id, one)
        for one in requests.listed(given.get("experiment_ids"), MAX_EXPERIMENTS)
    ]
    wanted = requests.text(given.get("filter", ""), MAX_FILTER)
    orders = tuple(requests.text(one, 500) for one in requests.listed(given.get("order_by"), MAX_ORDERS))
    search = selectors.RunSearch(experiments, _clauses(wanted), _orders(orders), stages)
    offset = _offset(given.get("page_token", ""))
    found = selectors.search_runs(project_id, search, limit=page + 1, offset=offset)
    token = _token(offset + page) if len(found) > page else ""
    found = found[:page]
    told = []
    for start in range(0, len(found), FILLED_AT_ONCE):
        told += selectors.told_runs(found[start : start + FILLED_AT_ONCE], *_pieces(wire.PAGE_LEVEL))
    return wire.searched(told, token)


def get_history(project_id: int, given: dict[str, Any]) -> str:
    """``metrics/get-history``, whole or by pages."""
    requests.only(given, "run_id", "run_uuid", "metric_key", "max_results", "page_token")
    run_id = requests.run_id(requests.single(given, "run_id"), requests.single(given, "run_uuid"))
    key = requests.key(requests.single(given, "metric_key"))
    asked = requests.single(given, "max_results")
    page = None if asked is None else requests.whole(asked)
    if page is not None and not 0 < page < 1 << 31:
        raise Unusual
    offset = _offset(requests.single(given, "page_token") or "")
    if not selectors.has_runs(project_id, [run_id]):
        raise Unusual
    points, more = selectors.told_history(run_id, key, wire.history_pieces(key), page=page, offset=offset)
    return wire.history(points, _token(offset + page) if more and page is not None else "")


def get_history_interval(project_id: int, given: dict[str, Any]) -> str:
    """``metrics/get-history-bulk-interval``, what the charts of MLflow's pages ask for."""
    requests.only(given, "run_ids", "metric_key", "start_step", "end_step", "max_results")
    run_ids = [requests.run_id(one) for one in requests.listed(given.get("run_ids"), MAX_RUNS)]
    key = requests.key(requests.single(given, "metric_key"))
    first, last = requests.single(given, "start_step"), requests.single(given, "end_step")
    steps = None
    if first is not None and last is not None:
        steps = (requests.whole(first), requests.whole(last))
    count = requests.whole(requests.single(given, "max_results") or str(MAX_SAMPLE))
    odd = (first is None) != (last is None) or (steps is not None and steps[0] > steps[1])
    if odd or not 0 < count <= MAX_SAMPLE or not run_ids or not selectors.has_runs(project_id, run_ids):
        raise Unusual
    series = [(one, selectors.sampled_points(one, key, count=count, steps=steps)) for one in run_ids]
    return wire.sampled(key, series)


def _pieces(level: int) -> tuple[selectors.Pieces, selectors.Pieces]:
    return wire.pieces(level, *wire.METRIC), wire.pieces(level, *wire.PAIR)


@lru_cache(maxsize=512)
def _clauses(text: str) -> tuple[Clause, ...]:
    """A filter through MLflow's own parser."""
    from mlflow.exceptions import MlflowException
    from mlflow.utils.search_utils import SearchUtils

    try:
        found = SearchUtils.parse_search_filter(text)
        clauses = tuple(_clause(one) for one in found)
    except MlflowException:
        raise Unusual from None
    if len(clauses) > MAX_CLAUSES:
        raise Unusual
    return clauses


def _clause(one: dict[str, Any]) -> Clause:
    from mlflow.utils.search_utils import SearchUtils

    kind, operator, value = one["type"], one["comparator"].upper(), one["value"]
    key = SearchUtils.translate_key_alias(one["key"])
    if kind == "attribute":
        numeric = SearchUtils.is_numeric_attribute(kind, key, operator)
        if not numeric:
            SearchUtils.is_string_attribute(kind, key, operator)
        return Clause(kind, key, operator, _whole(value) if numeric else _text(value))
    checks = {"metric": SearchUtils.is_metric, "parameter": SearchUtils.is_param, "tag": SearchUtils.is_tag}
    check: Any = checks.get(kind)
    if check is None:
        raise Unusual
    check(kind, operator)
    if operator in {"IS NULL", "IS NOT NULL"}:
        return Clause("param" if kind == "parameter" else kind, key, operator, None)
    if kind == "metric":
        return Clause(kind, key, operator, float(value))
    return Clause("param" if kind == "parameter" else kind, key, operator, _text(value))


def _whole(value: Any) -> int:
    """A number that an integer column is compared with."""
    try:
        found = float(value)
        if found != int(found) or abs(found) >= 1 << 53:
            raise Unusual
        return int(value) if isinstance(value, str) else int(found)
    except (TypeError, ValueError, OverflowError):
        raise Unusual from None


def _text(value: Any) -> str | tuple[str, ...]:
    if isinstance(value, tuple | list):
        return tuple(requests.text(one, 8000) for one in value)
    return requests.text(value, 8000)


@lru_cache(maxsize=512)
def _orders(texts: tuple[str, ...]) -> tuple[selectors.Order, ...]:
    """The terms of an order through MLflow's own parser."""
    from mlflow.exceptions import MlflowException
    from mlflow.utils.search_utils import SearchUtils

    found: list[selectors.Order] = []
    for text in texts:
        try:
            kind, key, ascending = SearchUtils.parse_order_by_for_search_runs(text)
        except MlflowException:
            raise Unusual from None
        key = SearchUtils.translate_key_alias(key)
        entity = {"metric": "metric", "parameter": "param", "tag": "tag", "attribute": "attribute"}.get(kind)
        if entity is None or (entity == "attribute" and key not in COLUMNS):
            raise Unusual
        found.append(selectors.Order(entity, key, ascending))
    if len({(one.entity, one.key) for one in found}) < len(found):
        raise Unusual
    return tuple(found)


def _token(offset: int) -> str:
    """MLflow's page token."""
    return base64.b64encode(json.dumps({"offset": offset}).encode()).decode()


def _offset(token: Any) -> int:
    """What a page token of ours or MLflow's says."""
    if token == "":
        return 0
    if not isinstance(token, str) or len(token) > 100:
        raise Unusual
    try:
        value = json.loads(base64.b64decode(token, validate=True))
    except ValueError:
        raise Unusual from None
    offset = value.get("offset") if isinstance(value, dict) else None
    if type(offset) is not int or not 0 < offset < 1 << 40 or len(value) != 1:
        raise Unusual
    return offset
