"""Experiment ``0`` means the project's "Default", wherever MLflow uses an experiment's id. Imports MLflow.

Clients that set no experiment ask for ``0``; MLflow gives that id to one experiment of one workspace only. It appears as argument,
inside trace locations, spans, data-set associations and headers, so it is translated where all of these meet: at the columns of
MLflow's tables (a value bound to an ``experiment_id`` column, or assigned to such an attribute, is translated on the way), and for
MLflow's own comparisons in Python also at the store's arguments.
"""

import inspect
from collections.abc import Callable
from contextvars import ContextVar
from functools import wraps
from typing import Any

from mlflow.store.tracking.dbmodels import models as tables
from sqlalchemy import Integer, event
from sqlalchemy.orm import configure_mappers
from sqlalchemy.types import TypeDecorator

CURRENT: ContextVar[int | None] = ContextVar("ropewalk_default_experiment", default=None)
ARGUMENTS = ("experiment_id", "experiment_ids")


def translate(value: Any) -> Any:
    """The project's Default for ``0`` (as number or text, keeping the type); everything else unchanged."""
    if isinstance(value, bool) or value not in (0, "0"):
        return value
    current = CURRENT.get()
    if current is None:
        return value  # only while the Default is being made
    return current if isinstance(value, int) else str(current)


class ExperimentId(TypeDecorator[int]):
    """An integer column whose bound ``0`` means the project's Default."""

    impl = Integer
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Any) -> Any:
        """See :func:`translate`; runs at each execution, so cached statements are safe."""
        return translate(value)


def _assigned(_target: Any, value: Any, _old: Any, _initiator: Any) -> Any:
    return translate(value)


def install_on_columns() -> int:
    """Give every mapped ``experiment_id`` column the translating type; returns how many there are."""
    configure_mappers()
    found = 0
    for mapper in tables.Base.registry.mappers:
        column = mapper.columns.get("experiment_id")
        if column is not None:
            column.type = ExperimentId()
            event.listen(mapper.class_.experiment_id, "set", _assigned, retval=True)
            found += 1
    return found


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
        if not name.startswith("_") and any(argument in inspect.signature(method).parameters for argument in ARGUMENTS):
            if not inspect.iscoroutinefunction(method):
                setattr(store, name, with_default(method))
    return store
