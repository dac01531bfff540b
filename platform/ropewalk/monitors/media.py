"""Where measured images, sounds and texts lie in the object store, all below the project's own profiles."""

import hashlib
from collections.abc import Iterable

MARK = 8  # bytes


def mark(content: str) -> bytes:
    """A short name of a content hash (``algorithm:hash``)."""
    return hashlib.sha256(content.encode()).digest()[:MARK]


def marks(contents: Iterable[str]) -> bytes:
    """The marks of several, ascending."""
    return b"".join(sorted(map(mark, contents)))


def batch_key(project_id: int, kind: str, version: int, name: str) -> str:
    """A Parquet file of measurements, named by its content."""
    return f"p/{project_id}/profiles/media/v{version}/{kind}/{name}"


def pack_key(project_id: int, name: str) -> str:
    """Thumbnails one after the other, named by their content."""
    return f"p/{project_id}/profiles/packs/{name}"


def gallery_key(project_id: int, profile_id: int) -> str:
    """What the gallery of a version shows, see :mod:`ropewalk.monitors.galleries`."""
    return f"p/{project_id}/profiles/galleries/{profile_id}"
