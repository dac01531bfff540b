"""Answering with the bytes of something immutable: conditions, ranges, HEAD, streamed."""

from collections.abc import Callable, Iterator, Mapping

from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse

from ropewalk.core.ranges import Unsatisfiable, names_etag, parse_range

Opener = Callable[[int, int | None], Iterator[bytes]]


def bytes_answer(
    request: HttpRequest, headers: Mapping[str, str], size: int | None, opened: Opener
) -> HttpResponseBase:
    """The bytes, or the asked-for range of them. ``headers`` name the content by ``ETag``; ``size`` None: nobody knows it.

    ``opened(start, end)`` gives blocks (``end`` exclusive, None for all) and is asked only when bytes are sent.
    """
    etag = headers["ETag"]
    if names_etag(request.headers.get("If-None-Match", ""), etag):
        kept = {name: headers[name] for name in ("ETag", "Cache-Control", "Vary") if name in headers}
        return HttpResponse(status=304, headers=kept)
    asked = request.headers.get("Range", "") if request.headers.get("If-Range", etag) == etag else ""
    try:
        part = parse_range(asked, size) if asked and size is not None else None
    except Unsatisfiable:
        return HttpResponse(status=416, headers={"Content-Range": f"bytes */{size}"})
    start, end = part or (0, size)
    sent = {**headers, "Accept-Ranges": "bytes"}
    if end is not None:
        sent["Content-Length"] = str(end - start)
    if part:
        sent["Content-Range"] = f"bytes {start}-{part[1] - 1}/{size}"
    status = 206 if part else 200
    if request.method == "HEAD":
        return HttpResponse(status=status, headers=sent)
    return StreamingHttpResponse(opened(start, part[1] if part else None), status=status, headers=sent)
