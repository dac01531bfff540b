"""Frozen values of connected buckets. Keys and hashes come from other servers: text, never safe HTML."""

import hashlib
from dataclasses import dataclass, field
from datetime import datetime

PURPOSE = "outside.bucket"  # what a sealed access key is for
MAX_BUCKETS = 20  # of one project
MAX_KEY_BYTES = 1024
MAX_MEASURED = 50  # contents of one file


@dataclass(frozen=True)
class Place:
    """Where a bucket lies: ``base`` is scheme and host, ``root`` the bucket's encoded path, ``prefix`` what is reached in it."""

    base: str
    root: str
    region: str
    bucket: str
    prefix: str = ""


@dataclass(frozen=True)
class AccessKey:
    """The two parts of a key. Neither is in its ``repr``."""

    key_id: str = field(repr=False)
    secret: str = field(repr=False)


@dataclass(frozen=True)
class ConnectedView:
    """A connected bucket without its secret."""

    id: int
    project_id: int
    name: str
    endpoint: str
    region: str
    bucket: str
    prefix: str
    signed_in: bool
    created_by: str
    created_at: datetime

    @property
    def address(self) -> str:
        """As S3's clients write it."""
        return f"s3://{self.bucket}/{self.prefix}"


@dataclass(frozen=True)
class RemoteFile:
    """An object as its server tells of it; ``key`` is below the connected prefix, ``etag`` has no quotes."""

    key: str
    size: int
    etag: str
    modified: datetime | None

    @property
    def mark(self) -> str:
        """A name for this content, for conditions of HTTP; 32 signs."""
        when = self.modified.isoformat() if self.modified else ""
        text = f"{self.etag}\0{self.size}\0{when}"
        return hashlib.sha256(text.encode()).hexdigest()[:32]

    def pin(self, bucket: ConnectedView) -> str:
        """One name for this content of this place: another one means that something changed. 67 signs."""
        when = self.modified.isoformat() if self.modified else ""
        parts = (
            bucket.endpoint,
            bucket.region if not bucket.endpoint else "",
            bucket.bucket,
            bucket.prefix + self.key,
            self.etag,
            str(self.size),
            when,
        )
        return "s3-" + hashlib.sha256("\0".join(parts).encode("utf-8", "replace")).hexdigest()


@dataclass(frozen=True)
class MeasuredView:
    """A content of a file that somebody wanted measured, and when it was first seen so."""

    id: int
    bucket_id: int
    file: RemoteFile
    pin: str
    seen_at: datetime


@dataclass(frozen=True)
class Listing:
    """A page of a folder: folders by their whole name with its slash, files, and the token of the next page (empty: the last)."""

    folders: tuple[str, ...]
    files: tuple[RemoteFile, ...]
    next: str
