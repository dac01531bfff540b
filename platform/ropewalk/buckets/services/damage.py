"""What reading buckets' objects again needs: the next ones, and the word that one is damaged."""

from ropewalk.buckets.models import BucketObject
from ropewalk.buckets.types import HeldObject, blob_key
from ropewalk.core import audit, clock
from ropewalk.projects.models import Project


def held_after(after: int, *, limit: int) -> list[HeldObject]:
    """At most so many objects of all projects behind this row, in order, without those known as damaged."""
    rows = BucketObject.objects.unscoped("everything that is stored is read").filter(
        pk__gt=after, damaged_at__isnull=True
    )
    found = rows.order_by("pk").values_list("pk", "project_id", "blob", "size", "sha256")[:limit]
    return [
        HeldObject(pk, project, blob_key(project, blob), size, sha) for pk, project, blob, size, sha in found
    ]


def condemn(held: HeldObject, why: str) -> bool:
    """Note that an object's bytes are lost or changed, unless it was replaced or removed since it was read.

    It keeps its place in listings, so that its owner can tell what to send again; an upload under its key ends the note.
    """
    rows = BucketObject.objects.for_project(held.project_id).filter(pk=held.row_id, damaged_at__isnull=True)
    row = rows.first()
    if row is None or blob_key(row.project_id, row.blob) != held.key:
        return False
    if not rows.filter(blob=row.blob).update(damaged_at=clock.now()):
        return False
    if Project.objects.filter(pk=held.project_id).exists():
        audit.record(
            "bucket.damaged",
            subject=f"{row.bucket}/{row.key}"[:200],
            project_id=held.project_id,
            detail={"why": why},
        )
    return True
