"""Frozen values that releases hand outward."""

import uuid
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class ReleaseFileView:
    """A file of a release; ``size`` in bytes, ``downloads`` counts whole reads."""

    id: int
    release_id: int
    name: str
    key: uuid.UUID
    size: int
    sha256: str
    downloads: int
    created_at: datetime


@dataclass(frozen=True)
class ReleaseView:
    """A release. ``latest`` is true for the one of its project that people should take.

    ``sha`` is the commit that its tag named at publishing; the tag may have been moved or deleted since. ``author`` is empty
    when the account is gone.
    """

    id: int
    project_id: int
    tag: str
    target: str
    sha: str
    title: str
    notes: str
    draft: bool
    prerelease: bool
    latest: bool
    author: str
    author_id: int | None
    created_at: datetime
    updated_at: datetime
    published_at: datetime | None
    files: tuple[ReleaseFileView, ...] = ()


@dataclass(frozen=True)
class ReleaseText:
    """What somebody writes about a release."""

    tag: str
    title: str
    notes: str = ""
    target: str = ""
    prerelease: bool = False
    latest: bool = False


def blob_key(project_id: int, key: uuid.UUID) -> str:
    """Where the bytes of a file lie."""
    return f"{blob_folder(project_id)}{key.hex}"


def blob_folder(project_id: int) -> str:
    """Where all bytes of a project's releases lie."""
    return f"p/{project_id}/releases/"
