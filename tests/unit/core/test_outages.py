"""What counts as an outage, and what stays a defect."""

from collections.abc import Callable

import psycopg
import psycopg_pool
import pytest
import redis
import sqlalchemy
from django.db import OperationalError, ProgrammingError
from structlog.testing import capture_logs

from ropewalk.core import outages


def caused(error: Exception, cause: BaseException) -> Exception:
    error.__cause__ = cause
    return error


def while_handling(error: Exception, first: BaseException) -> Exception:
    error.__context__ = first
    return error


LOST = psycopg.OperationalError("consuming input failed: server closed the connection unexpectedly")
ROUND = ValueError("round")
ROUND.__context__ = ROUND


@pytest.mark.parametrize(
    "error",
    [
        LOST,
        caused(OperationalError("wrapped by Django"), LOST),
        caused(sqlalchemy.exc.OperationalError("SELECT 1", {}, LOST), LOST),
        caused(RuntimeError("a library's"), caused(OperationalError("x"), LOST)),
        while_handling(ProgrammingError("can't open a new connection in an atomic block"), LOST),
        psycopg_pool.PoolTimeout("none to be had"),
        psycopg.errors.AdminShutdown(),
        psycopg.errors.CannotConnectNow(),
        psycopg.errors.TooManyConnections(),
        psycopg.errors.DiskFull(),
        psycopg.errors.ReadOnlySqlTransaction(),
        redis.ConnectionError("refused"),
        redis.TimeoutError("slow"),
        redis.exceptions.BusyLoadingError("loading"),
        redis.exceptions.ReadOnlyError("a replica"),
        redis.ResponseError("MISCONF Errors writing to the AOF file: No space left on device"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_outages(error: Exception) -> None:
    found = outages.recognise(error)
    assert found is not None and found.status == 503 and found.retry_after > 0
    assert "psycopg" not in found.message and "SELECT" not in found.message


@pytest.mark.parametrize(
    "error",
    [
        ValueError("x"),
        ROUND,
        psycopg.errors.UniqueViolation(),
        psycopg.errors.QueryCanceled(),
        psycopg.errors.DeadlockDetected(),
        psycopg.InterfaceError("the cursor is closed"),
        redis.ResponseError("WRONGTYPE"),
        caused(OperationalError("wrapped"), psycopg.errors.QueryCanceled()),
    ],
    ids=lambda error: type(error).__name__,
)
def test_defects_stay_defects(error: Exception) -> None:
    assert outages.recognise(error) is None


def test_an_error_that_hides_its_context_is_itself() -> None:
    error = while_handling(ValueError("x"), LOST)
    error.__suppress_context__ = True
    assert outages.recognise(error) is None


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    monkeypatch.setattr(outages, "_next", {})
    monkeypatch.setattr(outages, "_unlogged", {})

    def at(seconds: float) -> None:
        monkeypatch.setattr(outages.time, "monotonic", lambda: seconds)

    return at


def test_the_log_is_told_now_and_then(clock: Callable[[float], None]) -> None:
    with capture_logs() as lines:
        for second in range(25):
            clock(1000.0 + second)
            outages.recognise(LOST)
        outages.note("cache", "refused")
    assert [(line["part"], line["unlogged"]) for line in lines] == [
        ("database", 0),
        ("database", 9),
        ("database", 9),
        ("cache", 0),
    ]
