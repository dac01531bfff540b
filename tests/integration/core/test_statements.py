"""Plain prepared statements on Django's connection: the same answers, one plan, a lost connection noticed."""

import psycopg
import pytest
from django.db import IntegrityError, OperationalError, connection, transaction
from django.db.transaction import TransactionManagementError
from pytest_django import DjangoAssertNumQueries

from ropewalk.core.statements import ask_row, run


def lose_connection() -> None:
    """The server ends this thread's session, as it does when it restarts."""
    connection.ensure_connection()
    settings = connection.connection.info
    with psycopg.connect(settings.dsn, password=settings.password, autocommit=True) as other:
        other.execute("SELECT pg_terminate_backend(%s)", [settings.backend_pid])


@pytest.mark.django_db
def test_values_of_every_kind_come_back() -> None:
    row = ask_row("SELECT %s::bigint, %s::text, %s::boolean, %s::bigint", [7, "x%s'\\", True, None])
    assert row == (7, "x%s'\\", True, None)
    assert ask_row("SELECT %(a)s::int + %(a)s::int", {"a": 21}) == (42,)
    assert ask_row("SELECT 1 WHERE %s", [False]) is None


@pytest.mark.django_db
def test_a_statement_is_planned_once_and_counted_like_any_other(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    with django_assert_num_queries(3):
        for number in range(3):
            assert ask_row("SELECT %s::int AS planned_once", [number]) == (number,)
    rows = run("SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE %s", ["%planned\\_once%"])
    assert rows == [(1,)]


@pytest.mark.django_db(transaction=True)
def test_a_lost_connection_is_made_anew_for_a_read() -> None:
    assert ask_row("SELECT 1", []) == (1,)
    lose_connection()
    assert ask_row("SELECT 2", []) == (2,)


@pytest.mark.django_db(transaction=True)
def test_a_connection_lost_in_a_transaction_is_an_error() -> None:
    def lost_within() -> None:
        with transaction.atomic():
            assert ask_row("SELECT 1", []) == (1,)
            lose_connection()
            ask_row("SELECT 2", [])

    with pytest.raises(OperationalError):
        lost_within()
    assert ask_row("SELECT 3", []) == (3,), "the next request finds a connection"


@pytest.mark.django_db
def test_errors_are_djangos_and_break_the_transaction() -> None:
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("CREATE TEMPORARY TABLE once_only (id int PRIMARY KEY) ON COMMIT DROP")
        run_insert = "INSERT INTO once_only VALUES (%s) RETURNING id"
        assert run(run_insert, [1]) == [(1,)]
        with pytest.raises(IntegrityError), transaction.atomic():
            run(run_insert, [1])
        transaction.set_rollback(True)
        with pytest.raises(TransactionManagementError):
            run(run_insert, [2])
        transaction.set_rollback(False)
