"""What lies behind a bucket's name: a project's DVC remote, or objects under free keys."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from ropewalk.access.roles import Permission
from ropewalk.access.selectors import ask_again
from ropewalk.access.types import ProjectAccess
from ropewalk.buckets import selectors as buckets
from ropewalk.buckets import services as bucket_services
from ropewalk.buckets.types import ObjectView
from ropewalk.core.errors import RopewalkError
from ropewalk.data import selectors, services
from ropewalk.data.oids import ObjectAddress, parse_path
from ropewalk.edges.s3_http.faults import S3Error
from ropewalk.edges.s3_http.pages import Listed

MAX_RUN_BYTES = 1 << 20  # of one entry of the run cache, which is a few lines of YAML
_RUN = re.compile(r"runs/[0-9a-f]{2}/[0-9a-f]{32,64}/[0-9a-f]{32,64}\Z")


@dataclass(frozen=True)
class Found:
    """An object as the protocol shows it; ``etag`` without quotes, ``sha256`` in hexadecimal digits."""

    key: str
    size: int
    etag: str
    sha256: str
    modified: datetime
    open: Callable[[int, int | None], Iterator[bytes]]
    content_type: str = ""
    metadata: Mapping[str, str] = field(default_factory=dict)
    immutable: bool = False


@dataclass(frozen=True)
class Sent:
    """What an upload brings. ``require`` is asked for the present ETag before anything is replaced, and may raise.

    ``length`` is known before the first block, or None; ``counted`` says that the bytes lie here already, as parts.
    """

    blocks: Iterable[bytes]
    content_type: str = ""
    metadata: dict[str, str] = field(default_factory=dict)
    etag: str = ""
    require: Callable[[str | None], None] = lambda _: None
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

    def accept(self, key: str) -> int | None:
        """Whether something may be stored under a key: its limit in bytes, None for the usual one. Raises :class:`S3Error`."""

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
        row = buckets.object_at(self._project_id, self.room, key)
        return _found(row) if row else None

    def accept(self, key: str) -> int | None:
        """See :class:`Store`."""
        return None

    def put(self, key: str, sent: Sent) -> str:
        """See :class:`Store`."""
        incoming = bucket_services.Incoming(
            key=key,
            blocks=sent.blocks,
            content_type=sent.content_type,
            metadata=sent.metadata,
            etag=sent.etag,
            require=lambda row: sent.require(row.etag if row else None),
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

    def put(self, key: str, sent: Sent) -> str:
        """See :class:`Store`."""
        address = parse_path(key)
        if address is None:
            return self._runs.put(key, sent)
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
    )


def _tag(address: ObjectAddress) -> str:
    """The ETag. What looks like an md5 is taken for the body's, which the name of a legacy object need not be."""
    return f"{address.oid}-1" if address.legacy else address.oid
