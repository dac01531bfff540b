"""Reads of what differs between two files' contents: documents that workers made for pages to show."""

from ropewalk.core.blobs import BlobMissing
from ropewalk.core.selectors import view_of
from ropewalk.data import documents
from ropewalk.data.models import ContentDiff
from ropewalk.data.types import COMPARE_FILES, ContentDiffView


def content_diff(
    project_id: int, old_hash: str, new_hash: str, kind: str, options: str = ""
) -> ContentDiffView | None:
    """A diff by its contents; None when nobody asked for it yet, or when the store lost it."""
    row = (
        ContentDiff.objects.for_project(project_id)
        .select_related("job")
        .filter(
            old_hash=old_hash, new_hash=new_hash, kind=kind, options=options, version=COMPARE_FILES.version
        )
        .first()
    )
    if row is None:
        return None
    try:
        document = documents.read(row.key) if row.key else None
    except BlobMissing:
        return None
    return ContentDiffView(row.pk, row.kind, row.options, document, view_of(row.job) if row.job else None)
