"""Smart HTTP for unmodified git clients: protocol versions 0 to 2. See gitprotocol-http(5)."""

from collections.abc import Iterable
from itertools import chain

from django.conf import settings
from django.http import (
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    HttpResponseRedirect,
    JsonResponse,
    StreamingHttpResponse,
)

from ropewalk.access.routes import plain_error
from ropewalk.access.types import ProjectAccess
from ropewalk.core.errors import Denied, Invalid, NotFound, RopewalkError, TooLarge
from ropewalk.data.services import pushes
from ropewalk.edges.git_http import bodies
from ropewalk.edges.git_http.fetching import FetchAnswer
from ropewalk.repos import services as repos
from ropewalk.repos import transport
from ropewalk.repos.pktline import PushHead, read_head, refusal
from ropewalk.repos.pushing import PushSession
from ropewalk.repos.transport import RECEIVE_PACK, SERVICES, UPLOAD_PACK

_UNKNOWN_BYTES = 64 << 20


def _uncached(response: HttpResponseBase) -> HttpResponseBase:
    response.headers["Cache-Control"] = "no-cache, max-age=0, must-revalidate"
    response.headers["Expires"] = "Fri, 01 Jan 1980 00:00:00 GMT"
    response.headers["Pragma"] = "no-cache"
    return response


def text_error(request: HttpRequest, error: RopewalkError) -> HttpResponseBase:
    """Errors as plain text: git shows it after ``remote:``."""
    if error.status == 503 and request.method == "POST":  # nobody knows yet who it is, so not much
        bodies.drain(request, _UNKNOWN_BYTES)
    return _uncached(plain_error(request, error))


def info_refs(request: HttpRequest, access: ProjectAccess) -> HttpResponseBase:
    """What git asks first: which refs there are."""
    service = request.GET.get("service", "")
    if service not in SERVICES:
        raise Denied(
            "This server speaks git's smart protocol only.",
            hint="Use a git client of version 1.6.6 or later.",
            code="dumb_http",
        )
    if service == RECEIVE_PACK:
        access = pushes.for_writing(access)
    repos.ensure_repository(project_id=access.project.id, default_branch=access.project.default_branch)
    found = transport.advertise(access.project.id, service, request.headers.get("Git-Protocol", ""))
    return _uncached(StreamingHttpResponse(found, content_type=f"application/x-{service}-advertisement"))


def _require_rpc(request: HttpRequest, service: str) -> None:
    if request.method != "POST":
        raise Invalid(
            f"{service} is called with POST by git clients.",
            hint="Clone this address with git.",
            code="bad_method",
        )
    if request.headers.get("Content-Type", "") != f"application/x-{service}-request":
        raise Invalid(f"Content-Type must be application/x-{service}-request.", code="bad_content_type")


def upload_pack(request: HttpRequest, access: ProjectAccess) -> HttpResponseBase:
    """A fetch or clone."""
    _require_rpc(request, UPLOAD_PACK)
    repos.ensure_repository(project_id=access.project.id, default_branch=access.project.default_branch)
    asked = bodies.as_file(request, limit=bodies.MAX_FETCH_BYTES)
    answer = FetchAnswer(request, access.project.id, asked)
    return _uncached(StreamingHttpResponse(answer, content_type="application/x-git-upload-pack-result"))


def receive_pack(request: HttpRequest, access: ProjectAccess) -> HttpResponseBase:
    """A push. Refusals speak git's protocol, so that their reason reaches the pusher's terminal."""
    if request.method == "POST":  # the right to push comes before the shape of the request
        access = pushes.for_writing(access)
    _require_rpc(request, RECEIVE_PACK)
    limit = settings.ROPEWALK_MAX_PUSH_BYTES
    blocks = bodies.blocks(request, limit=limit + (8 << 20))  # the list of refs comes on top
    head, rest = read_head(blocks)
    if not head.commands:  # git probes with an empty request whether its credentials are right
        return _result(b"")
    if message := pushes.fault_in_names(head):
        return _refused(request, head, "bad ref name", message)
    if message := pushes.out_of_room(access, head):
        return _refused(request, head, "over quota", message)
    session = pushes.start_push(access, head)
    try:
        return _feed(request, access, head, session, rest, blocks)
    except BaseException:
        session.close()
        raise


def _feed(
    request: HttpRequest,
    access: ProjectAccess,
    head: PushHead,
    session: PushSession,
    rest: bytes,
    blocks: Iterable[bytes],
) -> HttpResponseBase:
    taking = session.feed(head.raw)
    try:
        for block in pushes.metered_pack(access, head, chain([rest] if rest else [], blocks)):
            taking = taking and session.feed(block)  # once git stopped reading, the rest is only read away
    except TooLarge as error:
        session.close()
        return _refused(request, head, error.code.replace("_", " "), pushes.too_large(error))
    session.end_input()
    pushes.finish_push(access, session)
    return _uncached(StreamingHttpResponse(session, content_type="application/x-git-receive-pack-result"))


def _refused(request: HttpRequest, head: PushHead, reason: str, message: str) -> HttpResponseBase:
    bodies.drain(request)
    return _result(refusal(head, reason, message))


def _result(data: bytes) -> HttpResponseBase:
    return _uncached(HttpResponse(data, content_type="application/x-git-receive-pack-result"))


def browser(request: HttpRequest, access: ProjectAccess) -> HttpResponseBase:
    """Somebody opened the clone address in a browser: their page is the project's."""
    return HttpResponseRedirect(access.project.path)


def large_files(request: HttpRequest, access: ProjectAccess, rest: str) -> HttpResponseBase:
    """git-lfs asks here; it shows ``message``."""
    message = "Ropewalk keeps large files with DVC, not with Git LFS: use dvc add and dvc push."
    return JsonResponse({"message": message}, status=404, content_type="application/vnd.git-lfs+json")


def dumb(request: HttpRequest, access: ProjectAccess, rest: str) -> HttpResponseBase:
    """Any other file of a repository, as the dumb protocol would read it."""
    raise NotFound(
        "This server speaks git's smart protocol only.",
        hint=f"git clone {access.project.git_url}",
        code="dumb_http",
    )
