"""The S3 key pair of an access token: for clients that sign their requests and send the secret with none of them.

The secret is derived (HKDF, HMAC-SHA256) from ``ROPEWALK_SECRET_KEY`` and the token's stored digest, so nothing that signs is in
the database, and it ends with its token. Under ``ROPEWALK_OLD_SECRET_KEYS`` pairs that were given out before go on.
"""

import hashlib
import hmac
import re
from base64 import urlsafe_b64encode
from functools import lru_cache

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

from ropewalk.accounts.types import S3KeyPair

_KEY_ID = re.compile(r"RWK(\d{17})\Z")
_SECRET_BYTES = 30  # 40 characters, as Amazon's have


def token_of(key_id: str) -> int | None:
    """The token behind an access key's id; None for what is no id of ours."""
    found = _KEY_ID.match(key_id)
    return int(found[1]) if found else None


def pair_of(token_id: int, digest: str) -> S3KeyPair:
    """A token's key pair under the present key."""
    return S3KeyPair(f"RWK{token_id:017d}", secrets_of(token_id, digest)[0])


def secrets_of(token_id: int, digest: str) -> tuple[str, ...]:
    """What requests with a token's key may be signed with, the present secret first."""
    text = f"{token_id}:{digest}".encode()
    return tuple(
        urlsafe_b64encode(hmac.new(_key(secret), text, hashlib.sha256).digest()[:_SECRET_BYTES]).decode()
        for secret in (settings.SECRET_KEY, *settings.ROPEWALK_OLD_SECRET_KEYS)
    )


@lru_cache(maxsize=16)
def _key(secret: str) -> bytes:
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=b"ropewalk s3 key pairs").derive(
        secret.encode()
    )
