"""MLflow's ``runs/search`` as one statement that reads little more than the page it gives.

Conditions and orders come parsed (the edge has MLflow's own parser do it) and are compiled to SQL with bound values; the answer
is that of MLflow's store: a comparison with a missing key matches nothing, a NaN only ``!=``, missing keys sort last, NaN before
them, and newest first where an order leaves a choice.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ropewalk.core import statements
from ropewalk.tracking.filters import Clause
from ropewalk.tracking.types import RunInfo, workspace_name


@dataclass(frozen=True)
class Order:
    """One key. ``entity`` is ``metric``, ``param``, ``tag`` or ``attribute``; attributes are those of :data:`COLUMNS`."""

    entity: str
    key: str
    ascending: bool


@dataclass(frozen=True)
class RunSearch:
    """A search as MLflow means it. ``stages`` are lifecycle stages."""

    experiment_ids: Sequence[int]
    clauses: Sequence[Clause] = ()
    orders: Sequence[Order] = ()
    stages: Sequence[str] = ("active",)


COLUMNS = {
    "run_id": "run_uuid",
    "run_name": "name",
    "status": "status",
    "user_id": "user_id",
    "artifact_uri": "artifact_uri",
    "start_time": "start_time",
    "end_time": "end_time",
}
TABLES = {"metric": "mlflow.latest_metrics", "param": "mlflow.params", "tag": "mlflow.tags"}
COMPARISONS = {
    "=": "=",
    "!=": "<>",
    "<": "<",
    "<=": "<=",
    ">": ">",
    ">=": ">=",
    "LIKE": "LIKE",
    "ILIKE": "ILIKE",
}
NAME_TAG = "mlflow.runName"
_SELECT = """SELECT r.run_uuid, r.name, r.experiment_id, r.user_id, r.status, r.start_time, r.end_time, r.artifact_uri,
  r.lifecycle_stage FROM """
_MINE = "SELECT experiment_id FROM mlflow.experiments WHERE experiment_id = ANY(%s) AND workspace = %s"
_NEWEST = "r.start_time DESC NULLS LAST"


class _Statement:
    """The parts of one statement while they are put together."""

    def __init__(self, search: RunSearch, experiments: list[int]) -> None:
        self.values: dict[str, Any] = {"stages": list(search.stages)}
        # One experiment as a plain comparison: the indexes then give the rows in their order.
        if len(experiments) == 1:
            self.values["experiment"] = experiments[0]
            self.within = "= %(experiment)s"
        else:
            self.values["experiments"] = experiments
            self.within = "= ANY(%(experiments)s)"
        stage = "r.lifecycle_stage = ANY(%(stages)s)"
        if len(search.stages) == 1:
            self.values["stage"] = search.stages[0]
            stage = "r.lifecycle_stage = %(stage)s"
        self.conditions = [f"r.experiment_id {self.within}", stage]
        for clause in search.clauses:
            self.conditions.append(self.condition(clause))

    def bind(self, value: Any) -> str:
        """A placeholder for a value."""
        name = f"v{len(self.values)}"
        self.values[name] = value
        return f"%({name})s"

    def condition(self, clause: Clause) -> str:
        """One clause over ``r``."""
        if clause.entity == "attribute" and clause.key != "run_name":
            return self.compared(f"r.{COLUMNS[clause.key]}", clause)
        entity, key = ("tag", NAME_TAG) if clause.entity == "attribute" else (clause.entity, clause.key)
        where = f"x.run_uuid = r.run_uuid AND x.key = {self.bind(key)}"
        mine = f"SELECT 1 FROM {TABLES[entity]} x WHERE {where}"  # noqa: S608  # our own names
        if clause.operator == "IS NULL":
            return f"NOT EXISTS ({mine})"
        if clause.operator == "IS NOT NULL":
            return f"EXISTS ({mine})"
        compared = self.compared("x.value", clause)
        if entity == "metric":
            compared = (
                f"({compared} OR x.is_nan)" if clause.operator == "!=" else f"{compared} AND NOT x.is_nan"
            )
        return f"EXISTS ({mine} AND {compared})"

    def compared(self, column: str, clause: Clause) -> str:
        """``column operator value``."""
        if isinstance(clause.value, tuple):
            listed = f"{column} = ANY({self.bind(list(clause.value))})"
            return f"NOT {listed}" if clause.operator == "NOT IN" else listed
        return f"{column} {COMPARISONS[clause.operator]} {self.bind(clause.value)}"

    def order(self, orders: Sequence[Order]) -> tuple[str, str]:
        """The joins and the terms of an order."""
        joins, terms = "", []
        for number, order in enumerate(orders):
            way = "ASC" if order.ascending else "DESC"
            if order.entity == "attribute":
                terms.append(f"r.{COLUMNS[order.key]} {way} NULLS LAST")
                continue
            name = f"o{number}"
            joins += f" LEFT JOIN {TABLES[order.entity]} {name} ON {name}.run_uuid = r.run_uuid"
            joins += f" AND {name}.key = {self.bind(order.key)}"
            if order.entity == "metric":
                # Tells the planner which experiment's rows are meant; true of every row that joins.
                joins += f" AND {name}.ropewalk_experiment_id {self.within}"
                terms.append(f"CASE WHEN {name}.is_nan THEN 1 WHEN {name}.value IS NULL THEN 2 ELSE 0 END")
            terms.append(f"{name}.value {way} NULLS LAST")
        if not any(order.entity == "attribute" and order.key == "start_time" for order in orders):
            terms.append(_NEWEST)
        return joins, ", ".join([*terms, "r.run_uuid"])

    def whole(self, orders: Sequence[Order]) -> str:
        """Any search."""
        joins, terms = self.order(orders)
        return f"{_SELECT}mlflow.runs r{joins} WHERE {' AND '.join(self.conditions)} ORDER BY {terms}"

    def along(self, order: Order) -> str:
        """The runs that have a number for a metric, read along our index in the order of its values."""
        way = "ASC" if order.ascending else "DESC"
        joined = "mlflow.latest_metrics o JOIN mlflow.runs r ON r.run_uuid = o.run_uuid"
        mine = f"o.ropewalk_experiment_id {self.within} AND o.key = {self.bind(order.key)} AND NOT o.is_nan"
        return (
            f"{_SELECT}{joined} WHERE {mine} AND {' AND '.join(self.conditions)}"
            f" ORDER BY o.value {way}, {_NEWEST}, r.run_uuid"
        )


def search_runs(project_id: int, search: RunSearch, *, limit: int, offset: int = 0) -> list[RunInfo]:
    """At most ``limit`` runs of the project's experiments among those named, in MLflow's order. Two or three statements."""
    rows = statements.run(_MINE, (list(search.experiment_ids), workspace_name(project_id)))
    experiments = [row[0] for row in rows]
    if not experiments:
        return []
    if len(experiments) == 1 and len(search.orders) == 1 and search.orders[0].entity == "metric":
        found = _asked(_Statement(search, experiments), "along", search.orders[0], limit, offset)
        if len(found) == limit:
            return found  # a full page: the runs without a number would come after it
    return _asked(_Statement(search, experiments), "whole", search.orders, limit, offset)


def _asked(statement: _Statement, form: str, order: Any, limit: int, offset: int) -> list[RunInfo]:
    sql = getattr(statement, form)(order)
    statement.values |= {"limit": limit, "offset": offset}
    rows = statements.run(f"{sql} LIMIT %(limit)s OFFSET %(offset)s", statement.values)
    return [RunInfo(*row) for row in rows]
