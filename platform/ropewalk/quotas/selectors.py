"""Reads of what is stored and of what may be. Every function takes ids; who may see it was decided before."""

from dataclasses import replace
from typing import Any

from django.conf import settings
from django.db import connection

from ropewalk.core.derived import cache
from ropewalk.core.errors import NotFound
from ropewalk.core.statements import ask_row
from ropewalk.quotas.models import StorageKind
from ropewalk.quotas.types import Amount, Limit, Standing, StorageUse

_KEPT = 5.0
UNLIMITED = Standing(Limit("", None, 0), Limit("", None, 0), 0)
# One statement sees one moment: what is being added up is counted once. Who refers to bytes of a project that is gone has them.
_USED = """
    SELECT noted.kind, noted.holder_id <> 0 AND holder.id IS NOT NULL AS lent, sum(noted.size), sum(noted.count)
    FROM (SELECT kind, holder_id, size, count FROM quotas_storagetotal WHERE project_id {which}
          UNION ALL SELECT kind, holder_id, size, count FROM quotas_storagechange WHERE project_id {which}) noted
    LEFT JOIN projects_project holder ON holder.id = noted.holder_id AND holder.purge_started_at IS NULL
    GROUP BY 1, 2"""
_OF_OWNER = "IN (SELECT id FROM projects_project WHERE owner_id = %s)"


def project_use(project_id: int) -> StorageUse:
    """What a project stores, by kind. One query; its cost grows with the changes of the last minute only."""
    return _use(_USED.format(which="= %s"), project_id)


def owner_use(owner_id: int) -> StorageUse:
    """What all projects of an owner store, deleted ones too until they are purged."""
    return _use(_USED.format(which=_OF_OWNER), owner_id)


def _use(statement: str, number: int) -> StorageUse:
    with connection.cursor() as cursor:
        cursor.execute(statement, [number, number])
        found = {(kind, lent): (int(size), int(count)) for kind, lent, size, count in cursor.fetchall()}
    amounts = tuple(
        Amount(kind.value, str(kind.label), *found.get((kind.value, False), (0, 0))) for kind in StorageKind
    )
    return StorageUse(
        amounts, Amount(StorageKind.DVC, "Shared", *found.get((StorageKind.DVC.value, True), (0, 0)))
    )


def stored_by_all(kinds: list[str]) -> int:
    """Bytes of these kinds that all projects store themselves, but for the last changes; reads a row for each sum."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT coalesce(sum(size), 0) FROM quotas_storagetotal WHERE kind = ANY(%s) AND holder_id = 0",
            [kinds],
        )
        return int(cursor.fetchone()[0])


def projects_of_owner(owner_id: int, *, limit: int = 100) -> list[tuple[int, int]]:
    """(id, bytes) of an owner's projects that store most, the largest first; deleted ones too."""
    statement = f"""
        SELECT noted.project_id, sum(noted.size)
        FROM (SELECT project_id, holder_id, size FROM quotas_storagetotal WHERE project_id {_OF_OWNER}
              UNION ALL SELECT project_id, holder_id, size FROM quotas_storagechange WHERE project_id {_OF_OWNER}) noted
        LEFT JOIN projects_project holder ON holder.id = noted.holder_id AND holder.purge_started_at IS NULL
        WHERE noted.holder_id = 0 OR holder.id IS NULL
        GROUP BY 1 HAVING sum(noted.size) > 0 ORDER BY 2 DESC, 1 LIMIT %s"""  # noqa: S608  # our own texts
    with connection.cursor() as cursor:
        cursor.execute(statement, [owner_id, owner_id, limit])
        return [(int(project_id), int(size)) for project_id, size in cursor.fetchall()]


def standing(project_id: int) -> Standing:
    """A project's and its owner's limits as they are now; what is used only of a limit that there is."""
    found = _limits("project.id", project_id)
    if found is None:  # purged meanwhile
        return UNLIMITED
    owner_id, project, owner = found
    if project.most is not None:
        project = replace(project, used=project_use(project_id).size)
    if owner.most is not None:
        owner = replace(owner, used=owner_use(owner_id).size)
    return Standing(project, owner, owner_id)


def project_limit(project_id: int) -> Limit:
    """A project's limit, with what is used whether or not there is one. Raises :class:`NotFound`."""
    found = _limits("project.id", project_id)
    if found is None:
        raise NotFound("There is no such project.")
    return replace(found[1], used=project_use(project_id).size)


def owner_limit(owner_id: int) -> Limit:
    """The same for an owner's projects together. Raises :class:`NotFound`."""
    found = _limits("owner.id", owner_id)
    if found is None:
        raise NotFound("There is no such owner.")
    return replace(found[2], used=owner_use(owner_id).size)


def _limits(column: str, number: int) -> tuple[int, Limit, Limit] | None:
    """An owner's id, a project's limit (that of any, when an owner is asked for) and the owner's, nothing used yet."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"""SELECT owner.id, owner.slug, project.slug,
                      mine.id IS NOT NULL, mine."limit", theirs.id IS NOT NULL, theirs."limit"
               FROM accounts_owner owner LEFT JOIN projects_project project ON owner.id = project.owner_id
               LEFT JOIN quotas_projectquota mine ON mine.project_id = project.id
               LEFT JOIN quotas_ownerquota theirs ON theirs.owner_id = owner.id
               WHERE {column} = %s LIMIT 1""",  # noqa: S608  # our own names
            [number],
        )
        found = cursor.fetchone()
    if found is None:
        return None
    owner_id, owner, slug, own, limit, owners_own, owners_limit = found
    return (
        owner_id,
        Limit(f"{owner}/{slug}", limit if own else settings.ROPEWALK_PROJECT_QUOTA, 0, own),
        Limit(owner, owners_limit if owners_own else settings.ROPEWALK_OWNER_QUOTA, 0, owners_own),
    )


def standing_key(project_id: int) -> str:
    """Where :func:`recent_standing` keeps its answer."""
    return f"quotas:standing:{project_id}"


def flow_key(owner_id: int) -> str:
    """Where uploads count the bytes that came for any project of an owner, for ever upwards."""
    return f"quotas:flow:{owner_id}"


def is_limited(project_id: int) -> bool:
    """Whether any limit may apply to what a project stores. One plain statement."""
    if settings.ROPEWALK_PROJECT_QUOTA is not None or settings.ROPEWALK_OWNER_QUOTA is not None:
        return True
    row = ask_row(
        """SELECT EXISTS (SELECT 1 FROM quotas_projectquota own WHERE own.project_id = %(project)s AND own."limit" IS NOT NULL)
               OR EXISTS (SELECT 1 FROM quotas_ownerquota theirs JOIN projects_project project USING (owner_id)
                          WHERE project.id = %(project)s AND theirs."limit" IS NOT NULL)""",
        {"project": project_id},
    )
    return bool(row and row[0])


def recent_standing(project_id: int) -> Standing:
    """Like :func:`standing`, at most five seconds old, and asked anew where less than a tenth of a limit is left.

    Asked before every upload: the costs of the exact answer are for those who are near their limit. What came since it was asked
    counts as used.
    """
    if not is_limited(project_id):
        return UNLIMITED
    known: Any = cache.get(standing_key(project_id))
    if isinstance(known, Standing) and (known := _as_of_now(known)):
        return known
    fresh = standing(project_id)
    if fresh.tightest is not None:
        if (flow := cache.get(flow_key(fresh.owner_id))) is None:
            cache.add(flow_key(fresh.owner_id), flow := 0, None)
        fresh = replace(fresh, flow=flow)
    cache.set(standing_key(project_id), fresh, _KEPT)
    return fresh


def _as_of_now(known: Standing) -> Standing | None:
    """With what came meanwhile as used; None when that is near a limit, or nobody knows what came."""
    if known.tightest is None:
        return known
    flow = cache.get(flow_key(known.owner_id))
    if flow is None or flow < known.flow:
        return None
    came = flow - known.flow
    limits = [replace(limit, used=limit.used + came) for limit in (known.project, known.owner)]
    if any(limit.most is not None and limit.used * 10 > limit.most * 9 for limit in limits):
        return None
    return replace(known, project=limits[0], owner=limits[1], flow=flow)
