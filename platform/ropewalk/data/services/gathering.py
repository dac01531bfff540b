"""Several threads that fetch objects side by side, and one that says how far they are."""

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence

import structlog
from django.conf import settings
from django.db import connections

from ropewalk.core.errors import TooLarge, Unavailable, Unprocessable
from ropewalk.core.pinned import BrokenAnswer, UntrustedServer
from ropewalk.data.oids import ObjectAddress
from ropewalk.data.remote_reading import NotThere, RemoteReader
from ropewalk.data.services.objects import receive_object
from ropewalk.data.types import FetchedItem, FetchReport
from ropewalk.quotas.types import OverQuota

log = structlog.get_logger("ropewalk.data")

PARALLEL = 8
_TRIES = 3
_NAMED = 100
_BROKEN_IN_A_ROW = 24
_SAY_SECONDS = 1.0
Report = Callable[[float, str], None]
Paths = Callable[[ObjectAddress], str]


class DataLimit(TooLarge):
    """All objects together are more than this server takes in one fetch."""

    code = "data_limit"


class _Stopped(Exception):  # how a thread learns that it is not wanted any more
    """Another thread failed, or the job was taken away."""


class Gathering:
    """One fetch: its counts, and the passes over lists of objects."""

    def __init__(
        self, *, project_id: int, user_id: int | None, reader: RemoteReader, max_bytes: int, report: Report
    ) -> None:
        self._project_id, self._user_id, self._reader = project_id, user_id, reader
        self._max_bytes, self._report = max_bytes, report
        self._lock, self._stop = threading.Lock(), threading.Event()
        self._wanted = self._present = self._fetched = self._size = self._broken = 0
        self._missing = self._refused = self._denied = self._in_a_row = 0
        self._first_missing: list[ObjectAddress] = []
        self._first_refused: list[tuple[ObjectAddress, str]] = []
        self._paths: Mapping[ObjectAddress, str] = {}
        self._path_of: Paths = lambda _: ""
        self._error: BaseException | None = None

    def name_paths(self, known: Mapping[ObjectAddress, str], others: Paths) -> None:
        """How the report finds a path for an object."""
        self._paths, self._path_of = known, others

    def count(self, *, wanted: int = 0, present: int = 0) -> None:
        """Add to what is wanted and to what is here already."""
        self._wanted, self._present = self._wanted + wanted, self._present + present

    @property
    def only_denied(self) -> bool:
        """Whether nothing came and every object was refused to us."""
        return bool(self._denied) and self._denied == self._missing and not self._fetched

    def result(self) -> FetchReport:
        """What was found so far."""
        with self._lock:
            missing, refused = list(self._first_missing), list(self._first_refused)
        return FetchReport(
            wanted=self._wanted,
            present=self._present,
            fetched=self._fetched,
            size=self._size,
            missing=self._missing,
            refused=self._refused,
            broken=self._broken,
            first_missing=tuple(FetchedItem(a.name, self._path(a), "missing") for a in missing),
            first_refused=tuple(FetchedItem(a.name, self._path(a), why) for a, why in refused),
        )

    def _path(self, address: ObjectAddress) -> str:
        return self._paths.get(address) or self._path_of(address)

    def run(self, addresses: Sequence[ObjectAddress], word: str) -> None:
        """Fetch these; returns when all were tried. Raises what stopped it, also what ``report`` raises."""
        if not addresses:
            return
        left = iter(addresses)
        threads = [
            threading.Thread(target=self._work, args=(left,), name=f"fetch-data-{number}", daemon=True)
            for number in range(min(PARALLEL, len(addresses)))
        ]
        for thread in threads:
            thread.start()
        try:
            while alive := [thread for thread in threads if thread.is_alive()]:
                alive[0].join(_SAY_SECONDS)
                self._say(word)
        finally:
            self._stop.set()
            for thread in threads:
                thread.join()
            self._stop.clear()
        if self._error is not None:
            raise self._error

    def _say(self, word: str) -> None:
        done = self._present + self._fetched + self._missing + self._refused + self._broken
        share = done / max(self._wanted, 1)
        self._report(
            min(0.05 + share * 0.9, 0.95), f"{done:,} of {self._wanted:,} {word}s, {_bytes(self._size)} came"
        )

    def _work(self, left: Iterator[ObjectAddress]) -> None:
        try:
            while not self._stop.is_set():
                with self._lock:
                    address = next(left, None)
                if address is None:
                    return
                self._one(address)
        except _Stopped:
            pass
        except BaseException as error:  # noqa: BLE001  # it is raised again by the thread that waits
            with self._lock:
                self._error = self._error or error
            self._stop.set()
        finally:
            connections.close_all()

    def _one(self, address: ObjectAddress) -> None:
        for number in range(_TRIES):
            try:
                with self._reader.open(address, limit=settings.ROPEWALK_MAX_OBJECT_BYTES) as blocks:
                    done = receive_object(
                        project_id=self._project_id,
                        address=address,
                        blocks=self._counted(blocks),
                        user_id=self._user_id,
                    )
                with self._lock:
                    self._fetched, self._present = (
                        self._fetched + done.created,
                        self._present + (not done.created),
                    )
                    self._in_a_row = 0
                return
            except NotThere as answer:
                self._note_missing(address, answer.denied)
                return
            except (DataLimit, OverQuota):
                raise
            except (Unprocessable, TooLarge) as error:
                if isinstance(error, Unprocessable) and error.code not in {"md5_mismatch", "bad_directory"}:
                    raise  # the remote refuses us altogether
                self._note_refused(address, error.code)
                return
            except UntrustedServer:
                raise
            except BrokenAnswer:
                if number + 1 == _TRIES:
                    self._note_broken(address)

    def _counted(self, blocks: Iterator[bytes]) -> Iterator[bytes]:
        for block in blocks:
            if self._stop.is_set():
                raise _Stopped
            with self._lock:
                self._size += len(block)
                full = self._size > self._max_bytes
            if full:
                raise DataLimit(
                    f"The data is more than {_bytes(self._max_bytes)}, the limit of one fetch. What came stays.",
                    hint="The operator can raise ROPEWALK_MAX_DATA_FETCH_BYTES.",
                )
            yield block

    def _note_missing(self, address: ObjectAddress, denied: bool) -> None:
        with self._lock:
            self._missing, self._denied, self._in_a_row = self._missing + 1, self._denied + denied, 0
            if len(self._first_missing) < _NAMED:
                self._first_missing.append(address)

    def _note_refused(self, address: ObjectAddress, why: str) -> None:
        log.warning("data.fetched_object_refused", project=self._project_id, oid=address.name, why=why)
        with self._lock:
            self._refused, self._in_a_row = self._refused + 1, 0
            if len(self._first_refused) < _NAMED:
                self._first_refused.append((address, why))

    def _note_broken(self, address: ObjectAddress) -> None:
        log.warning("data.fetch_broken", project=self._project_id, oid=address.name)
        with self._lock:
            self._broken, self._in_a_row = self._broken + 1, self._in_a_row + 1
            gone = self._in_a_row >= _BROKEN_IN_A_ROW
        if gone:
            raise Unavailable("The remote does not answer any more.", hint="Run it again: what came stays.")


def _bytes(count: int) -> str:
    value, unit = float(count), "B"
    for unit in ("B", "KiB", "MiB", "GiB", "TiB"):
        if value < 1024 or unit == "TiB":
            break
        value /= 1024
    return f"{value:.0f} {unit}" if unit == "B" else f"{value:.1f} {unit}"
