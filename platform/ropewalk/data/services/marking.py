"""Which stored objects the commits of a project need: in SQL over rows that are there, never as sets in memory.

An object is needed when an output of a kept commit names it, or a list that is kept. Lists are kept that a kept commit needs, and
those that came within the grace time: `dvc push` sends data before `git push` sends the commit that needs it, and only the files
that were not there. A list that was removed and can be restored names its files, too.
"""

from collections.abc import Collection as Many
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import connection

from ropewalk.data.models import RevisionIndex
from ropewalk.data.types import INDEX_REVISION

_KIND = """CASE WHEN output.algorithm = 'md5' THEN CASE WHEN output.is_dir THEN 'dir' ELSE 'file' END
                WHEN output.is_dir THEN 'legacy_dir' ELSE 'legacy' END"""
# Outputs of kept commits; those with ``cache: false`` or ``push: false`` as well, where somebody stored them all the same.
_NAMED = f"""SELECT DISTINCT {_KIND} AS kind, output.oid::varchar AS oid FROM data_trackedoutput output
             WHERE output.project_id = %(project)s AND output.output_set_id = ANY(%(sets)s)
               AND output.algorithm IN ('md5', 'md5-dos2unix')"""  # noqa: S608  # our own words, here and below
_FIND = f"""
WITH named AS MATERIALIZED ({_NAMED}),
lists AS MATERIALIZED (
    SELECT id, kind FROM data_storedobject stored
    WHERE project_id = %(project)s AND kind IN ('dir', 'legacy_dir')
      AND (created_at >= %(young)s OR EXISTS (SELECT 1 FROM named WHERE named.kind = stored.kind AND named.oid = stored.oid))
    UNION ALL
    SELECT id, kind FROM data_removedobject gone
    WHERE project_id = %(project)s AND kind IN ('dir', 'legacy_dir')
      AND EXISTS (SELECT 1 FROM named WHERE named.kind = gone.kind AND named.oid = gone.oid)
),
listed AS MATERIALIZED (
    SELECT DISTINCT CASE lists.kind WHEN 'dir' THEN 'file' ELSE 'legacy' END AS kind, entry.oid
    FROM lists JOIN data_direntry entry ON entry.directory_id = lists.id
)
INSERT INTO data_unneededobject (project_id, collection_id, object_id, kind, oid)
SELECT stored.project_id, %(collection)s, stored.id, stored.kind, stored.oid FROM data_storedobject stored
WHERE stored.project_id = %(project)s AND stored.created_at < %(young)s
  AND NOT EXISTS (SELECT 1 FROM named WHERE named.kind = stored.kind AND named.oid = stored.oid)
  AND NOT EXISTS (SELECT 1 FROM listed WHERE listed.kind = stored.kind AND listed.oid = stored.oid)
"""  # noqa: S608
_STILL = f"""
WITH named AS MATERIALIZED ({_NAMED} AND output.oid = ANY(%(oids)s))
SELECT stored.oid FROM data_storedobject stored
JOIN data_unneededobject found ON found.project_id = stored.project_id AND found.collection_id = %(collection)s
  AND found.kind = stored.kind AND found.oid = stored.oid AND found.object_id = stored.id
WHERE stored.project_id = %(project)s AND stored.kind = %(kind)s AND stored.oid = ANY(%(oids)s)
  AND NOT EXISTS (SELECT 1 FROM named WHERE named.kind = stored.kind AND named.oid = stored.oid)
  AND NOT EXISTS (
    SELECT 1 FROM data_direntry entry JOIN data_storedobject list ON list.id = entry.directory_id
    WHERE entry.project_id = %(project)s AND entry.oid = stored.oid AND list.project_id = %(project)s AND list.kind = %(lists)s)
  AND NOT EXISTS (
    SELECT 1 FROM data_direntry entry JOIN data_removedobject list ON list.id = entry.directory_id
    JOIN data_trackedoutput output ON output.project_id = list.project_id AND output.oid = list.oid AND {_KIND} = list.kind
    WHERE entry.project_id = %(project)s AND entry.oid = stored.oid AND list.project_id = %(project)s
      AND list.kind = %(lists)s AND output.output_set_id = ANY(%(sets)s))
"""  # noqa: S608
_LISTS = {"file": "dir", "legacy": "legacy_dir"}
_AT_ONCE = 5000


def output_sets(project_id: int, shas: Sequence[str]) -> tuple[list[int], list[str]]:
    """What these commits track, and those of them that are not indexed."""
    sets: set[int] = set()
    unknown: list[str] = []
    for start in range(0, len(shas), _AT_ONCE):
        part = shas[start : start + _AT_ONCE]
        rows = RevisionIndex.objects.for_project(project_id).filter(
            commit_sha__in=part, version=INDEX_REVISION.version
        )
        found = dict(rows.values_list("commit_sha", "output_set_id"))
        sets.update(found.values())
        unknown += [sha for sha in part if sha not in found]
    return sorted(sets), unknown


def find_unneeded(*, project_id: int, collection_id: int, sets: Many[int], young: datetime) -> int:
    """Write down the objects that nobody needs and that came before ``young``; how many."""
    names: dict[str, Any] = {
        "project": project_id,
        "collection": collection_id,
        "sets": list(sets),
        "young": young,
    }
    with connection.cursor() as cursor:
        cursor.execute(_FIND, names)
        return int(cursor.rowcount)


def still_unneeded(
    *, project_id: int, collection_id: int, kind: str, oids: list[str], sets: Many[int]
) -> list[str]:
    """Those of a page of a collection that nobody needs now; for files once its lists are gone."""
    names: dict[str, Any] = {
        "project": project_id,
        "collection": collection_id,
        "kind": kind,
        "oids": oids,
        "sets": list(sets),
        "lists": _LISTS.get(kind, ""),
    }
    with connection.cursor() as cursor:
        cursor.execute(_STILL, names)
        return [row[0] for row in cursor.fetchall()]
