"""Whether what a commit tracks can be checked out today: asked of the rows alone, counted and paged by the database."""

import json
from typing import Any

from django.db import connection

from ropewalk.core.pagination import Page
from ropewalk.data.availability import Availability, MissingFile, OutputState
from ropewalk.data.models import RevisionIndex
from ropewalk.data.oids import ObjectAddress
from ropewalk.data.origins import Origin
from ropewalk.data.types import INDEX_REVISION

_COUNTED = ("missing", "removed", "incomplete", "elsewhere", "imported")
# Each output of the set with its state. Subqueries and not joins: the planner knows nothing of a set that was just indexed.
_STATES = """
    SELECT tracked.*, CASE
        WHEN kind IS NULL AND kept_there IS NOT TRUE THEN 'elsewhere'
        WHEN complete THEN 'present'
        WHEN EXISTS (SELECT 1 FROM data_removedobject gone JOIN data_removal removal ON removal.id = gone.removal_id
                     WHERE gone.project_id = %(project)s AND gone.kind = tracked.kind AND gone.oid = tracked.oid
                       AND removal.purge_started_at IS NULL)
          OR EXISTS (SELECT 1 FROM data_missingchild waiting
                     JOIN data_removedobject gone ON gone.project_id = %(project)s
                      AND gone.kind = waiting.kind AND gone.oid = waiting.oid
                     JOIN data_removal removal ON removal.id = gone.removal_id
                     WHERE waiting.directory_id = tracked.stored_id AND removal.purge_started_at IS NULL) THEN 'removed'
        WHEN kept_there THEN 'imported'
        WHEN stored_id IS NOT NULL AND is_dir AND sha256 <> '' THEN 'incomplete'
        ELSE 'missing' END AS state
    FROM (
        SELECT known.*, stored.id AS stored_id, stored.complete, stored.sha256
        FROM (
            SELECT path, algorithm, oid, is_dir, size, nfiles, pointer, stage, origin,
                   origin ->> 'kind' = 'repo' AS kept_there, CASE algorithm
                WHEN 'md5' THEN CASE WHEN is_dir THEN 'dir' ELSE 'file' END
                WHEN 'md5-dos2unix' THEN CASE WHEN is_dir THEN 'legacy_dir' ELSE 'legacy' END END AS kind
            FROM data_trackedoutput
            WHERE output_set_id = %(set)s AND project_id = %(project)s AND cached AND (%(path)s = '' OR path = %(path)s)
        ) known
        LEFT JOIN LATERAL (
            SELECT id, complete, sha256 FROM data_storedobject
            WHERE project_id = %(project)s AND kind = known.kind AND oid = known.oid LIMIT 1
        ) stored ON true
    ) tracked"""
_SUMS = f"SELECT state, count(*), coalesce(sum(size), 0) FROM ({_STATES}) states GROUP BY state"  # noqa: S608  # our own words
_LACKING = f"""
    SELECT path, algorithm, oid, is_dir, size, nfiles, pointer, stage, state,
           (SELECT count(*) FROM data_missingchild waiting WHERE waiting.directory_id = states.stored_id), origin
    FROM ({_STATES}) states WHERE state <> 'present' ORDER BY state = 'imported', path LIMIT %(limit)s OFFSET %(offset)s"""  # noqa: S608  # our own words
_MISSING_FILES = """
    SELECT entry.relpath, entry.oid, EXISTS (
        SELECT 1 FROM data_removedobject gone JOIN data_removal removal ON removal.id = gone.removal_id
        WHERE gone.project_id = %(project)s AND gone.kind = %(child)s AND gone.oid = entry.oid
          AND removal.purge_started_at IS NULL)
    FROM data_direntry entry
    WHERE entry.directory_id = %(list)s AND entry.oid IN (
        SELECT oid FROM data_missingchild WHERE directory_id = %(list)s)
    ORDER BY entry.relpath LIMIT %(limit)s OFFSET %(offset)s"""


def availability(
    project_id: int, commit_sha: str, *, path: str = "", page: int = 1, per_page: int = 50
) -> Availability:
    """What of a commit's outputs is here (with ``path``: of the output at that path), with a page of those that are not.

    ``per_page`` 0 asks for the counts alone.
    At most three queries, however many outputs there are.
    """
    index = (
        RevisionIndex.objects.for_project(project_id)
        .filter(commit_sha=commit_sha, version=INDEX_REVISION.version)
        .values("output_set_id", "problems")
        .first()
    )
    names: dict[str, Any] = {
        "project": project_id,
        "set": index["output_set_id"] if index else 0,
        "path": path,
    }
    sums: dict[str, tuple[int, int]] = {}
    if index:
        with connection.cursor() as cursor:
            cursor.execute(_SUMS, names)
            sums = {state: (count, int(size)) for state, count, size in cursor.fetchall()}
    total = sum(count for state, (count, _) in sums.items() if state != "present")
    return Availability(
        commit_sha=commit_sha,
        indexed=index is not None,
        outputs=sum(count for count, _ in sums.values()),
        size=sum(size for _, size in sums.values()),
        lacking_size=sum(size for state, (_, size) in sums.items() if state not in {"present", "imported"}),
        unread=_unread(index["problems"]) if index and not path else 0,
        lacking=_lacking(names, total, page, per_page),
        **{state: sums.get(state, (0, 0))[0] for state in _COUNTED},
    )


def _unread(problems: list[dict[str, str]]) -> int:
    """How many problems may hide outputs: files that name some and could not be read whole, or too many of them."""
    return sum(
        problem["code"] != "duplicate_output"
        and (not problem["path"] or problem["path"].endswith((".dvc", "dvc.lock")))
        for problem in problems
    )


def _lacking(names: dict[str, Any], total: int, page: int, per_page: int) -> Page[OutputState]:
    start, rows = (page - 1) * per_page, []
    if start < total and per_page:
        with connection.cursor() as cursor:
            cursor.execute(_LACKING, {**names, "limit": per_page, "offset": start})
            rows = cursor.fetchall()
    states = [OutputState(*(*row[:-1], Origin.of(row[-1] and json.loads(row[-1])))) for row in rows]
    return Page(states, page, per_page, total, has_next=start + per_page < total)


def files_missing(
    project_id: int, address: ObjectAddress, *, page: int = 1, per_page: int = 50
) -> Page[MissingFile]:
    """The files that keep a folder from being whole, by path; empty where its list is complete or was never pushed.

    Two queries. The total counts hashes, so that it may be less than the files where some are equal.
    """
    start = (page - 1) * per_page
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT list.id, count(*) FROM data_storedobject list
               JOIN data_missingchild waiting ON waiting.directory_id = list.id
               WHERE list.project_id = %s AND list.kind = %s AND list.oid = %s AND NOT list.complete GROUP BY list.id""",
            [project_id, address.kind, address.oid],
        )
        found = cursor.fetchone()
        if found is None:
            return Page([], page, per_page, 0, has_next=False)
        cursor.execute(
            _MISSING_FILES,
            {
                "project": project_id,
                "child": address.child_kind,
                "list": found[0],
                "limit": per_page + 1,
                "offset": start,
            },
        )
        rows = cursor.fetchall()
    items = [MissingFile(*row) for row in rows[:per_page]]
    return Page(items, page, per_page, found[1], has_next=len(rows) > per_page)
