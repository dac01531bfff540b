"""The sums: added up, and set where no table names the bytes."""

from django.db import connection, transaction

from ropewalk.core.locks import lock_in_transaction
from ropewalk.quotas.models import StorageChange

_PAGE = 10_000


def note(*, project_id: int, kind: str, size: int, count: int) -> None:
    """Add to a sum, or take from it, what no trigger sees."""
    if size or count:
        StorageChange.objects.create(project_id=project_id, kind=kind, size=size, count=count)


@transaction.atomic
def measure(*, project_id: int, kind: str, size: int, count: int) -> None:
    """Somebody counted: the sum of a kind is this."""
    lock_in_transaction(f"quotas:measure:{project_id}:{kind}")
    with connection.cursor() as cursor:
        cursor.execute(
            """INSERT INTO quotas_storagechange (project_id, kind, holder_id, size, count)
               SELECT %(project)s, %(kind)s, 0, %(size)s - coalesce(sum(size), 0), %(count)s - coalesce(sum(count), 0)
               FROM (SELECT size, count FROM quotas_storagetotal
                     WHERE project_id = %(project)s AND kind = %(kind)s AND holder_id = 0
                     UNION ALL SELECT size, count FROM quotas_storagechange
                     WHERE project_id = %(project)s AND kind = %(kind)s AND holder_id = 0) noted
               HAVING coalesce(sum(size), 0) <> %(size)s OR coalesce(sum(count), 0) <> %(count)s""",
            {"project": project_id, "kind": kind, "size": size, "count": count},
        )


def fold(project_id: int) -> int:
    """Add up to ten thousand of a project's changes to its sums; how many. Those that another is adding up are left to it."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            """WITH old AS (
                   DELETE FROM quotas_storagechange WHERE id IN (
                       SELECT id FROM quotas_storagechange WHERE project_id = %s LIMIT %s FOR UPDATE SKIP LOCKED)
                   RETURNING project_id, kind, holder_id, size, count),
               added AS (
                   INSERT INTO quotas_storagetotal AS total (project_id, kind, holder_id, size, count)
                   SELECT project_id, kind, holder_id, sum(size), sum(count) FROM old
                   WHERE EXISTS (SELECT FROM projects_project WHERE projects_project.id = old.project_id)
                   GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
                   ON CONFLICT (project_id, kind, holder_id) DO UPDATE
                   SET size = total.size + excluded.size, count = total.count + excluded.count)
               SELECT count(*) FROM old""",
            [project_id, _PAGE],
        )
        return int(cursor.fetchone()[0])


def fold_all(*, rounds: int = 100) -> int:
    """Add up the changes of every project, at most so many rounds of each; how many changes."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT DISTINCT project_id FROM quotas_storagechange ORDER BY project_id")
        waiting = [row[0] for row in cursor.fetchall()]
    folded = 0
    for project_id in waiting:
        for _ in range(rounds):
            done = fold(project_id)
            folded += done
            if done < _PAGE:
                break
    return folded
