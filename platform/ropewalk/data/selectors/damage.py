"""What reading everything again has found in one project."""

from datetime import datetime

from ropewalk.data.models import DirEntry, Scrub, StoredObject, TrackedOutput
from ropewalk.data.oids import address_of
from ropewalk.data.types import DamagedObject


def damaged(project_id: int, *, limit: int = 100) -> tuple[list[DamagedObject], int]:
    """The objects whose bytes are lost or damaged, each with a path that names it, and how many there are. Four queries."""
    rows = StoredObject.objects.for_project(project_id).filter(sha256="")
    found = list(rows.order_by("kind", "oid").values_list("kind", "oid", "size")[:limit])
    if not found:
        return [], 0
    oids = [oid for _, oid, _ in found]
    paths: dict[str, str] = {}
    entries = DirEntry.objects.for_project(project_id).filter(oid__in=oids)
    for oid, folder, relpath in entries.values_list("oid", "directory__oid", "relpath")[: limit * 10]:
        paths.setdefault(oid, f"{folder}.dir/{relpath}")
    tracked = TrackedOutput.objects.for_project(project_id)
    folders = {path.partition(".dir/")[0] for path in paths.values()}
    named = dict(tracked.filter(oid__in={*oids, *folders}).values_list("oid", "path"))
    for oid, path in paths.items():
        folder, _, relpath = path.partition(".dir/")
        paths[oid] = f"{named[folder]}/{relpath}" if folder in named else relpath
    views = [
        DamagedObject(address_of(kind, oid).name, size, named.get(oid) or paths.get(oid, ""))
        for kind, oid, size in found
    ]
    return views, rows.count()


def last_scrub() -> datetime | None:
    """When a whole round of reading everything again last ended; None before the first did."""
    return Scrub.objects.order_by("pk").values_list("round_ended_at", flat=True).first()
