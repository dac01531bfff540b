"""A time limit for what the database is asked, where an answer that comes late is worth nothing."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import OperationalError, connection, transaction
from psycopg.errors import QueryCanceled

from ropewalk.core.errors import Unavailable


class TookTooLong(Unavailable):
    """The database was stopped at the limit."""

    code = "took_too_long"


@contextmanager
def patience(milliseconds: int) -> Iterator[None]:
    """One transaction whose statements may take so long each. Raises :class:`TookTooLong`; nothing is left set afterwards."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            # Of the transaction only; but a test's, or a caller's, is longer than this block.
            cursor.execute(
                "SELECT current_setting('statement_timeout'), set_config('statement_timeout', %s, true)",
                [f"{milliseconds}ms"],
            )
            before = cursor.fetchone()[0]
            yield
            cursor.execute("SELECT set_config('statement_timeout', %s, true)", [before])
    except OperationalError as error:
        if isinstance(error.__cause__, QueryCanceled):
            raise TookTooLong("The search took too long.", hint="Give more of the name.") from error
        raise
