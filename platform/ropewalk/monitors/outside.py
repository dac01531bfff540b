"""Profiles of files in connected buckets: of the content that the other server tells of now, and of former ones while known."""

import hashlib
from typing import Any

from django.db import transaction

from ropewalk.access.roles import Permission
from ropewalk.access.types import ProjectAccess
from ropewalk.core import clock, jobs
from ropewalk.core.errors import NotFound
from ropewalk.core.limits import spend
from ropewalk.core.selectors import view_of
from ropewalk.monitors.models import DataProfile as Row
from ropewalk.monitors.selectors import reading
from ropewalk.monitors.services import FREE_BYTES, request_report, tracked_side
from ropewalk.monitors.types import PROFILE_DATA, PROFILE_OUTSIDE, DataProfile, Side
from ropewalk.outside import selectors
from ropewalk.outside import services as outside
from ropewalk.outside.types import ConnectedView, RemoteFile

MOST_BYTES = 8 << 30
_PER_MINUTE = 20  # measurements of a project: a server may tell of another content at each look


def asked_outside_profile(
    access: ProjectAccess, bucket: ConnectedView, file: RemoteFile
) -> tuple[DataProfile | None, bool]:
    """The columns of a file as it is now, asked for at the first look; and whether the viewer may not ask for what nobody has.

    Those who may start no analyses have files of at most :data:`~ropewalk.monitors.services.FREE_BYTES` measured.
    Raises :class:`~ropewalk.core.errors.Busy` for too many new ones in a minute.
    """
    identity = _identity(bucket, file)
    found = _found(access.project.id, identity)
    if found is not None and found.summary is not None:
        return found, False
    if found is not None and found.job is not None:
        # Disconnected and connected again: the job can be run again only if the file is known again.
        outside.note_measured(project_id=access.project.id, bucket=bucket, file=file)
        return found, False
    if not (access.may(Permission.ANALYSES_START) or file.size <= FREE_BYTES):
        return found, True
    spend("measure-outside", str(access.project.id), per_minute=_PER_MINUTE, what="measurements")
    _ask(access, bucket, file, identity)
    return _found(access.project.id, identity), False


def request_outside_report(
    *,
    access: ProjectAccess,
    bucket: ConnectedView,
    file: RemoteFile,
    pin: str = "",
    revision: str = "",
    path: str = "",
) -> int:
    """Ask how a file as it is now differs from a former content of a connected bucket (``pin``), or from tracked data.

    Returns the report's number. Raises :class:`~ropewalk.core.errors.NotFound`, ``RevisionNotFound``,
    :class:`~ropewalk.monitors.errors.SameData`.
    """
    project_id = access.project.id
    reference = outside_side(project_id, pin) if pin else tracked_side(project_id, revision, path)
    outside.note_measured(project_id=project_id, bucket=bucket, file=file)
    current = Side(revision=bucket.name, commit="", path=file.key, pin=file.pin(bucket))
    return request_report(access=access, reference=reference, current=current)


def outside_side(project_id: int, pin: str) -> Side:
    """A content that somebody had measured. Raises :class:`~ropewalk.core.errors.NotFound`."""
    found = selectors.measured_file(project_id, pin)
    names = {one.id: one.name for one in selectors.connected_buckets(project_id)}
    if found is None or found.bucket_id not in names:
        raise NotFound("This content of the file is not known any more.", hint="Choose another one.")
    return Side(revision=names[found.bucket_id], commit="", path=found.file.key, pin=pin)


def _ask(access: ProjectAccess, bucket: ConnectedView, file: RemoteFile, identity: dict[str, Any]) -> None:
    project_id = access.project.id
    with transaction.atomic():
        measured = outside.note_measured(project_id=project_id, bucket=bucket, file=file)
        row, _ = Row.objects.for_project(project_id).get_or_create(
            **identity, defaults={"project_id": project_id, "created_at": clock.now()}
        )
        if row.job_id is None and row.summary is None:
            row.job = jobs.enqueue(
                PROFILE_OUTSIDE,
                subject=f"bucket:{bucket.name}:{measured.id}",
                fingerprint=hashlib.sha256(f"outside:{row.pk}".encode()).hexdigest(),
                payload={"profile": row.pk, "pin": measured.pin},
                project_id=project_id,
                requested_by_id=access.actor.user_id,
            )
            row.save(update_fields=["job"])


def _identity(bucket: ConnectedView, file: RemoteFile) -> dict[str, Any]:
    return {
        "content_hash": file.pin(bucket),
        "options": reading(file.key, is_dir=False),
        "version": PROFILE_DATA.version,
    }


def _found(project_id: int, identity: dict[str, Any]) -> DataProfile | None:
    row = Row.objects.for_project(project_id).select_related("job").filter(**identity).first()
    return DataProfile(row.pk, row.summary, view_of(row.job) if row.job else None) if row else None


__all__ = ["MOST_BYTES", "asked_outside_profile", "outside_side", "request_outside_report"]
