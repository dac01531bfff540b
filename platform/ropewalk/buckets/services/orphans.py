"""Removing bytes of buckets without a row: what a killed upload, replacement or deletion left in the store."""

import uuid
from datetime import datetime

from ropewalk.buckets.models import BucketObject, UploadPart
from ropewalk.buckets.types import blob_folder
from ropewalk.core.blobs import store
from ropewalk.core.derived import cache
from ropewalk.projects.models import Project

_PLACE = "buckets:orphans:next"  # (project, key) where the next step goes on; losing it costs a repetition
_PAGE = 1000


def sweep_bucket_orphans(*, older_than: datetime, limit: int = 100_000) -> int:
    """One step over projects in order of their id, from where the last one stopped; how many objects were removed.

    Looks at about ``limit`` objects (an empty project counts as one), and removes only what was written before ``older_than``:
    an object that is being stored has bytes a moment before its row.
    """
    first, after = cache.get(_PLACE, (0, ""))
    seen = removed = 0
    for project_id in Project.objects.filter(pk__gte=first).order_by("pk").values_list("pk", flat=True):
        place = after if project_id == first else ""
        folder, seen = blob_folder(project_id), seen + 1
        while page := store().list(folder, after=place, limit=_PAGE):
            place, seen = page[-1].key, seen + len(page)
            removed += _remove(project_id, [entry.key for entry in page if entry.modified < older_than])
            if seen >= limit:
                cache.set(_PLACE, (project_id, place), None)
                return removed
    cache.delete(_PLACE)
    return removed


def _remove(project_id: int, keys: list[str]) -> int:
    old = {key.rpartition("/")[2]: key for key in keys}
    names = [uuid.UUID(name) for name in old if len(name) == 32]
    known = {
        blob.hex
        for model in (BucketObject, UploadPart)
        for blob in model.objects.for_project(project_id)
        .filter(blob__in=names)
        .values_list("blob", flat=True)
    }
    gone = old.keys() - known
    for name in gone:
        store().delete(old[name])
    return len(gone)
