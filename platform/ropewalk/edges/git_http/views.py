"""Smart HTTP for unmodified git clients: protocol versions 0 to 2. See gitprotocol-http(5)."""

import threading

from django.conf import settings
from django.http import (
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    HttpResponseRedirect,
    JsonResponse,
    StreamingHttpResponse,
)

from ropewalk.access.roles import Permission
from ropewalk.access.routes import plain_error
from ropewalk.access.selectors import resolve_project
from ropewalk.access.types import ProjectAccess
from ropewalk.core.errors import Busy, Denied, Invalid, NotFound, RopewalkError, TooLarge
from ropewalk.edges.git_http import bodies, indexing
from ropewalk.edges.git_http.fetching import FetchAnswer
from ropewalk.edges.git_http.pktline import PushHead, read_head, refusal
from ropewalk.edges.git_http.pushing import PushSession
from ropewalk.repos import refs, transport
from ropewalk.repos import services as repos
from ropewalk.repos.transport import RECEIVE_PACK, SERVICES, UPLOAD_PACK, ReceivePack

_PUSH_SLOTS = threading.BoundedSemaphore(8)
_PUSH_PATIENCE = 20.0


def _uncached(response: HttpResponseBase) -> HttpResponseBase:
    response.headers["Cache-Control"] = "no-cache, max-age=0, must-revalidate"
    response.headers["Expires"] = "Fri, 01 Jan 1980 00:00:00 GMT"
    response.headers["Pragma"] = "no-cache"
    return response


def text_error(request: HttpRequest, error: RopewalkError) -> HttpResponseBase:
    """Errors as plain text: git shows it after ``remote:``."""
    return _uncached(plain_error(request, error))


def _for_writing(access: ProjectAccess) -> ProjectAccess:
    """Through the gate again, with what a push needs; also late in a long push, when things may have changed."""
    return resolve_project(access.actor, access.project.owner, access.project.slug, Permission.CODE_WRITE)


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
        access = _for_writing(access)
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
        access = _for_writing(access)
    _require_rpc(request, RECEIVE_PACK)
    limit = settings.ROPEWALK_MAX_PUSH_BYTES
    blocks = bodies.blocks(request, limit=limit + (8 << 20))  # the list of refs comes on top
    head, rest = read_head(blocks)
    if not head.commands:  # git probes with an empty request whether its credentials are right
        return _result(b"")
    faults = [(command, fault) for command in head.commands if (fault := refs.fault_in(command.name))]
    if faults:
        command, fault = faults[0]
        message = (
            f"Ropewalk: “{command.ref[:200]}” can't be pushed: {fault}.\n          Rename it and push again."
        )
        return _refused(request, head, "bad ref name", message)
    session = _start(access, head, limit)
    try:
        return _feed(request, access, head, session, rest, blocks)
    except BaseException:
        session.close()
        raise


def _start(access: ProjectAccess, head: PushHead, limit: int) -> PushSession:
    project = access.project
    repos.ensure_repository(project_id=project.id, default_branch=project.default_branch)
    if not _PUSH_SLOTS.acquire(timeout=_PUSH_PATIENCE):
        raise Busy("Too many pushes run at once.", hint="Try again in a minute.")
    try:
        receive = ReceivePack(
            project.id,
            pusher_id=access.actor.user_id or 0,
            pusher=access.actor.username,
            default_branch=project.default_branch,
            may_force=access.may(Permission.CODE_FORCE),
            settings_url=f"{project.url}/settings",
            max_bytes=limit,
        )
    except BaseException:
        _PUSH_SLOTS.release()
        raise
    return PushSession(head, receive, lambda changes: indexing.record(access, changes), _PUSH_SLOTS.release)


def _feed(
    request: HttpRequest,
    access: ProjectAccess,
    head: PushHead,
    session: PushSession,
    rest: bytes,
    blocks: object,
) -> HttpResponseBase:
    taking = session.feed(head.raw) and (not rest or session.feed(rest))
    try:
        for block in blocks:  # type: ignore[attr-defined]
            taking = taking and session.feed(block)  # once git stopped reading, the rest is only read away
    except TooLarge:
        session.close()
        most = settings.ROPEWALK_MAX_PUSH_BYTES >> 20
        message = (
            f"Ropewalk: this push is larger than {most} MiB, the limit for one push.\n"
            "          Push in parts, and keep large data in DVC (dvc add, dvc push) instead of git."
        )
        return _refused(request, head, "push too large", message)
    try:
        _for_writing(access)
    except RopewalkError as error:
        session.finish_input(error.message)
    else:
        session.finish_input("ok")
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
