"""Declaring routes with the permission that they need. A route that declares nothing keeps the server from starting.

The helpers wrap a view: they authenticate, pass the gate, check CSRF for session-authenticated writes (also on the protocol
edges, which Django's own check skips because it would read the body), and render errors in the edge's dialect.
"""

from collections.abc import Callable
from dataclasses import replace
from functools import wraps
from typing import Any
from urllib.parse import urlsplit

import structlog
from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponsePermanentRedirect, QueryDict
from django.middleware.csrf import CsrfViewMiddleware
from django.urls import URLPattern, URLResolver, re_path
from django.urls import path as django_path
from django.utils.datastructures import MultiValueDict
from django.utils.encoding import escape_uri_path
from django.views.decorators.csrf import csrf_exempt

from ropewalk.access.authentication import actor_of, client_address, replace_actor
from ropewalk.access.roles import Permission
from ropewalk.access.selectors import resolve_project
from ropewalk.access.types import ANONYMOUS, Actor, ProjectAccess
from ropewalk.core import audit, outages
from ropewalk.core.errors import Denied, RopewalkError, Unauthenticated, Unavailable

View = Callable[..., HttpResponseBase]
ErrorRenderer = Callable[[HttpRequest, RopewalkError], HttpResponseBase]
Authenticator = Callable[[HttpRequest], Actor]
NEEDS = "ropewalk_needs"
CHALLENGES = "ropewalk_challenges"
PUBLIC = "public"
SIGNED_IN = "signed in"
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


def plain_error(request: HttpRequest, error: RopewalkError) -> HttpResponse:
    """The simplest dialect: one or two lines of text; a Basic challenge with 401."""
    text = f"{error.message}\n{error.hint}\n" if error.hint else f"{error.message}\n"
    response = HttpResponse(text, status=error.status, content_type="text/plain; charset=utf-8")
    if error.status == 401:
        response.headers["WWW-Authenticate"] = 'Basic realm="Ropewalk"'
    return response


def require_csrf(request: HttpRequest) -> None:
    """Raise :class:`Denied` for a session-authenticated write without a CSRF token in its header.

    The header only: Django would look for the form field first, and reading the form consumes a body that the edge streams.
    """
    if getattr(request, "_dont_enforce_csrf_checks", False):  # Django's test client
        return
    post = getattr(request, "_post", None)
    if post is None:
        request._post, request._files = QueryDict(), MultiValueDict()  # type: ignore[attr-defined]
    check = CsrfViewMiddleware(lambda _request: HttpResponse())
    check.process_request(request)
    refused = check.process_view(request, HttpResponse, (), {}) is not None
    if post is None:
        del request._post, request._files  # type: ignore[attr-defined]
    if refused:
        raise Denied(
            "This request has no valid CSRF token.", hint="Reload the page and try again.", code="csrf"
        )


def refuse_foreign_pages(request: HttpRequest) -> None:
    """Raise :class:`Denied` for a write that another site's page made a browser send.

    Once somebody answered a Basic challenge here, their browser adds those credentials by itself, as it does a cookie.
    Browsers say where a write comes from; git, DVC and MLflow clients say nothing.
    """
    site = request.headers.get("Sec-Fetch-Site", "")
    origin = request.headers.get("Origin", "")
    foreign_origin = (
        origin
        and origin not in settings.CSRF_TRUSTED_ORIGINS
        and urlsplit(origin).netloc != request.get_host()
    )
    if site in {"cross-site", "same-site"} or foreign_origin:
        raise Denied("Another site sent this request.", hint="Send it from a page of this site.", code="csrf")


def _check_origin(request: HttpRequest, actor: Actor) -> None:
    if request.method in SAFE_METHODS:
        return
    if actor.via == "session":
        require_csrf(request)
    elif actor.via == "basic":
        refuse_foreign_pages(request)


def _refused(request: HttpRequest, error: RopewalkError, on_error: ErrorRenderer) -> HttpResponseBase:
    structlog.get_logger("ropewalk.refused").info(
        "refused", status=error.status, code=error.code, message=error.message, path=request.path
    )
    response = on_error(request, error)
    if isinstance(error, Unavailable):
        response.headers.setdefault("Retry-After", str(error.retry_after))
        response._has_been_logged = True  # type: ignore[attr-defined]  # else Django writes an error line for each
    return response


def _guard(
    view: View,
    prepare: Callable[[HttpRequest, Actor, dict[str, Any]], tuple[Any, ...]],
    on_error: ErrorRenderer,
    needs: object,
    csrf: bool,
    authenticate: Authenticator = actor_of,
) -> View:
    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        request.actor = ANONYMOUS  # type: ignore[attr-defined]  # read by templates and views
        try:
            actor = authenticate(request)
            request.actor = actor  # type: ignore[attr-defined]
            if not csrf:
                _check_origin(request, actor)
            with audit.origin(
                audit.Origin(actor.user_id, actor.username, actor.via, client_address(request))
            ):
                return view(request, *prepare(request, actor, kwargs), *args, **kwargs)
        except RopewalkError as error:
            return _refused(request, error, on_error)
        except Exception as error:
            away = outages.recognise(error)
            if away is None:
                raise
            return _refused(request, away, on_error)

    setattr(guarded, NEEDS, needs)
    # With csrf=True Django's middleware does the check (forms); otherwise the guard does it by header.
    return guarded if csrf else csrf_exempt(guarded)


def _led_on(view: View) -> View:
    """``view``, but a reader who asks by a former name is sent to the same address under the present one.

    Not to be kept by browsers: a former name can be taken again.
    """

    @wraps(view)
    def leading(request: HttpRequest, access: ProjectAccess, *args: Any, **kwargs: Any) -> HttpResponseBase:
        before = f"/{access.former}"
        if not access.former or request.method not in {"GET", "HEAD"} or not request.path.startswith(before):
            return view(request, access, *args, **kwargs)
        query = request.META.get("QUERY_STRING", "")
        address = escape_uri_path(access.project.path + request.path.removeprefix(before))
        answer = HttpResponsePermanentRedirect(f"{address}?{query}" if query else address)
        answer.headers["Cache-Control"] = "no-cache"
        return answer

    return leading


def project_view(
    view: View,
    *,
    needs: Permission,
    writes: Permission | None = None,
    on_error: ErrorRenderer = plain_error,
    csrf: bool = True,
    challenge: bool = False,
    leads_on: bool | None = None,
    authenticate: Authenticator = actor_of,
) -> View:
    """Wrap ``view(request, access, **rest)`` behind the gate.

    ``writes`` is what methods that change something need, where one address takes both; it must be more than ``needs``.
    ``challenge`` is for protocol clients: somebody who sent no credentials gets 401 for whatever they may not see or do, whether
    or not it exists, so that git and others ask for a password.

    ``authenticate`` is for protocols with a way of their own to say who asks.

    ``leads_on``: whoever reads by a former name is redirected to the present one. Pages do by default (routes whose forms Django
    checks); protocol clients are answered in place, since not all of them follow.
    """
    if csrf if leads_on is None else leads_on:
        view = _led_on(view)

    def prepare(request: HttpRequest, actor: Actor, kwargs: dict[str, Any]) -> tuple[Any, ...]:
        asked = needs if writes is None or request.method in SAFE_METHODS else writes
        try:
            access = resolve_project(actor, kwargs.pop("owner"), kwargs.pop("project"), asked)
        except RopewalkError as error:
            if challenge and not actor.signed_in and error.status == 404:
                raise Unauthenticated("Sign in to see this, if it exists.") from None
            raise
        request.access = access  # type: ignore[attr-defined]  # read by templates
        return (access,)

    guarded = _guard(view, prepare, on_error, needs, csrf, authenticate)
    setattr(guarded, CHALLENGES, challenge)
    return guarded


def signed_in_view(
    view: View, *, on_error: ErrorRenderer = plain_error, csrf: bool = True, token_scope: str = "admin"
) -> View:
    """Wrap ``view(request, **kwargs)`` for people who signed in.

    An access token needs ``token_scope`` and no limit to one project: otherwise a token for reading could make itself a stronger
    one in its user's settings. An empty ``token_scope`` lets every token in, for routes that only tell who it speaks for.
    """

    def prepare(request: HttpRequest, actor: Actor, kwargs: dict[str, Any]) -> tuple[Any, ...]:
        if not actor.signed_in:
            raise Unauthenticated("Sign in to see this.")
        if token_scope and (token_scope not in actor.scopes or actor.project_id is not None):
            raise Denied(
                "This token does not reach that far.",
                hint="Sign in, or make a token with a wider scope.",
                code="token_scope",
            )
        return ()

    return _guard(view, prepare, on_error, SIGNED_IN, csrf)


def public_view(
    view: View,
    *,
    on_error: ErrorRenderer = plain_error,
    csrf: bool = True,
    authenticate: Authenticator = actor_of,
) -> View:
    """Wrap ``view(request, **kwargs)`` for everybody. Who comes with a token for one project sees here what anybody sees."""

    def prepare(request: HttpRequest, actor: Actor, kwargs: dict[str, Any]) -> tuple[Any, ...]:
        if actor.project_id is not None:
            replace_actor(request, replace(ANONYMOUS, via=actor.via))
        return ()

    return _guard(view, prepare, on_error, PUBLIC, csrf, authenticate)


def _route(pattern: str, view: View, name: str | None, regex: bool) -> URLPattern:
    return re_path(pattern, view, name=name) if regex else django_path(pattern, view, name=name)


def project_route(
    pattern: str,
    view: View,
    *,
    needs: Permission,
    writes: Permission | None = None,
    name: str | None = None,
    on_error: ErrorRenderer = plain_error,
    csrf: bool = True,
    challenge: bool = False,
    leads_on: bool | None = None,
    regex: bool = False,
) -> URLPattern:
    """A route whose pattern has ``owner`` and ``project``; see :func:`project_view`."""
    return _route(
        pattern,
        project_view(
            view,
            needs=needs,
            writes=writes,
            on_error=on_error,
            csrf=csrf,
            challenge=challenge,
            leads_on=leads_on,
        ),
        name,
        regex,
    )


def signed_in_route(
    pattern: str,
    view: View,
    *,
    name: str | None = None,
    on_error: ErrorRenderer = plain_error,
    csrf: bool = True,
    regex: bool = False,
    token_scope: str = "admin",
) -> URLPattern:
    """A route for people who signed in; see :func:`signed_in_view`."""
    return _route(
        pattern, signed_in_view(view, on_error=on_error, csrf=csrf, token_scope=token_scope), name, regex
    )


def public_route(
    pattern: str,
    view: View,
    *,
    name: str | None = None,
    on_error: ErrorRenderer = plain_error,
    csrf: bool = True,
    regex: bool = False,
) -> URLPattern:
    """A route for everybody; see :func:`public_view`."""
    return _route(pattern, public_view(view, on_error=on_error, csrf=csrf), name, regex)


def declared(resolver: URLResolver, *, needs: str) -> URLResolver:
    """Mark a third-party URL set (allauth, the admin) with what it needs; ``needs`` says who checks it, in words."""
    setattr(resolver, NEEDS, needs)
    return resolver
