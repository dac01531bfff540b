"""From a request to an :class:`Actor`: browser session, Basic or Bearer.

Basic accepts (user, password), (user, token) and (token, anything): git, DVC and MLflow clients send all three.
"""

import base64
import binascii

from django.conf import settings
from django.http import HttpRequest

from ropewalk.access.types import ANONYMOUS, Actor
from ropewalk.accounts import credentials
from ropewalk.accounts.types import TOKEN_PREFIX, Credential
from ropewalk.core.errors import Unauthenticated

_HINT = "Use your user name with your password or an access token (Settings → Access tokens)."


def actor_of(request: HttpRequest) -> Actor:
    """Who asks; computed once a request. Raises :class:`Unauthenticated` for credentials that are present but wrong."""
    known = getattr(request, "_ropewalk_actor", None)
    if known is None:
        known = actor_in(request)
        request._ropewalk_actor = known  # type: ignore[attr-defined]  # memo on the request
    return known


def replace_actor(request: HttpRequest, actor: Actor) -> None:
    """From here on the request speaks for ``actor``: the route allows less than its credentials."""
    request._ropewalk_actor = actor  # type: ignore[attr-defined]
    request.actor = actor  # type: ignore[attr-defined]


def actor_in(request: HttpRequest) -> Actor:
    """Who asks, computed anew; see :func:`actor_of`."""
    header = request.META.get("HTTP_AUTHORIZATION", "")
    if header:
        scheme, _, value = header.partition(" ")
        match scheme.lower():
            case "basic":
                return _basic(value.strip(), client_address(request))
            case "bearer" | "token":
                found = credentials.check_token(value.strip())
                if found is None:
                    raise Unauthenticated("This token is unknown, expired or revoked.", hint=_HINT)
                return Actor.of(found, "bearer")
            case _:
                raise Unauthenticated(
                    "This kind of Authorization is not supported; send Basic or Bearer.", hint=_HINT
                )
    user = getattr(request, "user", None)
    if user is not None and user.is_authenticated and user.is_active:
        return Actor.in_session(user.pk, user.username, user.is_staff)
    return ANONYMOUS


def _basic(value: str, address: str) -> Actor:
    try:
        username, _, password = base64.b64decode(value, validate=True).decode("utf-8").partition(":")
    except (binascii.Error, UnicodeDecodeError):
        raise Unauthenticated("The Basic credentials can't be read.", hint=_HINT) from None
    if password:
        by_token = credentials.check_token(password)
        if by_token is not None and _goes_with(username, by_token, password):
            return Actor.of(by_token, "basic")
    by_name = credentials.check_token(username)
    if by_name is not None:
        return Actor.of(by_name, "basic")
    if username and password:
        by_password = credentials.check_user_password(username, password, address)
        if by_password is not None:
            return Actor.of(by_password, "basic")
    raise Unauthenticated("The user name, password or token is wrong.", hint=_HINT)


def _goes_with(username: str, found: Credential, token: str) -> bool:
    """Whether what a client sent as user name fits its token."""
    if username.lower() in {found.username.lower(), "token", "", token.lower()}:
        return True
    return credentials.had_name(found.user_id, username)


def plain_token(header: str, username: str) -> str | None:
    """The token in an ``Authorization`` header that names nobody but its user as they are called now; not checked."""
    scheme, _, value = header.partition(" ")
    if scheme.lower() in {"bearer", "token"}:
        return value.strip()
    try:
        user, _, password = base64.b64decode(value.strip(), validate=True).decode("utf-8").partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return None
    if not password.startswith(TOKEN_PREFIX):
        return user
    return password if user.lower() in {username.lower(), "token", "", password.lower()} else None


def client_address(request: HttpRequest) -> str:
    """The client's address; forwarded headers count only behind the operator's declared proxies."""
    hops: int = settings.ROPEWALK_TRUSTED_PROXIES
    if hops > 0:
        forwarded = request.META.get("HTTP_X_FORWARDED_FOR", "").split(",")
        chain = [part.strip() for part in forwarded if part.strip()]
        if (
            len(chain) >= hops
        ):  # this entry our outermost proxy wrote; whatever stands before it the client did
            return str(chain[-hops])
    return str(request.META.get("REMOTE_ADDR", ""))


def caller_key(request: HttpRequest, actor: Actor) -> str:
    """By what limits know a caller: the person, or the address of somebody who did not sign in."""
    return f"user-{actor.user_id}" if actor.signed_in else f"address-{client_address(request)}"
