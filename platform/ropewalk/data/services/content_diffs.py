"""Asking for diffs of files' contents, and storing what the workers found."""

import hashlib
from typing import Any

from django.db import transaction

from ropewalk.core import clock, jobs
from ropewalk.data import documents
from ropewalk.data.models import ContentDiff
from ropewalk.data.selectors.content_diffs import content_diff
from ropewalk.data.types import COMPARE_FILES, ContentDiffView, DataFile


def request_content_diff(
    *,
    project_id: int,
    old: DataFile | None,
    new: DataFile | None,
    kind: str,
    options: str = "",
    requested_by_id: int | None = None,
) -> ContentDiffView | None:
    """The diff of two files (None: nothing on that side), asked for if nobody did before.

    A failed one stays failed until somebody runs its job again. None when the row was removed meanwhile.
    """
    old_hash, new_hash = (side.content_hash if side else "" for side in (old, new))
    found = content_diff(project_id, old_hash, new_hash, kind, options)
    if found is not None:
        return found
    wanted = {
        "old_hash": old_hash,
        "new_hash": new_hash,
        "kind": kind,
        "options": options,
        "version": COMPARE_FILES.version,
    }
    with transaction.atomic():
        rows = ContentDiff.objects.for_project(project_id)
        rows.filter(**wanted).exclude(key="").delete()  # the store lost its document
        row, _ = rows.get_or_create(**wanted, defaults={"project_id": project_id, "created_at": clock.now()})
        if row.job_id is None:
            row.job = jobs.enqueue(
                COMPARE_FILES,
                subject=f"diff:{kind}",
                fingerprint=hashlib.sha256(f"{row.pk}".encode()).hexdigest(),
                payload={
                    "diff": row.pk,
                    "kind": kind,
                    "options": options,
                    "sides": [
                        {"commit": side.commit_sha, "path": side.path} if side else None
                        for side in (old, new)
                    ],
                },
                project_id=project_id,
                requested_by_id=requested_by_id,
            )
            row.save(update_fields=["job"])
    return content_diff(project_id, old_hash, new_hash, kind, options)


def store_content_diff(
    *, project_id: int, diff_id: int, hashes: tuple[str, str], document: dict[str, Any]
) -> int:
    """Keep what a worker found: the object first, then the row that makes it visible. Gives the stored bytes.

    Nothing when the row is gone (the project, or the diff, was removed meanwhile) or is about other contents.
    """
    rows = ContentDiff.objects.for_project(project_id).filter(
        pk=diff_id, old_hash=hashes[0], new_hash=hashes[1]
    )
    key = f"p/{project_id}/diffs/v{COMPARE_FILES.version}/{diff_id}"
    if not rows.exists():
        return 0
    size = documents.write(key, document)
    rows.update(key=key, size=size)
    return size
