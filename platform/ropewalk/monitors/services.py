"""Writes of drift reports and profiles: asking for them, storing what workers computed."""

import hashlib
from typing import Any

from django.db import transaction
from django.db.models import Max

from ropewalk.access.roles import Permission
from ropewalk.access.types import ProjectAccess
from ropewalk.core import blobs, clock, jobs
from ropewalk.core.locks import lock_in_transaction
from ropewalk.data.types import DataFile
from ropewalk.monitors import models
from ropewalk.monitors.errors import SameData
from ropewalk.monitors.media import batch_key, gallery_key, marks, pack_key
from ropewalk.monitors.models import DriftReport, FileProfile
from ropewalk.monitors.selectors import data_profile, profile_identity, report_fingerprint
from ropewalk.monitors.types import COMPARE_DATA, PROFILE_DATA, ContentKey, DataProfile, Side, StoredProfile
from ropewalk.repos import selectors as repos
from ropewalk.repos.errors import RevisionNotFound

FREE_BYTES = 64 << 20  # what anybody who may read may have measured


def request_drift_report(
    *, access: ProjectAccess, path: str, reference: str, current: str, current_path: str = ""
) -> int:
    """Ask how tracked data changed between two revisions; returns the report's number.

    The caller's route needs ``ANALYSES_START``.

    ``path`` is that of a file or folder that git or DVC tracks; ``current_path`` where it has another name in the current
    revision. The same pair of commits and paths is the same report; it is computed again only if it failed or the runner is
    newer. Raises :class:`SameData`, ``RevisionNotFound``. Takes the lock ``drift:<project>``.
    """
    project_id = access.project.id
    return request_report(
        access=access,
        reference=tracked_side(project_id, reference, path),
        current=tracked_side(project_id, current, current_path or path),
    )


def request_report(*, access: ProjectAccess, reference: Side, current: Side) -> int:
    """The same of two sides that are known already; whoever calls it has looked them up in this project."""
    if reference.identity == current.identity:
        raise SameData("Both sides are the same version.", hint="Choose another revision for one of them.")
    project_id = access.project.id
    with transaction.atomic():
        lock_in_transaction(f"drift:{project_id}")
        report = _report_of(project_id, reference, current, access.actor.user_id)
        if report.result is None or report.runner_version != COMPARE_DATA.version:
            report.job = jobs.enqueue(
                COMPARE_DATA,
                subject=f"drift:{report.pk}",
                fingerprint=report.fingerprint,
                payload={"report": report.pk},
                project_id=project_id,
                requested_by_id=access.actor.user_id,
            )
            report.save(update_fields=["job"])
    return report.number


def request_data_profile(
    *, project_id: int, file: DataFile, requested_by_id: int | None = None
) -> DataProfile | None:
    """The columns of one version of a file or folder, asked for if nobody did before.

    A failed one stays failed until somebody runs its job again. None when the row was removed meanwhile.
    """
    found = data_profile(project_id, file)
    if found is not None and (found.summary is not None or found.job is not None):
        return found
    with transaction.atomic():
        row, _ = models.DataProfile.objects.for_project(project_id).get_or_create(
            **profile_identity(file), defaults={"project_id": project_id, "created_at": clock.now()}
        )
        if row.job_id is None and row.summary is None:
            row.job = jobs.enqueue(
                PROFILE_DATA,
                subject=f"columns:{file.content_hash[:60]}",
                fingerprint=hashlib.sha256(f"columns:{row.pk}".encode()).hexdigest(),
                payload={"profile": row.pk, "commit": file.commit_sha, "path": file.path},
                project_id=project_id,
                requested_by_id=requested_by_id,
            )
            row.save(update_fields=["job"])
    return data_profile(project_id, file)


def asked_data_profile(access: ProjectAccess, file: DataFile) -> tuple[DataProfile | None, bool]:
    """The columns of a version, asked for at the first look; and whether the viewer may not ask for what nobody asked for yet.

    Those who may start no analyses have files of at most :data:`FREE_BYTES` measured.
    """
    small = not file.is_dir and (file.size or 0) <= FREE_BYTES
    if access.may(Permission.ANALYSES_START) or small:
        found = request_data_profile(
            project_id=access.project.id, file=file, requested_by_id=access.actor.user_id
        )
        return found, False
    found = data_profile(access.project.id, file)
    return found, found is None


def store_data_profile(*, project_id: int, profile_id: int, summary: dict[str, Any]) -> None:
    """Keep what a worker computed; nothing when the row is gone."""
    models.DataProfile.objects.for_project(project_id).filter(pk=profile_id).update(summary=summary)


def tracked_side(project_id: int, revision: str, path: str) -> Side:
    """A path of tracked data at a revision. Raises ``RevisionNotFound``."""
    found = repos.resolve(project_id, revision)
    if found.path:  # the resolver takes the rest of a name for a path
        raise RevisionNotFound(f"There is no revision {revision}.")
    return Side(revision=found.name, commit=found.sha, path=path.strip("/"))


def _report_of(project_id: int, reference: Side, current: Side, user_id: int | None) -> DriftReport:
    """The row of a pair of sides, made with the next number where there is none. Needs the lock."""
    rows = DriftReport.objects.for_project(project_id)
    fingerprint = report_fingerprint(reference.identity, current.identity)
    found = rows.filter(fingerprint=fingerprint).first()
    if found is not None:
        return found
    return DriftReport.objects.create(
        project_id=project_id,
        number=(rows.aggregate(most=Max("number"))["most"] or 0) + 1,
        fingerprint=fingerprint,
        reference_revision=reference.revision,
        reference_commit=reference.commit,
        reference_path=reference.path,
        reference_pin=reference.pin,
        current_revision=current.revision,
        current_commit=current.commit,
        current_path=current.path,
        current_pin=current.pin,
        requested_by_id=user_id,
        created_at=clock.now(),
    )


def store_report(
    *,
    project_id: int,
    report_id: int,
    reference_hash: str,
    current_hash: str,
    result: dict[str, Any],
    runner_version: int,
) -> None:
    """Keep what a worker computed, whole or not at all."""
    verdict = result["verdict"]
    DriftReport.objects.for_project(project_id).filter(pk=report_id).update(
        reference_hash=reference_hash,
        current_hash=current_hash,
        verdict=verdict["state"],
        sentence=verdict["sentence"],
        drifted_columns=verdict["drifted"],
        compared_columns=verdict["columns"],
        result=result,
        runner_version=runner_version,
        computed_at=clock.now(),
    )


def profile_key(project_id: int, content: ContentKey, version: int) -> str:
    """Where the object store keeps a profile: in the project's own prefix, by content, version and reading options."""
    options = hashlib.sha256(content.options.encode()).hexdigest()[:12]
    name = f"{content.content_hash}-{options}"
    return f"p/{project_id}/profiles/v{version}/{content.algorithm}/{content.content_hash[:2]}/{name}"


def store_profile(
    *,
    project_id: int,
    content: ContentKey,
    version: int,
    statistics: bytes,
    sample: bytes | None,
    size: int,
    rows: int,
    columns: int,
    cpu_seconds: float,
    summary: dict[str, Any],
) -> StoredProfile:
    """Keep a profile: the objects first, then the row that makes them visible. Storing the same content again is harmless."""
    key = profile_key(project_id, content, version)
    for name, data in ((key, statistics), (f"{key}.sample", sample)):
        if data is not None:
            _put(name, data)
    stored = len(statistics) + len(sample or b"")
    values = {
        "key": key,
        "size": size,
        "rows": rows,
        "columns": columns,
        "stored_bytes": stored,
        "cpu_seconds": cpu_seconds,
        "summary": summary,
        "created_at": clock.now(),
    }
    row = FileProfile(
        project_id=project_id,
        algorithm=content.algorithm,
        content_hash=content.content_hash,
        options=content.options,
        version=version,
        **values,
    )
    FileProfile.objects.bulk_create(
        [row],
        update_conflicts=True,
        unique_fields=["project", "algorithm", "content_hash", "options", "version"],
        update_fields=list(values),
    )
    return StoredProfile(content, key, size, rows, columns, summary, row.created_at)


def forget_profile(*, project_id: int, stored: StoredProfile) -> None:
    """Drop the row of a profile whose object is gone or damaged, so that it is computed again."""
    FileProfile.objects.for_project(project_id).filter(key=stored.key).delete()


def store_media_batch(
    *,
    project_id: int,
    kind: str,
    version: int,
    contents: list[str],
    rows: bytes,
    pack: tuple[str, bytes] | None,
) -> None:
    """Keep measurements of these contents: the thumbnails' ``pack`` (name, bytes) first, then the rows that name it.

    Storing the same again is harmless.
    """
    if pack is not None:
        _put(pack_key(project_id, pack[0]), pack[1])
    key = batch_key(project_id, kind, version, hashlib.sha256(rows).hexdigest()[:32])
    _put(key, rows)
    models.MediaBatch.objects.bulk_create(
        [
            models.MediaBatch(
                project_id=project_id,
                kind=kind,
                version=version,
                key=key,
                rows=len(contents),
                marks=marks(contents),
                stored_bytes=len(rows) + (len(pack[1]) if pack else 0),
                created_at=clock.now(),
            )
        ],
        ignore_conflicts=True,
    )


def forget_media_batch(*, project_id: int, key: str) -> None:
    """Drop measurements whose object is gone or damaged, so that they are made again."""
    models.MediaBatch.objects.for_project(project_id).filter(key=key).delete()


def store_gallery(*, project_id: int, profile_id: int, data: bytes) -> None:
    """Keep what the gallery of a version shows; it becomes visible with the version's summary."""
    _put(gallery_key(project_id, profile_id), data)


def _put(key: str, data: bytes) -> None:
    with blobs.store().writer(key) as writer:
        writer.write(data)
        writer.commit()
