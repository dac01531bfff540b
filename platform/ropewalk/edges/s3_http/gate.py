"""Who asks: a signature where there is one, else what every other edge takes."""

from dataclasses import dataclass
from typing import cast

from django.http import HttpRequest

from ropewalk.access.authentication import actor_of, replace_actor
from ropewalk.access.types import Actor
from ropewalk.accounts import credentials
from ropewalk.accounts.types import S3Key
from ropewalk.core import clock
from ropewalk.edges.s3_http import forms, signing
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
        return _signer_of_form(request) if forms.is_form(request) else actor_of(request)
    claim = signing.read_claim(request.META)
    key = _find_key(claim)
    if key.bare and claim.presigned_for is not None:
        raise _given_away("An address")
    seal = signing.check(request.META, claim, key.secrets, clock.now())
    request._ropewalk_signed = Signed(claim.payload, seal)  # type: ignore[attr-defined]  # memo on the request
    return _proved(request, key)


def _signer_of_form(request: HttpRequest) -> Actor:
    """Who signed the form that a browser posts. It is read up to its file."""
    form = forms.read_form(request)
    claim = signing.read_form_claim(form.fields)
    key = _find_key(claim)
    if key.bare:
        raise _given_away("A form")
    signing.check_form(claim, form.fields["policy"], key.secrets, clock.now())
    forms.remember(request, form)
    return _proved(request, key)


def _find_key(claim: signing.Claim) -> S3Key:
    key = credentials.find_s3_key(claim.key_id)
    if key is None:
        raise S3Error(
            403,
            "InvalidAccessKeyId",
            "This access key is unknown, expired or revoked.",
            hint="Use an access token as both key and secret, or its key pair (Settings → Access tokens).",
        )
    return key


def _given_away(what: str) -> S3Error:
    return S3Error(
        403,
        "AccessDenied",
        f"{what} signed with a token alone would give the token away.",
        hint="Sign with the token's key pair, which is shown when the token is made.",
    )


def _proved(request: HttpRequest, key: S3Key) -> Actor:
    credentials.note_s3_use(key)
    actor = Actor.of(key.credential, "signed")
    replace_actor(request, actor)
    return actor


def signature_of(request: HttpRequest) -> Signed | None:
    """The request's signature; None when it has none."""
    return cast("Signed | None", getattr(request, "_ropewalk_signed", None))
