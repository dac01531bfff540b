"""Asking for rows of a table; answers are kept by content and question, the newest few of each content."""

from ropewalk.core.blobs import store
from ropewalk.data.models import FilePreview
from ropewalk.data.rows import RowQuery
from ropewalk.data.services.previews import request_document
from ropewalk.data.types import FIND_ROWS, DataFile, PreviewView

KIND = "rows"
MOST_KEPT = 50  # answers of one content


def request_rows(
    *, project_id: int, file: DataFile, query: RowQuery, requested_by_id: int | None = None
) -> PreviewView | None:
    """The rows that a query finds (``document`` as ``workers.analysis.contents.tables.rows``), asked for if nobody did before."""
    found = request_document(
        FIND_ROWS,
        project_id=project_id,
        content_hash=file.content_hash,
        kind=KIND,
        options=query.fingerprint,
        payload={"commit": file.commit_sha, "path": file.path, "query": query.document()},
        requested_by_id=requested_by_id,
    )
    if found is not None and found.document is None:
        _forget_old(project_id, file.content_hash)
    return found


def _forget_old(project_id: int, content_hash: str) -> None:
    """Drop the oldest answers beyond :data:`MOST_KEPT`: the rows first, so that nobody finds one without its document."""
    rows = FilePreview.objects.for_project(project_id).filter(content_hash=content_hash, kind=KIND)
    old = list(rows.order_by("-created_at", "-pk").values_list("pk", "key")[MOST_KEPT:])
    if not old:
        return
    FilePreview.objects.for_project(project_id).filter(pk__in=[pk for pk, _ in old]).delete()
    for _, key in old:
        if key:
            store().delete(key)
