"""Named locks on PostgreSQL, held by one session or one transaction; a killed process releases them with its connection."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import DatabaseError, OperationalError, connection, transaction

from ropewalk.core.errors import Busy
from ropewalk.core.statements import run

_LOCK_NOT_AVAILABLE = "55P03"


def _key(name: str) -> int:
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big", signed=True)


def lock_in_transaction(name: str) -> None:
    """Wait for the lock ``name`` and hold it until the surrounding transaction ends. Must be called inside ``atomic``."""
    if not connection.in_atomic_block:
        raise transaction.TransactionManagementError("lock_in_transaction needs a transaction")
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_key(name)])


def _unlock(name: str) -> None:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [_key(name)])
    except DatabaseError:
        # The block left the connection broken or its transaction aborted. A session's lock outlives both, and this thread keeps
        # its connection: without closing it everybody else would wait for minutes.
        connection.close()


def share_lock_in_transaction(name: str) -> None:
    """Like :func:`lock_in_transaction`, together with others that share it, but never together with one that holds it alone."""
    if not connection.in_atomic_block:
        raise transaction.TransactionManagementError("share_lock_in_transaction needs a transaction")
    run("SELECT pg_advisory_xact_lock_shared(%s)", [_key(name)])


@contextmanager
def lock(name: str) -> Iterator[None]:
    """Wait for the lock ``name`` and hold it for the block, across transactions, on this thread's connection."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", [_key(name)])
    try:
        yield
    finally:
        _unlock(name)


@contextmanager
def lock_within(name: str, seconds: float) -> Iterator[None]:
    """Like :func:`lock`, first come first served, for at most so long. Raises :class:`Busy` then."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT set_config('lock_timeout', %s, true)", [f"{int(seconds * 1000)}ms"])
            cursor.execute("SELECT pg_advisory_lock(%s)", [_key(name)])
    except OperationalError as error:
        if getattr(error.__cause__, "sqlstate", "") != _LOCK_NOT_AVAILABLE:
            raise
        raise Busy("Others are at work on the same thing.", hint="Try again in a moment.") from None
    try:
        yield
    finally:
        _unlock(name)


@contextmanager
def try_lock(name: str) -> Iterator[bool]:
    """Like :func:`lock` without waiting: yields whether the lock was taken."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [_key(name)])
        taken = bool(cursor.fetchone()[0])
    try:
        yield taken
    finally:
        if taken:
            _unlock(name)
