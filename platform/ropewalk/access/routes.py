"""Declaring routes with the permission that they need. A route that declares nothing keeps the server from starting.

The helpers wrap a view: they authenticate, pass the gate, check CSRF for session-authenticated writes (also on the protocol
edges, which Django's own check skips because it would read the body), and render errors in the edge's dialect.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any

import structlog
from django.http import HttpRequest, HttpResponse, HttpResponseBase, QueryDict
from django.middleware.csrf import CsrfViewMiddleware
from django.urls import URLPattern, URLResolver, re_path
from django.urls import path as django_path
from django.utils.datastructures import MultiValueDict
from django.views.decorators.csrf import csrf_exempt

from ropewalk.access.authentication import actor_of
from ropewalk.access.roles import Permission
from ropewalk.access.selectors import resolve_project
from ropewalk.access.types import ANONYMOUS
from ropewalk.core.errors import Denied, RopewalkError, Unauthenticated

View = Callable[..., HttpResponseBase]
ErrorRenderer = Callable[[HttpRequest, RopewalkError], HttpResponseBase]
NEEDS = "ropewalk_needs"
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
    refused = check.process_view(request, lambda: None, (), {}) is not None
    if post is None:
        del request._post, request._files  # type: ignore[attr-defined]
    if refused:
        raise Denied("This request has no valid CSRF token.", hint="Reload the page and try again.", code="csrf")


def _guard(
    view: View, prepare: Callable[[HttpRequest, dict[str, Any]], tuple[Any, ...]], on_error: ErrorRenderer, needs: object, csrf: bool
) -> View:
    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        request.actor = ANONYMOUS  # type: ignore[attr-defined]  # read by templates and views
        try:
            request.actor = actor_of(request)  # type: ignore[attr-defined]
            if not csrf and request.actor.via == "session" and request.method not in SAFE_METHODS:  # type: ignore[attr-defined]
                require_csrf(request)
            before = prepare(request, kwargs)
            return view(request, *before, *args, **kwargs)
        except RopewalkError as error:
            structlog.get_logger("ropewalk.refused").info(
                "refused", status=error.status, code=error.code, message=error.message, path=request.path
            )
            return on_error(request, error)

    setattr(guarded, NEEDS, needs)
    # With csrf=True Django's middleware does the check (forms); otherwise the guard does it by header.
    return guarded if csrf else csrf_exempt(guarded)


def project_view(
    view: View, *, needs: Permission, on_error: ErrorRenderer = plain_error, csrf: bool = True, challenge: bool = False
) -> View:
    """Wrap ``view(request, access, **rest)`` behind the gate.

    ``challenge`` is for protocol clients: somebody who sent no credentials gets 401 for whatever they may not see or do, whether
    or not it exists, so that git and others ask for a password.
    """

    def prepare(request: HttpRequest, kwargs: dict[str, Any]) -> tuple[Any, ...]:
        actor = request.actor  # type: ignore[attr-defined]
        try:
            access = resolve_project(actor, kwargs.pop("owner"), kwargs.pop("project"), needs)
        except RopewalkError as error:
            if challenge and not actor.signed_in and error.status == 404:
                raise Unauthenticated("Sign in to see this, if it exists.") from None
            raise
        request.access = access  # type: ignore[attr-defined]  # read by templates
        return (access,)

    return _guard(view, prepare, on_error, needs, csrf)


def signed_in_view(view: View, *, on_error: ErrorRenderer = plain_error, csrf: bool = True) -> View:
    """Wrap ``view(request, **kwargs)`` for people who signed in."""

    def prepare(request: HttpRequest, kwargs: dict[str, Any]) -> tuple[Any, ...]:
        if not request.actor.signed_in:  # type: ignore[attr-defined]
            raise Unauthenticated("Sign in to see this.")
        return ()

    return _guard(view, prepare, on_error, SIGNED_IN, csrf)


def public_view(view: View, *, on_error: ErrorRenderer = plain_error, csrf: bool = True) -> View:
    """Wrap ``view(request, **kwargs)`` for everybody."""
    return _guard(view, lambda request, kwargs: (), on_error, PUBLIC, csrf)


def _route(pattern: str, view: View, name: str | None, regex: bool) -> URLPattern:
    return re_path(pattern, view, name=name) if regex else django_path(pattern, view, name=name)


def project_route(
    pattern: str,
    view: View,
    *,
    needs: Permission,
    name: str | None = None,
    on_error: ErrorRenderer = plain_error,
    csrf: bool = True,
    challenge: bool = False,
    regex: bool = False,
) -> URLPattern:
    """A route whose pattern has ``owner`` and ``project``; see :func:`project_view`."""
    return _route(pattern, project_view(view, needs=needs, on_error=on_error, csrf=csrf, challenge=challenge), name, regex)


def signed_in_route(
    pattern: str, view: View, *, name: str | None = None, on_error: ErrorRenderer = plain_error, csrf: bool = True, regex: bool = False
) -> URLPattern:
    """A route for people who signed in; see :func:`signed_in_view`."""
    return _route(pattern, signed_in_view(view, on_error=on_error, csrf=csrf), name, regex)


def public_route(
    pattern: str, view: View, *, name: str | None = None, on_error: ErrorRenderer = plain_error, csrf: bool = True, regex: bool = False
) -> URLPattern:
    """A route for everybody; see :func:`public_view`."""
    return _route(pattern, public_view(view, on_error=on_error, csrf=csrf), name, regex)


def declared(resolver: URLResolver, *, needs: str) -> URLResolver:
    """Mark a third-party URL set (allauth, the admin) with what it needs; ``needs`` says who checks it, in words."""
    setattr(resolver, NEEDS, needs)
    return resolver
