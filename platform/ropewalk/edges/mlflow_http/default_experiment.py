"""Experiment ``0`` means the project's "Default", wherever MLflow uses an experiment's id. Imports MLflow.

Clients that set no experiment ask for ``0``; MLflow gives that id to one experiment of one workspace only. It appears as
argument, inside trace locations, spans, data-set associations and headers, so it is translated where all of these meet: in the
parameters of MLflow's SQL statements (SQLAlchemy names a parameter after its column) and where a row's ``experiment_id`` is
assigned; and, for MLflow's own comparisons in Python, also at the store's arguments.
"""

import inspect
from collections.abc import Callable
from contextvars import ContextVar
from functools import wraps
from typing import Any

from mlflow.store.db.base_sql_model import Base
from mlflow.store.tracking.dbmodels import models as _tables  # noqa: F401  # maps the classes
from sqlalchemy import Engine, event
from sqlalchemy.orm import configure_mappers

CURRENT: ContextVar[int | None] = ContextVar("ropewalk_default_experiment", default=None)
ARGUMENTS = ("experiment_id", "experiment_ids", "location", "locations")
# Associations keep an experiment's id as text under this name; ids of other things are never "0".
COLUMNS = ("experiment_id", "destination_id")


def translate(value: Any) -> Any:
    """The project's Default for ``0`` (as number or text, keeping the type); everything else unchanged."""
    if isinstance(value, bool) or value not in (0, "0"):
        return value
    current = CURRENT.get()
    if current is None:
        return value  # only while the Default is being made
    return current if isinstance(value, int) else str(current)


def _assigned(_target: Any, value: Any, _old: Any, _initiator: Any) -> Any:
    return translate(value)


def _bound(parameters: Any) -> Any:
    if isinstance(parameters, list | tuple):
        return [_bound(one) for one in parameters]
    if not isinstance(parameters, dict):
        return parameters
    return {
        name: translate(value) if name.startswith(COLUMNS) else value for name, value in parameters.items()
    }


def install_on_columns() -> int:
    """Translate what is assigned to mapped ``experiment_id`` attributes; returns how many there are."""
    configure_mappers()
    classes = [mapper.class_ for mapper in Base.registry.mappers if "experiment_id" in mapper.columns]
    for mapped in classes:
        event.listen(mapped.experiment_id, "set", _assigned, retval=True)
    return len(classes)


def install_on_engine(engine: Engine) -> None:
    """Translate what is bound to experiment columns in every statement of ``engine``."""

    @event.listens_for(engine, "before_cursor_execute", retval=True)
    def translate_parameters(
        _conn: Any, _cursor: Any, statement: str, parameters: Any, _context: Any, _many: bool
    ) -> Any:
        return statement, parameters if CURRENT.get() is None else _bound(parameters)


def _translated(value: Any) -> Any:
    if isinstance(value, list | tuple | set):
        return [translate(one) for one in value]
    return translate(value)


def with_default(method: Callable[..., Any]) -> Callable[..., Any]:
    """``method`` with its ``experiment_id`` and ``experiment_ids`` arguments translated."""
    signature = inspect.signature(method)
    names = [name for name in ARGUMENTS if name in signature.parameters]

    @wraps(method)
    def call(*args: Any, **kwargs: Any) -> Any:
        bound = signature.bind(*args, **kwargs)
        for name in names:
            if bound.arguments.get(name) is not None:
                bound.arguments[name] = _translated(bound.arguments[name])
        return method(*bound.args, **bound.kwargs)

    return call


def translates_arguments(store: type) -> type:
    """Class decorator: wrap each inherited public method that takes experiment ids (its own ones included)."""
    for name, method in inspect.getmembers(store, inspect.isfunction):
        named = any(argument in inspect.signature(method).parameters for argument in ARGUMENTS)
        if named and not name.startswith("_") and not inspect.iscoroutinefunction(method):
            setattr(store, name, with_default(method))
    return store
