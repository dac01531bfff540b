"""What an S3 server sends, read without trust: bounded, without entities, in our words."""

import re
from collections.abc import Iterable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from urllib.parse import unquote_plus
from xml.etree.ElementTree import Element, ParseError

from defusedxml import ElementTree
from defusedxml.common import DefusedXmlException

from ropewalk.outside.errors import StrangeAnswer
from ropewalk.outside.types import Listing, RemoteFile

MAX_LISTING_BYTES = 8 << 20  # a thousand keys of 1,024 bytes, encoded, and the words around them
MAX_TOKEN = 4096
MAX_SIZE = 1 << 50
_MAX_NAME = 4096  # of a key in characters; S3's own limit is 1,024 bytes
_ETAG = re.compile(r"[!-~]{1,200}")


def joined(blocks: Iterable[bytes], limit: int) -> bytes:
    """All of a document. Raises :class:`StrangeAnswer` for one that is longer."""
    found = bytearray()
    for block in blocks:
        found += block
        if len(found) > limit:
            raise StrangeAnswer("the list is far longer than was asked for")
    return bytes(found)


def read_listing(body: bytes, *, prefix: str, below: str, limit: int) -> Listing:
    """A page of ``ListObjectsV2`` asked for the folder ``below`` in ``prefix``. Raises :class:`StrangeAnswer`."""
    try:
        root: Element = ElementTree.fromstring(body, forbid_dtd=True)
    except (ParseError, DefusedXmlException, ValueError, LookupError):
        raise StrangeAnswer("what came is no list of files") from None
    if _name(root) != "ListBucketResult":
        raise StrangeAnswer("what came is no list of files")
    encoded = _text(root, "EncodingType") == "url"
    folders, files = [], []
    for row in root:
        if _name(row) == "CommonPrefixes":
            folders.append(_key(_text(row, "Prefix"), encoded, prefix, below))
        elif _name(row) == "Contents":
            files.append(_file(row, encoded, prefix, below))
    if len(folders) + len(files) > limit:
        raise StrangeAnswer("the list is longer than was asked for")
    token = _text(root, "NextContinuationToken") if _text(root, "IsTruncated") == "true" else ""
    if len(token) > MAX_TOKEN:
        raise StrangeAnswer("the name of the next page is too long")
    # A folder's own object, as consoles make it, says nothing; a server's empty name would lead back to the same page.
    return Listing(
        tuple(one for one in folders if one not in {"", below}),
        tuple(one for one in files if one.key not in {"", below}),
        token,
    )


def _file(row: Element, encoded: bool, prefix: str, below: str) -> RemoteFile:
    return RemoteFile(
        key=_key(_text(row, "Key"), encoded, prefix, below),
        size=read_size(_text(row, "Size")),
        etag=read_etag(_text(row, "ETag")),
        modified=_iso(_text(row, "LastModified")),
    )


def _key(text: str, encoded: bool, prefix: str, below: str) -> str:
    """A key below the prefix; those of other folders than the one asked for are not believed."""
    whole = unquote_plus(text, errors="replace") if encoded else text
    if len(whole) > _MAX_NAME or not whole.startswith(prefix + below):
        raise StrangeAnswer("it lists other files than those asked for")
    return whole.removeprefix(prefix)


def read_size(text: str) -> int:
    """A size in bytes. Raises :class:`StrangeAnswer` for what is none."""
    if not (text.isascii() and text.isdigit() and len(text) < 20) or int(text) > MAX_SIZE:
        raise StrangeAnswer("a size can't be read")
    return int(text)


def read_etag(text: str) -> str:
    """The server's name for a content, without quotes; empty when there is none to be read."""
    plain = text.strip().removeprefix("W/").strip('"')
    return plain if _ETAG.fullmatch(plain) else ""


def _iso(text: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return _plain(found)


def read_date(text: str) -> datetime | None:
    """A header's date; None for what is none."""
    try:
        return _plain(parsedate_to_datetime(text))
    except (TypeError, ValueError, IndexError, OverflowError):
        return None


def _plain(found: datetime) -> datetime | None:
    """In UTC and whole seconds, which is what headers tell."""
    try:
        return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC).replace(microsecond=0)
    except (OverflowError, ValueError):
        return None


def _name(row: Element) -> str:
    return row.tag.rpartition("}")[2] if isinstance(row.tag, str) else ""


def _text(row: Element, name: str) -> str:
    return next((child.text or "" for child in row if _name(child) == name), "")
