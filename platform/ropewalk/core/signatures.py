"""Signatures that anybody can check: Ed25519 under a key derived (HKDF-SHA256) from ``ROPEWALK_SECRET_KEY`` and a purpose.

What was signed under a key in ``ROPEWALK_OLD_SECRET_KEYS`` still verifies.
"""

from base64 import b64decode, b64encode

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.conf import settings


def _key(secret: str, purpose: str) -> Ed25519PrivateKey:
    derived = HKDF(algorithm=SHA256(), length=32, salt=None, info=f"ropewalk signing:{purpose}".encode())
    return Ed25519PrivateKey.from_private_bytes(derived.derive(secret.encode()))


def sign(message: bytes, *, purpose: str) -> str:
    """The signature, in base64."""
    return b64encode(_key(settings.SECRET_KEY, purpose).sign(message)).decode()


def verifies(message: bytes, signature: str, *, purpose: str) -> bool:
    """Whether this installation signed this message for this purpose."""
    try:
        given = b64decode(signature, validate=True)
    except ValueError:
        return False
    for secret in (settings.SECRET_KEY, *settings.ROPEWALK_OLD_SECRET_KEYS):
        try:
            _key(secret, purpose).public_key().verify(given, message)
        except InvalidSignature:
            continue
        return True
    return False


def public_key(*, purpose: str) -> str:
    """The present key's public half, in PEM, for whoever checks signatures without this server."""
    key = _key(settings.SECRET_KEY, purpose).public_key()
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
