"""Checking tokens and passwords, cheaply: MLflow and DVC clients send credentials with every single request.

A token is looked up by its SHA-256 digest and cached for a minute; revocation deletes the cache entry. A password costs a slow
hash by design, so a success is remembered for a minute under a keyed digest that includes the stored hash (changing the
password ends it), and failures are limited per user name and address.
"""

import hashlib
import hmac
from datetime import timedelta

from django.conf import settings
from django.contrib.auth.hashers import check_password, make_password
from django.core.cache import cache
from django.db.models import Q

from ropewalk.accounts.models import AccessToken, User
from ropewalk.accounts.types import SCOPES, Credential
from ropewalk.core import clock
from ropewalk.core.errors import Busy

CACHE_SECONDS = 60
LAST_USED_GRAIN = timedelta(minutes=1)
FAILURES_ALLOWED = 20
FAILURE_WINDOW_SECONDS = 300


def digest(secret: str) -> str:
    """What is stored of a token. The secret has 240 random bits, so a plain hash cannot be searched."""
    return hashlib.sha256(secret.encode("utf-8", "surrogateescape")).hexdigest()


def forget_token(token_digest: str) -> None:
    """Drop the cached check of a token (it was revoked)."""
    cache.delete(f"token:{token_digest}")


def check_token(secret: str) -> Credential | None:
    """Who a token speaks for; None when it is unknown, expired, revoked, or its user is inactive."""
    token_digest = digest(secret)
    key = f"token:{token_digest}"
    known = cache.get(key)
    if known is None:
        now = clock.now()
        token = (
            AccessToken.objects.select_related("user")
            .filter(digest=token_digest, revoked_at__isnull=True, user__is_active=True)
            .filter(Q(expires_at__isnull=True) | Q(expires_at__gt=now))
            .first()
        )
        if token is None:
            return None
        known = (token.user_id, token.user.username, token.user.is_staff, token.pk, tuple(token.scopes), token.project_id)
        left = (token.expires_at - now).total_seconds() if token.expires_at else CACHE_SECONDS
        cache.set(key, known, max(1, min(CACHE_SECONDS, int(left))))
        stale = Q(last_used_at__isnull=True) | Q(last_used_at__lt=now - LAST_USED_GRAIN)
        AccessToken.objects.filter(stale, pk=token.pk).update(last_used_at=now)
    user_id, username, is_staff, token_id, scopes, project_id = known
    return Credential(user_id, username, is_staff, token_id, frozenset(scopes), project_id)


def check_user_password(username: str, password: str, address: str) -> Credential | None:
    """Who a user name (or e-mail) and password speak for; None when wrong. Raises :class:`Busy` after too many failures."""
    user = User.objects.filter(Q(username__iexact=username) | Q(email__iexact=username), is_active=True).first()
    stored = user.password if user else ""
    remembered = f"password:{_keyed(username.lower(), password, stored)}"
    if user is not None and cache.get(remembered) == user.pk:
        return _whole(user)
    limits = [f"password-failures:{_keyed(kind)}" for kind in (f"u:{username.lower()}", f"a:{address}")]
    if any((cache.get(limit) or 0) >= FAILURES_ALLOWED for limit in limits):
        raise Busy("Too many failed sign-ins. Wait five minutes.", hint="Use an access token: it is not limited.")
    if user is not None and check_password(password, stored):
        cache.set(remembered, user.pk, CACHE_SECONDS)
        return _whole(user)
    if user is None:
        make_password(password)  # the same work as for a known name, so that the time tells nothing
    for limit in limits:
        cache.add(limit, 0, FAILURE_WINDOW_SECONDS)
        try:
            cache.incr(limit)
        except ValueError:  # it expired between the two calls
            cache.set(limit, 1, FAILURE_WINDOW_SECONDS)
    return None


def _whole(user: User) -> Credential:
    return Credential(user.pk, user.username, user.is_staff, None, frozenset(SCOPES), None)


def _keyed(*parts: str) -> str:
    message = b"\0".join(part.encode("utf-8", "surrogateescape") for part in parts)
    return hmac.new(settings.SECRET_KEY.encode(), message, hashlib.sha256).hexdigest()
