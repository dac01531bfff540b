"""Reads of previews: documents that workers made of files for pages to show."""

from ropewalk.core.blobs import BlobMissing
from ropewalk.core.selectors import view_of
from ropewalk.data import documents
from ropewalk.data.models import FilePreview
from ropewalk.data.types import MAKE_PREVIEW, PreviewView


def preview(
    project_id: int, content_hash: str, kind: str, options: str = "", *, version: int = MAKE_PREVIEW.version
) -> PreviewView | None:
    """A preview by its content; None when nobody asked for it yet, or when the store lost it."""
    row = (
        FilePreview.objects.for_project(project_id)
        .select_related("job")
        .filter(content_hash=content_hash, kind=kind, options=options, version=version)
        .first()
    )
    if row is None:
        return None
    try:
        document = documents.read(row.key) if row.key else None
    except BlobMissing:
        return None
    return PreviewView(row.pk, row.kind, row.options, document, view_of(row.job) if row.job else None)
