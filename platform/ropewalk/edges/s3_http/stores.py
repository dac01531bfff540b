"""What lies behind a bucket's name: a project's DVC remote, or objects under free keys."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from ropewalk.access.roles import Permission
from ropewalk.access.selectors import ask_again, resolve_project
from ropewalk.access.types import ProjectAccess
from ropewalk.buckets import selectors as buckets
from ropewalk.buckets import services as bucket_services
from ropewalk.buckets.rules import GET
from ropewalk.buckets.types import ObjectView
from ropewalk.core.errors import RopewalkError
from ropewalk.data import selectors, services
from ropewalk.data.oids import ObjectAddress, parse_path
from ropewalk.edges.s3_http.faults import S3Error
from ropewalk.edges.s3_http.pages import Listed

MAX_RUN_BYTES = 1 << 20  # of one entry of the run cache, which is a few lines of YAML
_REMOTE = ".s3"  # no project's name ends so
_RUN = re.compile(r"runs/[0-9a-f]{2}/[0-9a-f]{32,64}/[0-9a-f]{32,64}\Z")


@dataclass(frozen=True)
class Found:
    """An object as the protocol shows it; ``etag`` without quotes, ``sha256`` in hexadecimal digits.

    ``damaged``: what it was is known, and ``open`` refuses to give its bytes.
    """

    key: str
    size: int
    etag: str
    sha256: str
    modified: datetime
    open: Callable[[int, int | None], Iterator[bytes]]
    content_type: str = ""
    metadata: Mapping[str, str] = field(default_factory=dict)
    immutable: bool = False
    damaged: bool = False


@dataclass(frozen=True)
class Sent:
    """What an upload brings. ``require`` is asked for the present ETag before anything is replaced, and may raise; or None.

    ``length`` is known before the first block, or None; ``counted`` says that the bytes lie here already, as parts.
    """

    blocks: Iterable[bytes]
    content_type: str = ""
    metadata: dict[str, str] = field(default_factory=dict)
    etag: str = ""
    require: Callable[[str | None], None] | None = None
    length: int | None = None
    counted: bool = False


class Store(Protocol):
    """A bucket."""

    name: str
    room: str
    """The rows' name for it."""

    def fetch(self, prefix: str, after: str, limit: int) -> list[Listed]:
        """Keys in order; see :data:`~ropewalk.edges.s3_http.pages.Fetch`."""

    def find(self, key: str) -> Found | None:
        """One object; None for nothing visible."""

    def require(self, action: str, key: str) -> None:
        """Raise where the bucket's policy denies an action that :meth:`find`, :meth:`put` and :meth:`delete` don't ask about."""

    def accept(self, key: str) -> int | None:
        """Whether something may be stored under a key: its limit in bytes, None for the usual one. Raises :class:`S3Error`."""

    def names_by_hash(self, key: str) -> bool:
        """Whether a key is the hash of its object, so that :meth:`put` takes nothing else."""

    def put(self, key: str, sent: Sent) -> str:
        """Store an object; its ETag."""

    def delete(self, keys: Sequence[str]) -> dict[str, RopewalkError]:
        """Remove objects; nothing happens where there is none. Gives those that could not be removed, and why."""


class FilesStore:
    """Objects under free keys."""

    def __init__(self, access: ProjectAccess, name: str, room: str = "files") -> None:
        self.name, self.room = name, room
        self._project_id, self._user_id = access.project.id, access.actor.user_id

    def fetch(self, prefix: str, after: str, limit: int) -> list[Listed]:
        """See :class:`Store`."""
        rows = buckets.objects_after(self._project_id, self.room, prefix=prefix, after=after, limit=limit)
        return [Listed(row.key, row.size, row.etag, row.modified_at) for row in rows]

    def find(self, key: str) -> Found | None:
        """See :class:`Store`."""
        self.require(GET, key)
        row = buckets.object_at(self._project_id, self.room, key)
        return _found(row) if row else None

    def require(self, action: str, key: str) -> None:
        """See :class:`Store`."""
        buckets.require_allowed(self._project_id, self.room, action, key)

    def accept(self, key: str) -> int | None:
        """See :class:`Store`."""
        return None

    def names_by_hash(self, key: str) -> bool:
        """See :class:`Store`."""
        return False

    def put(self, key: str, sent: Sent) -> str:
        """See :class:`Store`."""
        require = sent.require
        incoming = bucket_services.Incoming(
            key=key,
            blocks=sent.blocks,
            content_type=sent.content_type,
            metadata=sent.metadata,
            etag=sent.etag,
            require=lambda row: require(row.etag if row else None) if require else None,
            announced=sent.length,
            counted=sent.counted,
        )
        stored = bucket_services.put_object(
            project_id=self._project_id, bucket=self.room, incoming=incoming, user_id=self._user_id
        )
        return stored.etag

    def delete(self, keys: Sequence[str]) -> dict[str, RopewalkError]:
        """See :class:`Store`."""
        failed: dict[str, RopewalkError] = {}
        for key in keys:
            try:
                bucket_services.delete_object(project_id=self._project_id, bucket=self.room, key=key)
            except RopewalkError as error:
                failed[key] = error
        return failed


class RemoteStore:
    """A DVC remote: objects that their hash names, each verified; beside them the run cache, which has keys of its own."""

    room = "dvc"

    def __init__(self, access: ProjectAccess) -> None:
        self.name, self._access = "dvc", access
        self._project_id, self._user_id = access.project.id, access.actor.user_id
        self._runs = FilesStore(access, self.name, self.room)

    def fetch(self, prefix: str, after: str, limit: int) -> list[Listed]:
        """See :class:`Store`. ``runs/`` sorts after every key that a hash makes."""
        rows = selectors.remote_keys(self._project_id, prefix=prefix, after=after, limit=limit)
        found = [Listed(key, state.size, _tag(state.address), state.created_at) for key, state in rows]
        if len(found) < limit:
            found += self._runs.fetch(prefix, after, limit - len(found))
        return found

    def find(self, key: str) -> Found | None:
        """See :class:`Store`."""
        address = parse_path(key)
        if address is None:
            return self._runs.find(key)
        state = selectors.object_state(self._project_id, address)
        if state is None:
            return None
        return Found(
            key=key,
            size=state.size,
            etag=_tag(address),
            sha256=state.sha256,
            modified=state.created_at,
            open=lambda start, end: selectors.open_bytes(state, start, end),
            immutable=True,
        )

    def require(self, action: str, key: str) -> None:
        """See :class:`Store`. A remote has no policy."""

    def accept(self, key: str) -> int | None:
        """See :class:`Store`."""
        if parse_path(key):
            return None
        if _RUN.match(key):
            return MAX_RUN_BYTES
        raise S3Error(
            403,
            "AccessDenied",
            "A DVC remote holds objects at files/md5/<2 digits>/<30 digits>, and the run cache.",
            hint="Is there a folder behind s3://dvc in the remote's address? Leave it out.",
        )

    def names_by_hash(self, key: str) -> bool:
        """See :class:`Store`."""
        return parse_path(key) is not None

    def put(self, key: str, sent: Sent) -> str:
        """See :class:`Store`."""
        address = parse_path(key)
        if address is None:
            return self._runs.put(key, sent)
        if sent.require is not None:
            present = selectors.object_state(self._project_id, address)
            sent.require(_tag(address) if present else None)
        services.receive_object(
            project_id=self._project_id,
            address=address,
            blocks=sent.blocks,
            user_id=self._user_id,
            announced=sent.length,
            counted=sent.counted,
        )
        return _tag(address)

    def delete(self, keys: Sequence[str]) -> dict[str, RopewalkError]:
        """See :class:`Store`. Who may not remove data is refused as a whole: s3fs, which DVC uses, passes over single errors."""
        named = [(key, parse_path(key)) for key in keys]
        addresses = [address for _, address in named if address]
        if addresses:
            ask_again(self._access, Permission.DATA_DELETE)
            services.remove_objects(project_id=self._project_id, addresses=addresses, user_id=self._user_id)
        return self._runs.delete([key for key, address in named if not address])


def store_named(access: ProjectAccess, name: str) -> Store:
    """Another bucket, for a copy from it: of a project of the same owner by its name, or ``PROJECT.s3``, a project's DVC remote.

    Through the gate, for reading: raises like :func:`resolve_project`, of which a token for one project passes only its own.
    """
    slug = name.removesuffix(_REMOTE)
    source = resolve_project(access.actor, access.project.owner, slug, Permission.DATA_READ)
    return RemoteStore(source) if name.endswith(_REMOTE) else FilesStore(source, source.project.slug)


def _found(row: ObjectView) -> Found:
    return Found(
        key=row.key,
        size=row.size,
        etag=row.etag,
        sha256=row.sha256,
        modified=row.modified_at,
        open=lambda start, end: buckets.open_object(row, start, end),
        content_type=row.content_type,
        metadata=row.metadata,
        damaged=row.damaged,
    )


def _tag(address: ObjectAddress) -> str:
    """The ETag. What looks like an md5 is taken for the body's, which the name of a legacy object need not be."""
    return f"{address.oid}-1" if address.legacy else address.oid
