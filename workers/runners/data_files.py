"""The files behind a path of a revision, and their profiles: stored ones as they are, missing ones computed and stored."""

import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from ropewalk.core import blobs
from ropewalk.core.errors import Unavailable
from ropewalk.monitors import selectors, services
from ropewalk.monitors.errors import ChangedData, DataTooLarge, NothingToCompare, UnreadableData
from ropewalk.monitors.types import ContentKey, StoredProfile
from workers.analysis.errors import AnalysisError
from workers.analysis.jsonsafe import storable
from workers.analysis.profile import PROFILE_VERSION, Limits, TableProfile, merge
from workers.analysis.profile.formats import required_format
from workers.analysis.profile.reading import profile_file
from workers.analysis.profile.storage import DamagedProfile, dumps, dumps_sample, loads
from workers.analysis.summary import summarize

MOST_FILE_BYTES = 32 << 30
MOST_FILES = 5000
_SPARE_DISK = 1 << 30
_TELL_EVERY = 1.0  # seconds

Tell = Callable[[float, str], None]


@dataclass(frozen=True)
class TableFile:
    """One file of a version of the data. ``open`` streams its bytes and raises a :class:`RopewalkError` when they are gone."""

    path: str
    content: ContentKey
    size: int
    open: Callable[[], Iterator[bytes]]

    @property
    def name(self) -> str:
        """The last part of the path."""
        return PurePosixPath(self.path).name


def throttled(tell: Tell) -> Tell:
    """At most one progress report a second: each is a database write."""
    last = 0.0

    def tell_seldom(share: float, message: str) -> None:
        nonlocal last
        if time.monotonic() - last >= _TELL_EVERY:
            last = time.monotonic()
            tell(share, message)

    return tell_seldom


def check_files(files: list[TableFile], path: str) -> None:
    """Refuse what a worker could not finish. Raises :class:`NothingToCompare` or :class:`DataTooLarge`."""
    if not files:
        raise NothingToCompare(
            f"There is no table (CSV, TSV, JSON Lines, Parquet, Arrow), image, sound or text at {path}.",
            hint="Choose the path of a table, or a folder of tables, images, sounds or texts.",
        )
    if len(files) > MOST_FILES:
        raise DataTooLarge(
            f"{path} holds {len(files):,} tables; at most {MOST_FILES:,} can be compared at once."
        )
    largest = max(files, key=lambda file: file.size)
    if largest.size > MOST_FILE_BYTES:
        raise DataTooLarge(
            f"{largest.path} is larger than {MOST_FILE_BYTES >> 30} GiB, the most that is read of one file."
        )


def ensure_profiles(project_id: int, files: list[TableFile], tell: Tell) -> dict[ContentKey, StoredProfile]:
    """The stored profile of every file's content; only content without one is read. ``tell`` hears shares of 0..1."""
    wanted = {file.content: file for file in files}
    found = selectors.stored_profiles(project_id, wanted, PROFILE_VERSION)
    missing = [file for content, file in wanted.items() if content not in found]
    total, done = max(sum(file.size for file in missing), 1), 0
    for file in missing:

        def tell_of(share: float, file: TableFile = file, done: int = done) -> None:
            tell((done + share * file.size) / total, f"Profiling {file.name}")

        found[file.content] = _profile(project_id, file, tell_of)
        done += file.size
    return found


def load_merged(project_id: int, files: list[TableFile], tell: Tell) -> TableProfile:
    """One profile of all files together, in the order of their paths. A stored profile that is gone is computed again."""
    stored = ensure_profiles(project_id, files, tell)
    profiles = []
    for file in sorted(files, key=lambda one: one.path):
        try:
            profiles.append(_load(stored[file.content]))
        except (DamagedProfile, blobs.BlobMissing):
            services.forget_profile(project_id=project_id, stored=stored[file.content])
            profiles.append(_load(_profile(project_id, file, lambda _share: None)))
    return merge(profiles)


def _load(stored: StoredProfile) -> TableProfile:
    return loads(b"".join(blobs.store().read(stored.key)))


def _profile(project_id: int, file: TableFile, tell: Callable[[float], None]) -> StoredProfile:
    """Read one file and store its profile."""
    started = time.process_time()
    try:
        file_format = required_format(file.name)
        with spooled(file) as path:
            profile = profile_file(
                path,
                file_format,
                seed=int(file.content.content_hash[:16], 16),
                limits=Limits(),
                progress=tell,
            )
    except AnalysisError as error:
        raise UnreadableData(f"{file.path}: {error.message}", code=error.code) from error
    return services.store_profile(
        project_id=project_id,
        content=file.content,
        version=PROFILE_VERSION,
        statistics=dumps(profile),
        sample=dumps_sample(profile),
        size=file.size,
        rows=profile.rows,
        columns=len(profile.columns),
        cpu_seconds=round(time.process_time() - started, 3),
        summary=storable(summarize(profile)),
    )


@contextmanager
def spooled(file: TableFile) -> Iterator[Path]:
    """The file's bytes on the local disk for the block: Parquet is read from its end, and late CSV columns twice.

    Raises :class:`ChangedData` when they are not as many as announced, :class:`Unavailable` without room for them.
    """
    with tempfile.TemporaryDirectory(prefix="ropewalk-data-") as folder:
        if shutil.disk_usage(folder).free < file.size + _SPARE_DISK:
            raise Unavailable(f"The worker has no room on its disk to read {file.path}. Ask the operator.")
        path, written = Path(folder) / "data", 0
        with path.open("wb") as target:
            for block in file.open():
                written += len(block)
                if written > file.size:
                    break
                target.write(block)
        if written != file.size:
            raise ChangedData(
                f"{file.path} is stored with another size than the project says. Upload it again."
            )
        yield path
