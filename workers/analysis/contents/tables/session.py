"""DuckDB as a calculator and nothing else: bounded in memory, disk and time, with no way to other files or to the network."""

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb

from workers.analysis.errors import AnalysisError

MEMORY = "900MB"  # well below what a worker's process may have; what needs more goes to the disk
_DISK = "40GB"
_THREADS = 2
SECONDS = 720


class Session:
    """A connection; :meth:`rows` asks, :meth:`run` does."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._connection = connection

    def run(self, sql: str) -> None:
        """Do something."""
        self._connection.execute(sql)

    def rows(self, sql: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Every row of an answer, which the caller bounds; ``values`` are bound in the place of question marks."""
        found: list[tuple[Any, ...]] = self._connection.execute(sql, list(values)).fetchall()
        return found

    def row(self, sql: str) -> tuple[Any, ...]:
        """The only row of an answer."""
        return self.rows(sql)[0]


@contextmanager
def session(folder: Path, seconds: float = SECONDS) -> Iterator[Session]:
    """A session that reads and writes in ``folder`` only, and ends after ``seconds``. Raises :class:`AnalysisError`."""
    settings: dict[str, str | bool | int | float | list[str]] = {
        "memory_limit": MEMORY,
        "threads": _THREADS,
        "temp_directory": str(folder / "spill"),
        "max_temp_directory_size": _DISK,
        "allow_community_extensions": False,
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
        "preserve_insertion_order": False,
    }
    with _explaining(), duckdb.connect(str(folder / "work.duckdb"), config=settings) as connection:
        connection.execute(f"SET allowed_directories = [{quoted_text(str(folder) + '/')}]")
        connection.execute("SET enable_external_access = false")
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute("SET enable_progress_bar = false")  # it would write into the worker's log
        connection.execute("SET lock_configuration = true")
        timer = threading.Timer(seconds, connection.interrupt)
        timer.daemon = True
        timer.start()
        try:
            yield Session(connection)
        finally:
            timer.cancel()


@contextmanager
def _explaining() -> Iterator[None]:
    """Turn DuckDB's exceptions into those that a user understands."""
    try:
        yield
    except duckdb.OutOfMemoryException as error:
        raise MemoryError from error
    except duckdb.InterruptException as error:
        raise AnalysisError(
            "time_limit",
            "Comparing the tables took too long. Choose another key column, or compare smaller files.",
        ) from error
    except duckdb.Error as error:
        raise AnalysisError(
            "unreadable_table", "One of the tables is damaged or uses a feature that can't be compared."
        ) from error


def quoted_text(text: str) -> str:
    """A text as SQL."""
    return "'" + text.replace("'", "''") + "'"


def quoted_name(name: str) -> str:
    """An identifier as SQL."""
    return '"' + name.replace('"', '""') + '"'
