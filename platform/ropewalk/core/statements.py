"""Plain statements that PostgreSQL parses and plans once for each connection: those that every request of a client asks.

Django sends each statement as text with its values inside, so PostgreSQL plans it anew each time; for the few that are asked
thousands of times during one push or pull that is most of their cost. They run on Django's own connection, in its transaction if
there is one.
"""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import psycopg
from django.db import DEFAULT_DB_ALIAS, OperationalError, connections
from django.db.backends.base.base import BaseDatabaseWrapper

Values = Sequence[Any] | Mapping[str, Any]
Row = tuple[Any, ...]


@dataclass(frozen=True)
class Condition:
    """What must hold for a statement to do anything: an expression, with its values by names that nothing else has."""

    sql: str
    values: Mapping[str, Any]


def ask_row(sql: str, values: Values) -> Row | None:
    """The first row of a statement that only reads, or None.

    It may be a request's first one, so it takes the place of Django's question whether the connection still lives: a connection
    that turns out to be lost is made anew, once. In a transaction it raises like any other statement.
    """
    here = connections[DEFAULT_DB_ALIAS]
    if here.in_atomic_block:
        return _execute(here, sql, values).fetchone()
    here.health_check_done = True  # type: ignore[attr-defined]  # Django's stubs leave it out
    try:
        return _execute(here, sql, values).fetchone()
    except OperationalError:
        if here.connection is None or not here.connection.broken:
            raise
        here.close()
        return _execute(here, sql, values).fetchone()


def run(sql: str, values: Values, *, binary: bool = False) -> list[Row]:
    """The rows that a statement gives, which may write. Belongs to the transaction that its caller began, if there is one.

    ``binary``: the rows travel as PostgreSQL holds them, which is cheaper for many numbers.
    """
    return _execute(connections[DEFAULT_DB_ALIAS], sql, values, binary=binary).fetchall()


def _execute(
    here: BaseDatabaseWrapper, sql: str, values: Values, *, binary: bool = False
) -> "psycopg.Cursor[Row]":
    here.validate_no_broken_transaction()
    here.ensure_connection()
    with here.wrap_database_errors:
        # Not Django's class of cursor, which puts the values into the text.
        cursor = psycopg.Cursor(here.connection)
        if not here.queries_logged:
            return cursor.execute(sql, values, prepare=True, binary=binary)
        started = time.monotonic()
        cursor.execute(sql, values, prepare=True, binary=binary)
        here.queries_log.append({"sql": sql, "time": f"{time.monotonic() - started:.3f}"})
        return cursor
