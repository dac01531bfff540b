"""Who asks: a signature where there is one, else what every other edge takes."""

from dataclasses import dataclass
from typing import cast

from django.http import HttpRequest

from ropewalk.access.authentication import actor_of, replace_actor
from ropewalk.access.types import Actor
from ropewalk.accounts import credentials
from ropewalk.core import clock
from ropewalk.edges.s3_http import signing
from ropewalk.edges.s3_http.faults import S3Error


@dataclass(frozen=True)
class Signed:
    """A request whose signature was checked: what it says of its body, and what signs the pieces of one."""

    payload: str
    seal: signing.Seal


def signed_actor(request: HttpRequest) -> Actor:
    """Who signed the request, or who sends it without a signature.

    Raises :class:`S3Error` for a signature that does not hold, ``Unauthenticated`` for other credentials that are wrong.
    """
    if not signing.is_signed(request.META):
        return actor_of(request)
    claim = signing.read_claim(request.META)
    key = credentials.find_s3_key(claim.key_id)
    if key is None:
        raise S3Error(
            403,
            "InvalidAccessKeyId",
            "This access key is unknown, expired or revoked.",
            hint="Use an access token as both key and secret, or its key pair (Settings → Access tokens).",
        )
    if key.bare and claim.presigned_for is not None:
        raise S3Error(
            403,
            "AccessDenied",
            "An address signed with a token alone would give the token away.",
            hint="Sign with the token's key pair, which is shown when the token is made.",
        )
    seal = signing.check(request.META, claim, key.secrets, clock.now())
    credentials.note_s3_use(key)
    actor = Actor.of(key.credential, "signed")
    replace_actor(request, actor)
    request._ropewalk_signed = Signed(claim.payload, seal)  # type: ignore[attr-defined]  # memo on the request
    return actor


def signature_of(request: HttpRequest) -> Signed | None:
    """The request's signature; None when it has none."""
    return cast("Signed | None", getattr(request, "_ropewalk_signed", None))
