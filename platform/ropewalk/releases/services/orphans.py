"""Removing bytes of releases without a row: what a killed upload or a killed deletion left in the store."""

import uuid
from datetime import datetime

from ropewalk.core.blobs import store
from ropewalk.core.derived import cache
from ropewalk.projects.models import Project
from ropewalk.releases.models import ReleaseFile
from ropewalk.releases.types import blob_folder

_PLACE = "releases:orphans:next"  # the project where the next step goes on; losing it costs a repetition
_PAGE = 1000


def sweep_release_orphans(*, older_than: datetime, most_projects: int = 2000) -> int:
    """One step over projects in order of their id, from where the last one stopped; how many objects were removed.

    Only what was written before ``older_than``: a file that is being stored has bytes a moment before its row.
    """
    first = int(cache.get(_PLACE, 0))
    ids = list(
        Project.objects.filter(pk__gte=first).order_by("pk").values_list("pk", flat=True)[:most_projects]
    )
    removed = sum(_sweep(project_id, older_than) for project_id in ids)
    cache.set(_PLACE, ids[-1] + 1 if len(ids) == most_projects else 0, None)
    return removed


def _sweep(project_id: int, older_than: datetime) -> int:
    folder, after, removed = blob_folder(project_id), "", 0
    while page := store().list(folder, after=after, limit=_PAGE):
        after = page[-1].key
        old = {entry.key.removeprefix(folder): entry.key for entry in page if entry.modified < older_than}
        names = [uuid.UUID(name) for name in old if len(name) == 32]
        rows = ReleaseFile.objects.for_project(project_id).filter(key__in=names)
        known = {key.hex for key in rows.values_list("key", flat=True)}
        for name in old.keys() - known:
            store().delete(old[name])
            removed += 1
    return removed
