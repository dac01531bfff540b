"""Asking for previews, and storing what the workers made."""

import hashlib
from typing import Any

from django.db import transaction

from ropewalk.core import clock, jobs
from ropewalk.core.jobs import JobKind
from ropewalk.data import documents
from ropewalk.data.models import FilePreview
from ropewalk.data.selectors.previews import preview
from ropewalk.data.types import MAKE_PREVIEW, DataFile, PreviewView


def request_preview(
    *, project_id: int, file: DataFile, kind: str, options: str = "", requested_by_id: int | None = None
) -> PreviewView | None:
    """The preview of a file, asked for if nobody did before; a failed one stays failed until somebody runs its job again.

    None when the row was removed meanwhile.
    """
    return request_document(
        MAKE_PREVIEW,
        project_id=project_id,
        content_hash=file.content_hash,
        kind=kind,
        options=options,
        payload={"commit": file.commit_sha, "path": file.path, "kind": kind, "options": options},
        requested_by_id=requested_by_id,
    )


def request_document(
    job_kind: JobKind,
    *,
    project_id: int,
    content_hash: str,
    kind: str,
    options: str,
    payload: dict[str, Any],
    requested_by_id: int | None,
) -> PreviewView | None:
    """The same for what another job makes: its runner finds the row's id as ``preview`` in the payload."""
    found = preview(project_id, content_hash, kind, options, version=job_kind.version)
    if found is not None:
        return found
    wanted = {"content_hash": content_hash, "kind": kind, "options": options, "version": job_kind.version}
    with transaction.atomic():
        rows = FilePreview.objects.for_project(project_id)
        rows.filter(**wanted).exclude(key="").delete()  # the store lost its document
        row, _ = rows.get_or_create(**wanted, defaults={"project_id": project_id, "created_at": clock.now()})
        if row.job_id is None:
            row.job = jobs.enqueue(
                job_kind,
                subject=f"preview:{content_hash[:60]}",
                fingerprint=hashlib.sha256(f"{row.pk}:{kind}:{options}".encode()).hexdigest(),
                payload={"preview": row.pk, **payload},
                project_id=project_id,
                requested_by_id=requested_by_id,
            )
            row.save(update_fields=["job"])
    return preview(project_id, content_hash, kind, options, version=job_kind.version)


def store_preview(*, project_id: int, preview_id: int, content_hash: str, document: dict[str, Any]) -> int:
    """Keep what a worker made: the object first, then the row that makes it visible. Gives the stored bytes.

    Nothing when the row is gone: the project, or the preview, was removed meanwhile.
    """
    rows = FilePreview.objects.for_project(project_id).filter(pk=preview_id, content_hash=content_hash)
    key = f"p/{project_id}/previews/v{MAKE_PREVIEW.version}/{preview_id}"
    if not rows.exists():
        return 0
    size = documents.write(key, document)
    rows.update(key=key, size=size)
    return size
