"""Reads of what is stored and of what may be. Every function takes ids; who may see it was decided before."""

from typing import Any

from django.conf import settings
from django.db import connection

from ropewalk.core.derived import cache
from ropewalk.quotas.models import StorageKind
from ropewalk.quotas.types import Amount, Limit, Standing, StorageUse

_KEPT = 5.0
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
    """A project's and its owner's limits as they are now."""
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT owner.id, owner.slug, project.slug, mine.id IS NOT NULL, mine.limit, theirs.id IS NOT NULL, theirs.limit
               FROM projects_project project JOIN accounts_owner owner ON owner.id = project.owner_id
               LEFT JOIN quotas_projectquota mine ON mine.project_id = project.id
               LEFT JOIN quotas_ownerquota theirs ON theirs.owner_id = owner.id
               WHERE project.id = %s""",
            [project_id],
        )
        found = cursor.fetchone()
    if found is None:  # purged meanwhile
        return Standing(Limit("", None, 0), Limit("", None, 0))
    owner_id, owner, slug, own, limit, owners_own, owners_limit = found
    most = limit if own else settings.ROPEWALK_PROJECT_QUOTA
    owner_most = owners_limit if owners_own else settings.ROPEWALK_OWNER_QUOTA
    return Standing(
        Limit(f"{owner}/{slug}", most, 0 if most is None else project_use(project_id).size, own),
        Limit(owner, owner_most, 0 if owner_most is None else owner_use(owner_id).size, owners_own),
    )


def owner_limit(owner_id: int, slug: str) -> Limit:
    """An owner's limit, with what is used whether or not there is one."""
    with connection.cursor() as cursor:
        cursor.execute('SELECT "limit" FROM quotas_ownerquota WHERE owner_id = %s', [owner_id])
        found = cursor.fetchone()
    most = found[0] if found else settings.ROPEWALK_OWNER_QUOTA
    return Limit(slug, most, owner_use(owner_id).size, found is not None)


def standing_key(project_id: int) -> str:
    """Where :func:`recent_standing` keeps its answer."""
    return f"quotas:standing:{project_id}"


def recent_standing(project_id: int) -> Standing:
    """Like :func:`standing`, at most five seconds old, and asked anew where less than a tenth of a limit is left.

    Asked before every upload: the costs of the exact answer are for those who are near their limit.
    """
    known: Any = cache.get(standing_key(project_id))
    if isinstance(known, Standing) and not _near(known):
        return known
    fresh = standing(project_id)
    cache.set(standing_key(project_id), fresh, _KEPT)
    return fresh


def _near(known: Standing) -> bool:
    return any(
        limit.most is not None and limit.used * 10 > limit.most * 9 for limit in (known.project, known.owner)
    )
