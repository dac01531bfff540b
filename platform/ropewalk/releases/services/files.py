"""Files of releases: hashed while they stream into the store, visible only when they are whole.

The bytes go into the store's invisible writer. Then one transaction writes the row and, last, makes the bytes visible. A process
that is killed in between leaves at most bytes without a row, which :mod:`~ropewalk.releases.services.orphans` removes.
"""

import hashlib
import uuid
from collections.abc import Iterable
from typing import Self

from django.conf import settings
from django.db import transaction
from django.db.models import F

from ropewalk.core import audit, clock
from ropewalk.core.blobs import store
from ropewalk.core.errors import Conflict, Invalid, NotFound, TooLarge
from ropewalk.quotas.services import metered
from ropewalk.releases.models import Release, ReleaseFile
from ropewalk.releases.selectors import file_view
from ropewalk.releases.types import ReleaseFileView, blob_key

MOST_FILES = 200
_MAX_NAME = 240
_FORBIDDEN = frozenset('/\\<>:"|?*')


def checked_file_name(name: str) -> str:
    """``name`` itself. Raises :class:`Invalid` for one that some system could not keep, or that could lead elsewhere."""
    name = name.strip()
    fine = 0 < len(name.encode("utf-8", "replace")) <= _MAX_NAME and not name.startswith(".")
    if not fine or not name.isprintable() or _FORBIDDEN & set(name):
        raise Invalid(
            f"“{name[:100]}” can't be a file's name here.",
            hint=f'At most {_MAX_NAME} bytes, no leading dot, none of / \\ < > : " | ? *.',
            code="bad_file_name",
        )
    return name


def require_room(*, project_id: int, release_id: int, name: str) -> str:
    """The name under which a file may come.

    Raises :class:`NotFound`, :class:`Invalid`, and :class:`Conflict` when it is taken or the release is full.
    """
    name = checked_file_name(name)
    if not Release.objects.for_project(project_id).filter(pk=release_id).exists():
        raise NotFound("There is no such release.", code="release_not_found")
    names = set(
        ReleaseFile.objects.for_project(project_id)
        .filter(release_id=release_id)
        .values_list("name", flat=True)
    )
    if name in names:
        raise Conflict(
            f"The release has a file “{name}”.",
            hint="Delete it first, or choose another name.",
            code="file_exists",
        )
    if len(names) >= MOST_FILES:
        raise Conflict(f"A release has at most {MOST_FILES} files.", code="too_many_files")
    return name


class IncomingFile:
    """A file on its way into the store: nothing of it is visible before :meth:`finish`, or ever without it.

    A context manager. Beginning raises what :func:`require_room` raises, writing :class:`TooLarge` and ``StoreUnavailable``.
    """

    def __init__(self, *, project_id: int, release_id: int, name: str, user_id: int | None) -> None:
        self._name = require_room(project_id=project_id, release_id=release_id, name=name)
        self._project_id, self._release_id, self._user_id = project_id, release_id, user_id
        self._size, self._digest, self._key = 0, hashlib.sha256(), uuid.uuid4()
        self._limit: int = settings.ROPEWALK_MAX_RELEASE_FILE_BYTES
        self._writer = store().writer(blob_key(project_id, self._key))

    def __enter__(self) -> Self:
        self._writer.__enter__()
        return self

    def __exit__(self, *exc: object) -> None:
        self._writer.__exit__(*exc)

    def write(self, block: bytes) -> None:
        """Append a block."""
        self._size += len(block)
        if self._size > self._limit:
            raise TooLarge(
                f"A release's file has at most {self._limit >> 20} MiB.",
                hint="Data and models belong to DVC.",
            )
        self._digest.update(block)
        self._writer.write(block)

    @transaction.atomic
    def finish(self) -> ReleaseFileView:
        """Make it visible. Raises :class:`NotFound` and :class:`Conflict` for what happened to the release meanwhile."""
        project_id, release_id = self._project_id, self._release_id
        # One at a time: the name is free and there is room until this transaction ends.
        list(Release.objects.for_project(project_id).select_for_update().filter(pk=release_id))
        require_room(project_id=project_id, release_id=release_id, name=self._name)
        row = ReleaseFile.objects.create(
            project_id=project_id,
            release_id=release_id,
            name=self._name,
            key=self._key,
            size=self._size,
            sha256=self._digest.hexdigest(),
            uploader_id=self._user_id,
            created_at=clock.now(),
        )
        detail = {"sha256": row.sha256}
        audit.record("release.file_added", subject=row.name, project_id=project_id, detail=detail)
        self._writer.commit()
        return file_view(row)


def receive_file(
    *, project_id: int, release_id: int, name: str, blocks: Iterable[bytes], user_id: int | None
) -> ReleaseFileView:
    """Store a file. Raises what :class:`IncomingFile` and ``blocks`` raise, and :class:`~ropewalk.quotas.types.OverQuota`.

    Then nothing of the file is visible.
    """
    with IncomingFile(project_id=project_id, release_id=release_id, name=name, user_id=user_id) as incoming:
        for block in metered(project_id, blocks):
            incoming.write(block)
        return incoming.finish()


@transaction.atomic
def delete_file(*, project_id: int, release_id: int, file_id: int) -> str:
    """Remove a file for good; its name. Raises :class:`NotFound`."""
    row = _file(project_id, release_id, file_id)
    name, key = row.name, blob_key(project_id, row.key)
    audit.record("release.file_deleted", subject=name, project_id=project_id, detail={"sha256": row.sha256})
    row.delete()
    transaction.on_commit(lambda: store().delete(key))
    return name


@transaction.atomic
def rename_file(*, project_id: int, release_id: int, file_id: int, name: str) -> ReleaseFileView:
    """Give a file another name. Raises :class:`NotFound`, :class:`Invalid`, :class:`Conflict`."""
    row = _file(project_id, release_id, file_id)
    list(Release.objects.for_project(project_id).select_for_update().filter(pk=release_id))
    if name.strip() != row.name:
        row.name = require_room(project_id=project_id, release_id=release_id, name=name)
        row.save(update_fields=["name"])
    return file_view(row)


def _file(project_id: int, release_id: int, file_id: int) -> ReleaseFile:
    rows = ReleaseFile.objects.for_project(project_id).select_for_update()
    row = rows.filter(pk=file_id, release_id=release_id).first()
    if row is None:
        raise NotFound("This release has no such file.", code="release_file_not_found")
    return row


def count_download(*, project_id: int, file_id: int) -> None:
    """One more whole read."""
    ReleaseFile.objects.for_project(project_id).filter(pk=file_id).update(downloads=F("downloads") + 1)
