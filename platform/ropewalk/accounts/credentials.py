"""Checking tokens, passwords and SSH keys, cheaply: MLflow and DVC clients send credentials with every single request.

A token is one indexed look-up by its SHA-256 digest (measured: 0.3 ms, as long as a round trip to a cache), so a revoked token,
a disabled user or a narrowed scope counts from the next request on, in every process. A password costs a slow hash by design, so
a success is remembered for a minute under a keyed digest that includes the stored hash (changing the password ends it), and
failures are limited per address, per user name, and per both.
"""

import hashlib
import hmac
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from django.conf import settings
from django.contrib.auth.hashers import check_password, make_password
from django.core.cache import cache
from django.db.models import Q, QuerySet
from redis.exceptions import RedisError

from ropewalk.accounts import s3_keys
from ropewalk.accounts.models import AccessToken, FormerOwnerName, SshKey, User
from ropewalk.accounts.names import matching_name
from ropewalk.accounts.types import SCOPES, TOKEN_PREFIX, Credential, S3Key
from ropewalk.core import clock
from ropewalk.core.errors import Busy, Unavailable
from ropewalk.core.statements import ask_row

REMEMBER_SECONDS = 60
LAST_USED_GRAIN = timedelta(minutes=1)
FAILURE_WINDOW_SECONDS = 300
# Failures that are let pass in a window. One address may try one name a few times; a whole office shares an address; a name
# has a high limit, because whoever knows it could otherwise lock its owner out.
FAILURES_OF_PAIR, FAILURES_OF_ADDRESS, FAILURES_OF_NAME = 10, 50, 200
# The dearest thing that a request does before it is known who asks, so in plain SQL: the ORM would triple its cost.
_IN_FORCE = """
    FROM accounts_accesstoken t JOIN accounts_user u ON u.id = t.user_id
    WHERE t.revoked_at IS NULL AND (t.expires_at IS NULL OR t.expires_at > {now}) AND u.is_active AND
"""
_SAID = "t.user_id, u.username, u.is_staff, t.id, t.scopes, t.project_id"
_TOKENS = f"SELECT {_SAID}, t.last_used_at, t.digest {_IN_FORCE.format(now='%s')} "
TOKEN_FACTS = f"""
    SELECT t.user_id, ROW({_SAID})::text AS said {_IN_FORCE.format(now="%(now)s")} t.digest = %(digest)s
"""
"""Whose the token ``%(digest)s`` in force at ``%(now)s`` is, and all that it says as one text: one row, or none."""


def digest(secret: str) -> str:
    """What is stored of a token. The secret has 240 random bits, so a plain hash cannot be searched."""
    return hashlib.sha256(secret.encode("utf-8", "surrogateescape")).hexdigest()


def check_token(secret: str) -> Credential | None:
    """Who a token speaks for; None when it is unknown, expired, revoked, or its user is inactive."""
    if not secret.startswith(TOKEN_PREFIX):
        return None
    found = _find_token("t.digest = %s", digest(secret))
    if found is None:
        return None
    credential, _, unused = found
    if unused:
        _note_use(credential)
    return credential


def find_s3_key(key_id: str) -> S3Key | None:
    """Whom the access key of a signed request names; None for an unknown one. The caller checks the signature.

    A token may be both the key and its own secret, as DagsHub's clients send it; or see :mod:`ropewalk.accounts.s3_keys`.
    """
    if key_id.startswith(TOKEN_PREFIX):
        credential = check_token(key_id)
        return S3Key(credential, (key_id,), unused=False, bare=True) if credential else None
    token_id = s3_keys.token_of(key_id)
    found = _find_token("t.id = %s", token_id) if token_id is not None else None
    if found is None or token_id is None:
        return None
    credential, stored, unused = found
    return S3Key(credential, s3_keys.secrets_of(token_id, stored), unused=unused, bare=False)


def note_s3_use(key: S3Key) -> None:
    """Somebody proved to hold this key's secret."""
    if key.unused:
        _note_use(key.credential)


def _find_token(which: str, value: str | int) -> tuple[Credential, str, bool] | None:
    """The credential of a token that is in force, its digest, and whether its last use was not lately."""
    now = clock.now()
    row = ask_row(_TOKENS + which, [now, value])
    if row is None:
        return None
    user_id, username, is_staff, token_id, scopes, project_id, last_used_at, stored = row
    unused = last_used_at is None or last_used_at < now - LAST_USED_GRAIN
    return Credential(user_id, username, is_staff, token_id, frozenset(scopes), project_id), stored, unused


def _note_use(credential: Credential) -> None:
    if credential.token_id is not None:
        tokens = AccessToken.objects.filter(_unused_lately(), pk=credential.token_id)
        tokens.update(last_used_at=clock.now())


def _unused_lately() -> Q:
    # Asked again by the update itself, so that of many requests at once only one writes.
    return Q(last_used_at__isnull=True) | Q(last_used_at__lt=clock.now() - LAST_USED_GRAIN)


def check_ssh_key(fingerprint: str) -> Credential | None:
    """Who a public key speaks for, by its ``SHA256:…``; None when it is unknown or its user is inactive.

    That the caller holds the private half is for the SSH server to prove; :func:`note_ssh_login` follows it.
    """
    row = SshKey.objects.select_related("user").filter(fingerprint=fingerprint, user__is_active=True).first()
    if row is None:
        return None
    scopes = frozenset({"read"} if row.read_only else SCOPES)
    return Credential(row.user_id, row.user.username, row.user.is_staff, None, scopes, row.project_id)


def note_ssh_login(fingerprint: str) -> None:
    """Somebody proved to hold this key."""
    SshKey.objects.filter(_unused_lately(), fingerprint=fingerprint).update(last_used_at=clock.now())


def check_user_password(username: str, password: str, address: str) -> Credential | None:
    """Who a user name (or e-mail address) and password speak for; None when wrong.

    Raises :class:`Busy` after too many failures, and :class:`Unavailable` when they can't be counted.
    """
    user = _find_user(username)
    stored = user.password if user else ""
    remembered = f"password:{_keyed(username.lower(), password, stored)}"
    with _counting():
        if user is not None and cache.get(remembered) == user.pk:
            return _whole(user)
        limits = _limits(username.lower(), address)
        failures = cache.get_many(limits)
    if any(failures.get(key, 0) >= allowed for key, allowed in limits.items()):
        raise Busy(
            "Too many failed sign-ins. Wait five minutes.", hint="Use an access token: it is not limited."
        )
    if user is not None and check_password(password, stored):
        with _counting():
            cache.set(remembered, user.pk, REMEMBER_SECONDS)
        return _whole(user)
    if user is None:
        make_password(password)  # the same work as for a known name, so that the time tells nothing
    with _counting():
        for key in limits:
            _count(key)
    return None


def _find_user(name: str) -> User | None:
    if "@" not in name:
        return (
            User.objects.filter(matching_name("username", name), is_active=True).first()
            or User.objects.filter(owner_id__in=_former_owners(name), is_active=True).first()
        )
    if "\0" in name:
        return None
    # Several accounts may claim an address that nobody verified: then it names none of them.
    found = User.objects.filter(email__iexact=name, is_active=True)[:2]
    return found[0] if len(found) == 1 else None


def _former_owners(name: str) -> "QuerySet[FormerOwnerName, int]":
    rows = FormerOwnerName.objects.filter(matching_name("slug", name), until__gt=clock.now())
    return rows.values_list("owner_id", flat=True)


def had_name(user_id: int, name: str) -> bool:
    """Whether a name is one that a person had and that is still kept for them: their clients go on sending it."""
    return User.objects.filter(pk=user_id, owner_id__in=_former_owners(name)).exists()


def _limits(name: str, address: str) -> dict[str, int]:
    return {
        f"password-failures:{_keyed('pair', name, address)}": FAILURES_OF_PAIR,
        f"password-failures:{_keyed('address', address)}": FAILURES_OF_ADDRESS,
        f"password-failures:{_keyed('name', name)}": FAILURES_OF_NAME,
    }


def _count(key: str) -> None:
    if not cache.add(key, 1, FAILURE_WINDOW_SECONDS):
        try:
            cache.incr(key)
        except ValueError:  # it expired between the two calls
            cache.set(key, 1, FAILURE_WINDOW_SECONDS)


@contextmanager
def _counting() -> Iterator[None]:
    try:
        yield
    except RedisError:
        # Letting passwords through uncounted would open the door to guessing whenever the cache is down.
        raise Unavailable(
            "Passwords can't be checked just now.", hint="Try again soon, or use an access token."
        ) from None


def _whole(user: User) -> Credential:
    return Credential(user.pk, user.username, user.is_staff, None, frozenset(SCOPES), None)


def _keyed(*parts: str) -> str:
    message = b"\0".join(part.encode("utf-8", "surrogateescape") for part in parts)
    return hmac.new(settings.SECRET_KEY.encode(), message, hashlib.sha256).hexdigest()
