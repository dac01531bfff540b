"""Documents that clients send: read without entities, within bounds."""

from xml.etree.ElementTree import Element, ParseError

from defusedxml import ElementTree
from defusedxml.common import DefusedXmlException
from django.http import HttpRequest

from ropewalk.buckets.types import MAX_PARTS
from ropewalk.edges.s3_http.faults import S3Error
from ropewalk.edges.s3_http.uploads import read_upload

MAX_BYTES = 2 << 20
MAX_DELETED = 1000


def read_parts(request: HttpRequest) -> list[tuple[int, str]]:
    """Number and ETag of the parts that an upload is to be made of. Raises :class:`S3Error`."""
    rows = [row for row in _read(request) if _name(row) == "Part"]
    if len(rows) > MAX_PARTS:
        raise _malformed()
    found = []
    for row in rows:
        number = _text(row, "PartNumber")
        if not (number.isascii() and number.isdigit() and len(number) < 6):
            raise _malformed()
        found.append((int(number), _text(row, "ETag")))
    return found


def read_keys(request: HttpRequest) -> tuple[list[str], bool]:
    """The keys to delete, and whether only failures are to be told. Raises :class:`S3Error`."""
    root = _read(request)
    keys = [_text(row, "Key") for row in root if _name(row) == "Object"]
    if not 0 < len(keys) <= MAX_DELETED:
        raise _malformed()
    return keys, _text(root, "Quiet").lower() == "true"


def _read(request: HttpRequest) -> Element:
    text = b"".join(read_upload(request, limit=MAX_BYTES).blocks)
    try:
        root: Element = ElementTree.fromstring(text, forbid_dtd=True)
    except (ParseError, DefusedXmlException, ValueError, LookupError):
        raise _malformed() from None
    return root


def _name(row: Element) -> str:
    return row.tag.rpartition("}")[2] if isinstance(row.tag, str) else ""


def _text(row: Element, name: str) -> str:
    return next((child.text or "" for child in row if _name(child) == name), "")


def _malformed() -> S3Error:
    return S3Error(400, "MalformedXML", "The XML of the request can't be read, or names too much.")
