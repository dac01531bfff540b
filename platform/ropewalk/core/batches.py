"""Removing many rows in small transactions, so that a purge neither holds locks for long nor loses its work when it is killed."""

from collections.abc import Iterator, Mapping, Sequence

from django.db import connection

BATCH = 5000


def delete_in_batches(
    table: str, condition: str, parameters: Sequence[int | str] | Mapping[str, int | str], size: int = BATCH
) -> Iterator[int]:
    """Delete the rows of ``table`` under an SQL condition; yields the number of each batch, while there are any.

    ``table`` and ``condition`` are our own words, never a user's.
    """
    statement = (
        f"DELETE FROM {table} WHERE ctid = ANY(ARRAY("  # noqa: S608
        f"SELECT ctid FROM {table} WHERE {condition} LIMIT {size}))"
    )
    while True:
        with connection.cursor() as cursor:
            cursor.execute(statement, parameters)
            removed = cursor.rowcount
        if not removed:
            return
        yield removed
