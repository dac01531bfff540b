"""A revision as one file to download: ``git archive``, streamed at the client's pace and bounded.

Attributes of the archived tree hold: ``export-ignore`` leaves files out, ``export-subst`` fills in facts about the commit.
Neither can name a program: archivers are configured here, and no signature is checked (``%G?`` would run gpg).
"""

import hashlib
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import quote

import structlog

from ropewalk.core.errors import Busy, NotFound, TooLarge
from ropewalk.core.limits import Place
from ropewalk.repos import git
from ropewalk.repos.errors import GitFailed, GitTimeout, git_failure
from ropewalk.repos.selectors import resolve
from ropewalk.repos.types import Revision

log = structlog.get_logger("ropewalk.git")

FORMATS = {"zip": "application/zip", "tar.gz": "application/gzip"}
MAX_BYTES = 16 << 30
MAX_SECONDS = 1800
_MOST_AT_ONCE = 2
_SLOTS = threading.BoundedSemaphore(6)
_PATIENCE = 10.0
_SILENCE = 120.0
_MEMORY = 2 << 30
_CONFIG = (
    *git.SMALL_CONFIG,
    "core.bigFileThreshold=16m",  # larger files are streamed
    "tar.umask=0022",
    "tar.tar.gz.command=git archive gzip",
    "tar.tar.gz.remote=false",
    "gpg.program=false",
    "gpg.x509.program=false",
    "gpg.ssh.program=false",
)


@dataclass(frozen=True)
class Archive:
    """What is to be downloaded: ``kind`` is a key of :data:`FORMATS`, ``prefix`` the folder that everything lies in."""

    project_id: int
    revision: Revision
    kind: str
    prefix: str

    @property
    def headers(self) -> dict[str, str]:
        """The headers of the answer. The same commit under the same name gives the same bytes."""
        name = f"{self.prefix}.{self.kind}"
        plain = "".join(
            char if char.isascii() and (char.isalnum() or char in "-_.+") else "_" for char in name
        )
        folder = hashlib.sha256(self.prefix.encode()).hexdigest()[:12]
        fixed = self.revision.kind == "commit"
        return {
            "Content-Type": FORMATS[self.kind],
            "Content-Disposition": f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}",
            "ETag": f'"{self.revision.sha}-{self.kind}-{folder}"',
            "Cache-Control": "private, max-age=86400" if fixed else "private, no-cache",
            "X-Content-Type-Options": "nosniff",
        }

    def open(self, who: str) -> "ArchiveStream":
        """Start git, for somebody who is known by ``who``. Raises :class:`Busy`, :class:`GitFailed`."""
        return ArchiveStream(self, who)


def find_archive(project_id: int, slug: str, name: str) -> Archive:
    """What ``main.zip`` or ``feature/x.tar.gz`` means. Raises :class:`NotFound`, or for the revision what ``resolve`` raises."""
    kind = next((kind for kind in FORMATS if name.endswith(f".{kind}")), "")
    if not kind:
        raise NotFound(
            "Archives end in .zip or .tar.gz.",
            hint=f"Add it to the address: {name[:200]}.zip",
            code="no_format",
        )
    wanted = name[: -len(kind) - 1]
    revision = resolve(project_id, wanted) if wanted.strip("/") else None
    if revision is None or revision.path:
        raise NotFound(
            f"There is no branch, tag or commit “{wanted[:200]}”.",
            hint="An archive is of a whole revision.",
            code="revision_not_found",
        )
    short = revision.sha if revision.kind == "commit" else revision.short
    return Archive(project_id, revision, kind, f"{slug}-{short.replace('/', '-')}")


class ArchiveStream:
    """The archive's blocks. git ends with :meth:`close`, finished or not, and at the bounds of time and size.

    A broken archive never ends cleanly: the connection breaks instead, which clients report.
    """

    def __init__(self, archive: Archive, who: str) -> None:
        self._archive, self._closed = archive, False
        self._end = time.monotonic() + MAX_SECONDS
        self._room = MAX_BYTES
        self._place = Place("archive", who, most=_MOST_AT_ONCE, what="archives")
        if not _SLOTS.acquire(timeout=_PATIENCE):
            self._place.leave()
            raise Busy("Too many archives are made at once.", hint="Try again in a minute.")
        try:
            self._process = git.Process(
                git.repository_path(archive.project_id), _arguments(archive), config=_CONFIG, memory=_MEMORY
            )
            try:
                self._first = (
                    self._next()
                )  # so that most failures are an answer instead of a broken connection
            except BaseException:
                self._process.kill()
                raise
        except BaseException:
            _SLOTS.release()
            self._place.leave()
            raise

    def _next(self) -> bytes:
        block = self._process.read(idle=_SILENCE, deadline=self._end)
        if not block and (code := self._process.finish(timeout=10.0)):
            raise git_failure(f"git archive ended with {code}: {self._process.detail}")
        self._room -= len(block)
        if self._room < 0:
            raise TooLarge(
                f"This archive is larger than {MAX_BYTES >> 30} GiB.", hint="Clone the repository."
            )
        self._place.stay()
        return block

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        """The next block."""
        if self._first:
            block, self._first = self._first, b""
            return block
        try:
            block = self._next()
        except (GitFailed, GitTimeout, TooLarge) as error:
            detail = getattr(error, "detail", "") or error.message
            log.warning("git.archive_broken", project=self._archive.project_id, detail=detail)
            raise
        if not block:
            raise StopIteration
        return block

    def close(self) -> None:
        """End whatever still runs and give both places back."""
        if not self._closed:
            self._closed = True
            try:
                self._process.kill()
            finally:
                _SLOTS.release()
                self._place.leave()


def _arguments(archive: Archive) -> list[str]:
    return [
        "archive",
        f"--format={archive.kind}",
        f"--prefix={archive.prefix}/",
        archive.revision.sha,
    ]
