"""A project's DVC remote over HTTP: objects by their hash, immutable, verified, streamed both ways."""

from django.conf import settings
from django.http import (
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    HttpResponseRedirect,
    StreamingHttpResponse,
)

from ropewalk.access.types import ProjectAccess
from ropewalk.core import streams
from ropewalk.core.blobs import BLOCK
from ropewalk.core.errors import NotFound
from ropewalk.core.ranges import Unsatisfiable, names_etag, parse_range
from ropewalk.data import selectors, services
from ropewalk.data.oids import ObjectAddress, parse_path
from ropewalk.data.types import ObjectState

_NOT_AN_OBJECT = NotFound(
    "This is not the address of a DVC object.", hint="Objects are at files/md5/<2 digits>/<30 digits>."
)
_METHODS = "GET, HEAD, PUT, POST"


def read_object(request: HttpRequest, access: ProjectAccess, path: str = "") -> HttpResponseBase:
    """GET and HEAD. DVC takes any status below 400 for "exists"."""
    if not path:
        return _root(request, access)
    if request.method not in {"GET", "HEAD"}:
        return HttpResponse(
            "A DVC remote only takes GET, HEAD, PUT and POST.\n",
            status=405,
            content_type="text/plain; charset=utf-8",
            headers={"Allow": _METHODS},
        )
    address = parse_path(path)
    if address is None:
        raise _NOT_AN_OBJECT
    state = selectors.object_state(access.project.id, address)
    if state is None:
        return _absent(request, access, address)
    return _object(request, state)


def _absent(request: HttpRequest, access: ProjectAccess, address: ObjectAddress) -> HttpResponse:
    """DVC asks for each object before it sends it, so this is its commonest answer and nothing to warn of."""
    text = f"Object {address.name} was not pushed to {access.project.full_name}.\n"
    text = "" if request.method == "HEAD" else text  # gunicorn warns of a body there
    response = HttpResponse(text, status=404, content_type="text/plain; charset=utf-8")
    response._has_been_logged = True  # type: ignore[attr-defined]  # Django logs each 404 as a warning otherwise
    return response


def write_object(request: HttpRequest, access: ProjectAccess, path: str = "") -> HttpResponse:
    """PUT and POST mean the same; the body is the object, with a length or in chunks."""
    address = parse_path(path)
    if address is None:
        raise _NOT_AN_OBJECT
    blocks = streams.body(request, limit=settings.ROPEWALK_MAX_OBJECT_BYTES)
    done = services.receive_object(
        project_id=access.project.id,
        address=address,
        blocks=blocks,
        user_id=access.actor.user_id,
        announced=streams.content_length(request),
    )
    return HttpResponse(status=201 if done.created else 200, headers={"ETag": _etag(address)})


def _root(request: HttpRequest, access: ProjectAccess) -> HttpResponse:
    """Somebody looks at the remote's address: a browser is sent to the project, everybody else reads how to use it."""
    project = access.project
    if "text/html" in request.headers.get("Accept", ""):
        return HttpResponseRedirect(project.path)
    text = (
        f"The DVC remote of {project.full_name}.\n\n"
        f"  dvc remote add -f -d ropewalk {project.dvc_url}\n"
        "  dvc remote modify ropewalk auth basic\n"
        "  dvc remote modify --local ropewalk user YOUR_NAME\n"
        "  dvc remote modify --local ropewalk password YOUR_TOKEN\n"
    )
    return HttpResponse(text, content_type="text/plain; charset=utf-8")


def _etag(address: ObjectAddress) -> str:
    return f'"{address.name}"'


def _object(request: HttpRequest, state: ObjectState) -> HttpResponseBase:
    etag = _etag(state.address)
    headers = {
        "ETag": etag,
        "Cache-Control": "private, max-age=31536000, immutable",
        "Accept-Ranges": "bytes",
        "Content-Disposition": "attachment",  # a browser must never run what somebody pushed
        "Vary": "Authorization, Cookie",
    }
    if names_etag(request.headers.get("If-None-Match", ""), etag):
        return HttpResponse(status=304, headers=headers)
    start, end, status = 0, state.size, 200
    wanted = request.headers.get("Range", "")
    if wanted and request.headers.get("If-Range", etag) == etag:
        try:
            span = parse_range(wanted, state.size)
        except Unsatisfiable:
            return HttpResponse(status=416, headers={**headers, "Content-Range": f"bytes */{state.size}"})
        if span is not None:
            (start, end), status = span, 206
            headers["Content-Range"] = f"bytes {start}-{end - 1}/{state.size}"
    headers["Content-Length"] = str(end - start)
    return _bytes(request, state, (start, end), status, headers)


def _bytes(
    request: HttpRequest,
    state: ObjectState,
    span: tuple[int, int],
    status: int,
    headers: dict[str, str],
) -> HttpResponseBase:
    kind = "application/octet-stream"
    if request.method == "HEAD":
        return HttpResponse(status=status, headers=headers, content_type=kind)
    blocks = selectors.open_bytes(state, *span)
    if span[1] - span[0] <= BLOCK:  # most objects: one piece, no generator through every middleware
        return HttpResponse(b"".join(blocks), status=status, headers=headers, content_type=kind)
    return StreamingHttpResponse(blocks, status=status, headers=headers, content_type=kind)
