"""Forms that a browser posts (multipart/form-data), read as a stream: the fields first, then the file, never held whole."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TypeAlias, cast

from django.conf import settings
from django.http import HttpRequest
from multipart import MultipartError, MultipartSegment, PushMultipartParser, parse_options_header

from ropewalk.core import streams
from ropewalk.edges.s3_http.faults import S3Error

MAX_FIELDS = 100
MAX_FIELDS_BYTES = 20_000  # of all fields together, as Amazon has it; as many again may stand behind the file
_MAX_BOUNDARY = 200
# A part begins, a piece of its content, its end.
_Event: TypeAlias = MultipartSegment | bytearray | None


@dataclass(frozen=True)
class Form:
    """``fields`` by their names in lower case; ``blocks`` raise where the form ends before its file does.

    ``length`` is that of the file and of what follows it; None when the request does not tell.
    """

    fields: dict[str, str]
    filename: str
    blocks: Iterator[bytes]
    length: int | None


def is_form(request: HttpRequest) -> bool:
    """Whether a request brings an object in a form, with its signature in the form's fields."""
    kind = str(request.META.get("CONTENT_TYPE", "")).lower()
    return (
        request.method == "POST"
        and not request.META.get("QUERY_STRING")
        and kind.startswith("multipart/form-data")
    )


def read_form(request: HttpRequest) -> Form:
    """The fields before the file, and the file as a stream. Raises :class:`S3Error`, and what the body's stream raises."""
    boundary = parse_options_header(request.META["CONTENT_TYPE"])[1].get("boundary", "")
    if not 0 < len(boundary) <= _MAX_BOUNDARY:
        raise _malformed()
    most = settings.ROPEWALK_MAX_OBJECT_BYTES + 4 * MAX_FIELDS_BYTES
    events = _events(streams.body(request, limit=most), PushMultipartParser(boundary))
    return _read(events, streams.content_length(request))


def remember(request: HttpRequest, form: Form) -> None:
    """The form's signature holds: keep it for the view."""
    request._ropewalk_form = form  # type: ignore[attr-defined]  # memo on the request


def form_of(request: HttpRequest) -> Form | None:
    """The signed form that a request brings; None when it brings none."""
    return cast("Form | None", getattr(request, "_ropewalk_form", None))


def _events(blocks: Iterable[bytes], parser: PushMultipartParser) -> Iterator[_Event]:
    idle = 0
    try:
        for block in blocks:
            idle += len(block)
            for event in parser.parse(block):
                idle = 0
                yield event
            if (
                idle > MAX_FIELDS_BYTES
            ):  # before the first part, or behind the last: a file's bytes are handed on
                raise _malformed()
        parser.close()
    except MultipartError:
        raise _malformed() from None


def _read(events: Iterator[_Event], declared: int | None) -> Form:
    fields: dict[str, str] = {}
    name, value, size = "", bytearray(), 0
    for event in events:
        if isinstance(event, MultipartSegment):
            name = event.name.lower()
            if name == "file":
                left = None if declared is None else max(0, declared - size)
                return Form(fields, event.filename or "", _content(events), left)
            if event.filename is not None or not name or name in fields or len(fields) >= MAX_FIELDS:
                raise _malformed()
        elif event is None:
            fields[name] = _text(value)
            value.clear()
        else:
            value += event
            size += len(event)
            if size > MAX_FIELDS_BYTES:
                raise S3Error(
                    400,
                    "MaxPostPreDataLengthExceeded",
                    f"The fields before the file have more than {MAX_FIELDS_BYTES} bytes.",
                    hint="The file comes last, in a field of the name file.",
                )
    raise S3Error(400, "InvalidArgument", "POST requires exactly one file upload per request.")


def _content(events: Iterator[_Event]) -> Iterator[bytes]:
    """The file's bytes. What follows it is read to the form's end, since browsers send the pressed button there, and ignored."""
    for event in events:
        if not isinstance(event, bytearray):
            break
        yield bytes(event)
    behind = 0
    for event in events:
        behind += len(event) if isinstance(event, bytearray) else 0
        if behind > MAX_FIELDS_BYTES:
            raise _malformed()


def _text(value: bytearray) -> str:
    try:
        return value.decode()
    except UnicodeDecodeError:
        raise _malformed() from None


def _malformed() -> S3Error:
    return S3Error(400, "MalformedPOSTRequest", "The body is not well-formed multipart/form-data.")
