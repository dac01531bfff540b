"""Answers as XML."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from urllib.parse import quote
from xml.sax.saxutils import escape

from django.http import HttpRequest, HttpResponse

from ropewalk.edges.s3_http.faults import CONTENT_TYPE, XML, S3Error
from ropewalk.edges.s3_http.pages import MAX_KEYS, Fetch, Page, read_page, read_token, token_of

_NAMESPACE = 'xmlns="http://s3.amazonaws.com/doc/2006-03-01/"'
_MAX_FIELD = 1100


def document(name: str, body: str, *, headers: Mapping[str, str] | None = None) -> HttpResponse:
    """A whole answer with its root element."""
    text = f"{XML}<{name} {_NAMESPACE}>{body}</{name}>"
    return HttpResponse(text, content_type=CONTENT_TYPE, headers=dict(headers or {}))


def element(name: str, value: object) -> str:
    """One element with text in it."""
    return f"<{name}>{escape(str(value))}</{name}>"


def moment(when: datetime) -> str:
    """A time as S3 writes it."""
    return when.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{when.microsecond // 1000:03d}Z"


def buckets(names: Iterable[tuple[str, datetime]]) -> HttpResponse:
    """ListBuckets."""
    rows = "".join(
        f"<Bucket>{element('Name', name)}{element('CreationDate', moment(created))}</Bucket>"
        for name, created in names
    )
    return document("ListAllMyBucketsResult", f"<Owner><ID>ropewalk</ID></Owner><Buckets>{rows}</Buckets>")


def listing(request: HttpRequest, bucket: str, fetch: Fetch) -> HttpResponse:
    """ListObjects in either version, as the request asks. Raises :class:`S3Error`."""
    asked = {name: request.GET.get(name, "") for name in ("prefix", "delimiter", "marker", "start-after")}
    second = request.GET.get("list-type") == "2"
    token = request.GET.get("continuation-token", "")
    if any(len(value.encode()) > _MAX_FIELD for value in asked.values()) or "\0" in "".join(asked.values()):
        raise S3Error(
            400, "InvalidArgument", "A prefix, delimiter or marker has at most 1100 bytes, none of them zero."
        )
    after = (read_token(token) if token else asked["start-after"]) if second else asked["marker"]
    most = count(request, "max-keys")
    page = read_page(fetch, prefix=asked["prefix"], delimiter=asked["delimiter"], after=after, most=most)
    encoded = request.GET.get("encoding-type") == "url"
    write = Writer(encoded)
    head = element("Name", bucket) + write("Prefix", asked["prefix"]) + element("MaxKeys", most)
    head += write("Delimiter", asked["delimiter"]) if asked["delimiter"] else ""
    head += "<EncodingType>url</EncodingType>" if encoded else ""
    head += element("IsTruncated", str(page.truncated).lower())
    head += _place(page, asked, token, write) if second else _marker(page, asked, write)
    return document("ListBucketResult", head + _rows(page, write))


class Writer:
    """Elements with keys in them, encoded where the client asked for it: XML can't carry every key."""

    def __init__(self, encoded: bool) -> None:
        self._encoded = encoded

    def __call__(self, name: str, value: str) -> str:
        """One element."""
        return element(name, quote(value, safe="/-_.~*") if self._encoded else value)


def _place(page: Page, asked: Mapping[str, str], token: str, write: Writer) -> str:
    text = element("KeyCount", len(page.objects) + len(page.prefixes))
    text += element("ContinuationToken", token) if token else ""
    text += write("StartAfter", asked["start-after"]) if asked["start-after"] else ""
    return text + (element("NextContinuationToken", token_of(page.last)) if page.truncated else "")


def _marker(page: Page, asked: Mapping[str, str], write: Writer) -> str:
    return write("Marker", asked["marker"]) + (write("NextMarker", page.last) if page.truncated else "")


def _rows(page: Page, write: Writer) -> str:
    rows = [
        f"<Contents>{write('Key', item.key)}{element('LastModified', moment(item.modified))}"
        f"<ETag>&quot;{item.etag}&quot;</ETag><Size>{item.size}</Size><StorageClass>STANDARD</StorageClass></Contents>"
        for item in page.objects
    ]
    rows += [f"<CommonPrefixes>{write('Prefix', prefix)}</CommonPrefixes>" for prefix in page.prefixes]
    return "".join(rows)


def count(request: HttpRequest, name: str) -> int:
    """How many rows a client wants, a thousand by default and at most. Raises :class:`S3Error`."""
    return min(number(request, name, MAX_KEYS), MAX_KEYS)


def number(request: HttpRequest, name: str, default: int = 0) -> int:
    """A number of a request. Raises :class:`S3Error`."""
    text = request.GET.get(name, "")
    if not text:
        return default
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise S3Error(400, "InvalidArgument", f"{name} is a number.")
    return int(text)
