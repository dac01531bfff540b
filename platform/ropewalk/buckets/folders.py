"""A bucket as folders: what lies directly below a prefix, a page at a time, whatever lies deeper."""

from django.db import connection

from ropewalk.buckets.models import BucketObject
from ropewalk.buckets.selectors import behind, object_view
from ropewalk.buckets.types import FolderPage, require_text

_LAST = "\U0010ffff"  # sorts after everything that may follow a folder's name
# Each step is one look into the index of keys: what lies in a folder is jumped over, not read.
_WALK = """
    WITH RECURSIVE found AS (
        SELECT (SELECT key FROM buckets_bucketobject
                WHERE project_id = %(project)s AND bucket = %(bucket)s AND key > %(after)s AND key >= %(prefix)s {end}
                ORDER BY key LIMIT 1) AS key
        UNION ALL
        SELECT (SELECT key FROM buckets_bucketobject
                WHERE project_id = %(project)s AND bucket = %(bucket)s AND key > CASE
                    WHEN strpos(substr(found.key, %(behind)s), '/') > 0
                    THEN left(found.key, %(behind)s - 1 + strpos(substr(found.key, %(behind)s), '/')) || %(last)s
                    ELSE found.key END {end}
                ORDER BY key LIMIT 1)
        FROM found WHERE found.key IS NOT NULL)
    SELECT key FROM found WHERE key IS NOT NULL LIMIT %(limit)s"""


def folder_page(
    project_id: int, bucket: str, *, prefix: str, after: str = "", limit: int = 100
) -> FolderPage:
    """Folders and objects below ``prefix`` in order of their keys' bytes, from behind ``after`` (a former page's ``next``).

    Two queries, of at most ``limit`` looks into an index. Raises :class:`~ropewalk.core.errors.Invalid` for impossible texts.
    """
    require_text(prefix, after)
    end = behind(prefix) if prefix else ""
    values: dict[str, str | int] = {
        "project": project_id,
        "bucket": bucket,
        "prefix": prefix,
        "end": end,
        "last": _LAST,
        "limit": limit + 1,
    }
    values |= {"behind": len(prefix) + 1, "after": after + _LAST if _is_folder(after, prefix) else after}
    with connection.cursor() as cursor:
        cursor.execute(_WALK.format(end="AND key < %(end)s" if end else ""), values)
        keys = [row[0] for row in cursor.fetchall()]
    shown, more = [_name(key, prefix) for key in keys[:limit]], len(keys) > limit
    folders = tuple(name for name in shown if _is_folder(name, prefix))
    rows = BucketObject.objects.for_project(project_id).filter(
        bucket=bucket, key__in=set(shown) - set(folders)
    )
    return FolderPage(
        folders, tuple(object_view(row) for row in rows.order_by("key")), shown[-1] if more else ""
    )


def _is_folder(name: str, prefix: str) -> bool:
    """The prefix itself may be the key of an object, as the folders of consoles are."""
    return name.endswith("/") and name != prefix


def _name(key: str, prefix: str) -> str:
    """The folder below ``prefix`` in which a key lies, with its slash; the key itself when it lies in none."""
    end = key.find("/", len(prefix))
    return key[: end + 1] if end >= 0 else key
