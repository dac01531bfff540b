"""What was removed and can be restored, and which commits lack it."""

from collections.abc import Iterable
from datetime import timedelta

from django.conf import settings
from django.db import connection

from ropewalk.core.jobs import JobKind
from ropewalk.core.pagination import Page, paginate
from ropewalk.core.selectors import last_jobs
from ropewalk.data.models import Collection, Removal, RemovedObject
from ropewalk.data.oids import ObjectAddress, address_of
from ropewalk.data.removed import CollectionReport, CollectionView, Dependent, RemovalView
from ropewalk.data.types import COLLECT_DATA, FIND_UNNEEDED, INDEX_REVISION, RESTORE_DATA

PAGE = 100
# Lists and files of a removal, and the lists that are stored and wait for one of its files.
_REMOVED = """
    SELECT kind, oid FROM data_removedobject gone WHERE removal_id = %(of)s AND NOT EXISTS (
        SELECT 1 FROM data_storedobject again
        WHERE again.project_id = gone.project_id AND again.kind = gone.kind AND again.oid = gone.oid AND again.complete)
    UNION
    SELECT list.kind, list.oid FROM data_removedobject gone
    JOIN data_missingchild waiting USING (project_id, kind, oid)
    JOIN data_storedobject list ON list.id = waiting.directory_id
    WHERE gone.removal_id = %(of)s"""
_FOUND = "SELECT kind, oid FROM data_unneededobject WHERE project_id = %(project)s AND collection_id = %(of)s"
_TRACKED = """
    SELECT output.output_set_id, min(output.path) AS path, count(*) AS paths
    FROM data_trackedoutput output
    JOIN lacking ON lacking.oid = output.oid AND lacking.kind = CASE
        WHEN output.algorithm = 'md5' THEN CASE WHEN output.is_dir THEN 'dir' ELSE 'file' END
        WHEN output.is_dir THEN 'legacy_dir' ELSE 'legacy' END
    WHERE output.project_id = %(project)s AND output.cached AND output.algorithm IN ('md5', 'md5-dos2unix')
    GROUP BY output.output_set_id"""


def removals(project_id: int, *, page: int = 1, per_page: int = 50) -> Page[RemovalView]:
    """What can be restored, newest first."""
    rows = Removal.objects.for_project(project_id).filter(purge_started_at=None).select_related("removed_by")
    return paginate(rows.order_by("-last_at", "-pk"), page=page, per_page=per_page, convert=_view)


def removal(project_id: int, removal_id: int) -> RemovalView | None:
    """One of them, with the newest job that restores it; None when it is restored or gone."""
    rows = Removal.objects.for_project(project_id).filter(pk=removal_id, purge_started_at=None)
    row = rows.select_related("removed_by").first()
    return _view(row, RESTORE_DATA) if row else None


def was_restored(project_id: int, removal_id: int) -> bool:
    """Whether a removal that is not there any more came back whole."""
    jobs = last_jobs(project_id, RESTORE_DATA, limit=1, subject=f"removal:{removal_id}.")
    return bool(jobs) and jobs[0].state == "succeeded"


def _view(row: Removal, kind: JobKind | None = None) -> RemovalView:
    jobs = last_jobs(row.project_id, kind, limit=1, subject=f"removal:{row.pk}.") if kind else []
    return RemovalView(
        id=row.pk,
        source=row.source,
        removed_by=row.removed_by.username if row.removed_by else "",
        started_at=row.started_at,
        last_at=row.last_at,
        count=row.objects_count,
        size=row.size,
        kept_until=row.last_at + timedelta(days=settings.ROPEWALK_REMOVED_DATA_DAYS),
        job=next(iter(jobs), None),
    )


def removed_among(project_id: int, addresses: Iterable[ObjectAddress]) -> set[ObjectAddress]:
    """Those of many objects that were removed, or lists a file of which was, and that can be restored.

    At most two queries; for objects that are not visible.
    """
    wanted = set(addresses)
    if not wanted:
        return set()
    rows = RemovedObject.objects.for_project(project_id).filter(
        oid__in={address.oid for address in wanted}, removal__purge_started_at=None
    )
    found = {address_of(kind, oid) for kind, oid in rows.values_list("kind", "oid")}
    if lists := sorted(address.oid for address in wanted - found if address.is_dir):
        with connection.cursor() as cursor:
            cursor.execute(
                """SELECT DISTINCT list.kind, list.oid FROM data_storedobject list
                   JOIN data_missingchild waiting ON waiting.directory_id = list.id
                   JOIN data_removedobject gone
                     ON gone.project_id = list.project_id AND gone.kind = waiting.kind AND gone.oid = waiting.oid
                   WHERE list.project_id = %s AND list.kind IN ('dir', 'legacy_dir') AND list.oid = ANY(%s)""",
                [project_id, lists],
            )
            found |= {address_of(kind, oid) for kind, oid in cursor.fetchall()}
    return found & wanted


def dependents(
    project_id: int, removal_id: int, *, limit: int = PAGE, page: int = 1
) -> tuple[list[Dependent], int]:
    """A page of the indexed commits that track something of a removal which is not stored again, and how many there are.

    The newest first; on a page behind the last there are none.
    """
    return _dependents(_REMOVED, project_id, removal_id, limit, page)


def losing(
    project_id: int, collection_id: int, *, limit: int = PAGE, page: int = 1
) -> tuple[list[Dependent], int]:
    """Like :func:`dependents` for something that a collection found."""
    return _dependents(_FOUND, project_id, collection_id, limit, page)


def _dependents(
    lacking: str, project_id: int, number: int, limit: int, page: int
) -> tuple[list[Dependent], int]:
    names = {
        "project": project_id,
        "of": number,
        "version": INDEX_REVISION.version,
        "limit": limit,
        "skip": (page - 1) * limit,
    }
    with connection.cursor() as cursor:
        cursor.execute(
            f"""WITH lacking AS ({lacking}), tracked AS ({_TRACKED})
                SELECT revision.commit_sha, revision.subject, revision.committed_at, tracked.path, tracked.paths,
                       count(*) OVER ()
                FROM data_revisionindex revision JOIN tracked USING (output_set_id)
                WHERE revision.project_id = %(project)s AND revision.version = %(version)s
                ORDER BY revision.committed_at DESC, revision.commit_sha LIMIT %(limit)s OFFSET %(skip)s""",  # noqa: S608  # our own words
            names,
        )
        rows = cursor.fetchall()
    return [Dependent(*row[:5]) for row in rows], rows[0][5] if rows else 0


def collection(project_id: int, collection_id: int) -> CollectionView | None:
    """A collection with its jobs; None for one that a newer search replaced."""
    row = Collection.objects.for_project(project_id).filter(pk=collection_id).first()
    if row is None:
        return None
    search, run = (
        next(iter(last_jobs(project_id, kind, limit=1, subject=f"collection:{row.pk}.")), None)
        for kind in (FIND_UNNEEDED, COLLECT_DATA)
    )
    report = CollectionReport(**row.report) if row.report else None
    return CollectionView(row.pk, row.keep, row.grace_days, row.asked_at, report, row.removal_id, search, run)


def newest_collection(project_id: int) -> int | None:
    """The id of the newest search."""
    return Collection.objects.for_project(project_id).order_by("-pk").values_list("pk", flat=True).first()
