"""Removing bytes without a row, which a killed upload left in the store: nobody sees them, and nobody else would remove them."""

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from ropewalk.core.blobs import store
from ropewalk.core.derived import cache
from ropewalk.core.locks import lock_in_transaction
from ropewalk.data.models import StoredObject
from ropewalk.data.oids import ObjectAddress
from ropewalk.data.services.holders import (
    address_in,
    holder_lock,
    objects_prefix,
    referenced,
    remove_unreferenced,
)
from ropewalk.projects.models import Project

_PLACE = "data:orphans:next"  # (project id, key): where the next step goes on; losing it costs a repetition


@dataclass(frozen=True)
class Swept:
    """One step over a project's objects: how many were looked at and removed, and the key to go on after ("" at the end)."""

    seen: int
    removed: int
    after: str


def sweep_orphans(
    *, project_id: int, older_than: datetime, after: str = "", limit: int = 100_000, page_size: int = 1000
) -> Swept:
    """Remove a project's bytes without a row that were written before ``older_than``; looks at about ``limit`` objects."""
    prefix, seen, removed = objects_prefix(project_id), 0, 0
    while seen < limit:
        page = store().list(prefix, after=after, limit=page_size)
        if not page:
            return Swept(seen, removed, "")
        seen, after = seen + len(page), page[-1].key
        old = {entry.key: address_in(prefix, entry.key) for entry in page if entry.modified < older_than}
        oids = [address.oid for address in old.values() if address]
        rows = StoredObject.objects.for_project(project_id).filter(oid__in=oids).values_list("kind", "oid")
        known = set(rows) | referenced(project_id, oids)
        for key, address in old.items():
            if address is not None and (address.kind, address.oid) not in known:
                removed += _remove_orphan(project_id, address, key)
    return Swept(seen, removed, after)


def sweep_all_orphans(*, older_than: datetime, limit: int = 100_000, page_size: int = 1000) -> int:
    """One step over all projects in order of their id, from where the step before stopped; returns how many were removed.

    Looks at about ``limit`` objects (an empty project counts as one); after the last project the next step starts again.
    """
    first, after = cache.get(_PLACE, (0, ""))
    seen = removed = 0
    for project_id in Project.objects.filter(pk__gte=first).order_by("pk").values_list("pk", flat=True):
        step = sweep_orphans(
            project_id=project_id,
            older_than=older_than,
            after=after if project_id == first else "",
            limit=limit - seen,
            page_size=page_size,
        )
        seen, removed = seen + max(step.seen, 1), removed + step.removed
        if step.after or seen >= limit:
            cache.set(_PLACE, (project_id, step.after) if step.after else (project_id + 1, ""), None)
            return removed
    cache.delete(_PLACE)
    return removed


def _remove_orphan(project_id: int, address: ObjectAddress, key: str) -> bool:
    with transaction.atomic():
        lock_in_transaction(holder_lock(project_id))
        return bool(remove_unreferenced(project_id, {key: address}))
