"""Named locks: exclusive between connections, released whatever happens in the block."""

import threading

import pytest
from django.db import DatabaseError, connection, transaction

from ropewalk.core.errors import Busy
from ropewalk.core.locks import lock, lock_in_transaction, lock_within, try_lock

pytestmark = pytest.mark.django_db(transaction=True)


def taken_elsewhere(name: str) -> bool:
    """Whether another connection could take the lock now."""
    answers = []

    def ask() -> None:
        with try_lock(name) as taken:
            answers.append(taken)
        connection.close()

    thread = threading.Thread(target=ask)
    thread.start()
    thread.join(timeout=20)
    return not answers[0]


def test_a_lock_excludes_others_until_the_block_ends():
    with lock("a"):
        assert taken_elsewhere("a")
        assert not taken_elsewhere("b")
    assert not taken_elsewhere("a")


def test_an_error_in_the_block_releases_it():
    with pytest.raises(RuntimeError), lock("a"):
        raise RuntimeError
    assert not taken_elsewhere("a")


def test_a_broken_transaction_in_the_block_releases_it_too():
    with pytest.raises(DatabaseError), transaction.atomic(), lock("a"), connection.cursor() as cursor:
        cursor.execute("SELECT 1/0")
    connection.close_if_unusable_or_obsolete()
    assert not taken_elsewhere("a")


def test_a_transactions_lock_lasts_as_long_as_the_transaction():
    with transaction.atomic():
        lock_in_transaction("a")
        assert taken_elsewhere("a")
    assert not taken_elsewhere("a")
    with pytest.raises(transaction.TransactionManagementError):
        lock_in_transaction("a")


def test_a_lock_is_waited_for_within_bounds():
    said = []

    def ask(seconds: float) -> None:
        try:
            with lock_within("a", seconds), connection.cursor() as cursor:
                cursor.execute("SHOW lock_timeout")
                said.append(cursor.fetchone()[0])
        except Busy as error:
            said.append(error.code)
        finally:
            connection.close()

    with lock("a"):
        ask_elsewhere = threading.Thread(target=ask, args=(0.1,))
        ask_elsewhere.start()
        ask_elsewhere.join(20)
        patient = threading.Thread(target=ask, args=(60,))
        patient.start()
    patient.join(20)
    assert said == ["busy", "0"], "the wait alone is bounded, not what follows it"
    assert not taken_elsewhere("a")
