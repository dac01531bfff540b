"""Frozen values that buckets hand outward. Keys, types and metadata come from clients: text, never safe HTML."""

import re
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from ropewalk.core.errors import Invalid

MAX_KEY_BYTES = 1024
MAX_METADATA_BYTES = 2048
MAX_PARTS = 10_000
MIN_PART_BYTES = 5 << 20  # of each part but the last
_UNWRITABLE = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff\ufffe\uffff]")


@dataclass(frozen=True)
class ObjectView:
    """An object of a bucket; ``etag`` without quotes. ``damaged``: its bytes were found lost or changed, nobody gets them."""

    project_id: int
    key: str
    blob: UUID
    size: int
    etag: str
    sha256: str
    content_type: str
    metadata: dict[str, str]
    modified_at: datetime
    damaged: bool = False


@dataclass(frozen=True)
class HeldObject:
    """What reading an object again needs: its row, the key of its bytes in the store, and what they must be."""

    row_id: int
    project_id: int
    key: str
    size: int
    sha256: str


@dataclass(frozen=True)
class FolderPage:
    """What lies below a prefix: folders by their whole prefix, with its slash, and objects. ``next``: where it goes on."""

    folders: tuple[str, ...]
    objects: tuple[ObjectView, ...]
    next: str


@dataclass(frozen=True)
class UploadView:
    """An upload in parts. ``etag`` is empty until it is complete."""

    id: int
    project_id: int
    bucket: str
    key: str
    token: UUID
    content_type: str
    metadata: dict[str, str]
    etag: str
    created_at: datetime


@dataclass(frozen=True)
class PartView:
    """One stored part."""

    number: int
    blob: UUID
    size: int
    etag: str
    created_at: datetime


def blob_folder(project_id: int) -> str:
    """Below it lie the bytes of a project's buckets, of whole objects and of parts."""
    return f"p/{project_id}/bucket/"


def blob_key(project_id: int, blob: UUID) -> str:
    """Where the bytes of an object or part lie."""
    return f"{blob_folder(project_id)}{blob.hex[:2]}/{blob.hex}"


def checked_key(key: str) -> str:
    """``key`` itself. Raises :class:`Invalid` for one that no answer could carry: too long, or with signs XML has not."""
    if not key or len(key.encode("utf-8", "replace")) > MAX_KEY_BYTES or _UNWRITABLE.search(key):
        raise Invalid(
            f"A key has 1 to {MAX_KEY_BYTES} bytes of UTF-8 and no control characters.", code="bad_key"
        )
    return key


def is_text(*parts: str) -> bool:
    """Whether the database can be asked for these texts at all: it holds, and compares with, none that has a zero byte."""
    return not any("\0" in part for part in parts)


def require_text(*parts: str) -> None:
    """Raise :class:`Invalid` unless :func:`is_text`."""
    if not is_text(*parts):
        raise Invalid("A prefix or marker has no zero bytes.", code="bad_key")
