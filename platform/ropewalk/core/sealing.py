"""Secrets of other servers, kept so that only this installation can use them, and only for what they were given for.

A sealed text is AES-256-GCM under a key derived (HKDF-SHA256) from ``ROPEWALK_SECRET_KEY`` and the purpose. Purpose and project
are authenticated with it: copied into another row it does not open. Keys in ``ROPEWALK_OLD_SECRET_KEYS`` still open what they
sealed; ``manage.py reseal_credentials`` brings every :class:`SealedField` under the present key.
"""

import os
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.db import models

from ropewalk.core.errors import Unprocessable

MAX_BYTES = 16 << 10
_VERSION = "1."
_NONCE = 12


class SealBroken(Unprocessable):
    """A sealed text does not open: another key, another purpose or project, or it was changed. Ask for the secret again."""

    code = "seal_broken"

    def __init__(self) -> None:
        super().__init__(
            "The stored sign-in can't be read any more.",
            hint="Enter it again. (The operator: was ROPEWALK_SECRET_KEY changed without ROPEWALK_OLD_SECRET_KEYS?)",
        )


class SealedField(models.TextField):
    """Holds what :func:`seal` gave for this ``purpose`` and the row's project; empty when nothing is kept.

    It never seals by itself: services do, so that a clear text is never a model's attribute.
    """

    def __init__(self, *args: Any, purpose: str, **kwargs: Any) -> None:
        self.purpose = purpose
        super().__init__(*args, **{"blank": True, "default": "", "editable": False, **kwargs})

    def deconstruct(self) -> Any:
        """Say how it is made again, for migrations."""
        name, path, args, kwargs = super().deconstruct()
        return name, path, args, {**kwargs, "purpose": self.purpose}


def seal(text: str, *, purpose: str, project_id: int) -> str:
    """Encrypt a secret of at most 16 KiB for one purpose in one project. ``ValueError`` for a longer one."""
    data = text.encode()
    if len(data) > MAX_BYTES:
        raise ValueError("a sealed secret is at most 16 KiB")
    nonce = os.urandom(_NONCE)
    cipher = AESGCM(_key(settings.SECRET_KEY, purpose))
    return (
        _VERSION
        + urlsafe_b64encode(nonce + cipher.encrypt(nonce, data, _bound(purpose, project_id))).decode()
    )


def unseal(sealed: str, *, purpose: str, project_id: int) -> str:
    """The secret again. Raises :class:`SealBroken`."""
    return _opened(sealed, purpose, project_id)[0]


def resealed(sealed: str, *, purpose: str, project_id: int) -> str | None:
    """The same secret under the present key, None when it is already. Raises :class:`SealBroken`."""
    text, number = _opened(sealed, purpose, project_id)
    return seal(text, purpose=purpose, project_id=project_id) if number else None


def _opened(sealed: str, purpose: str, project_id: int) -> tuple[str, int]:
    """The secret, and which key opened it: 0 is the present one."""
    try:
        data = urlsafe_b64decode(sealed.removeprefix(_VERSION)) if sealed.startswith(_VERSION) else b""
    except ValueError:
        data = b""
    for number, secret in enumerate((settings.SECRET_KEY, *settings.ROPEWALK_OLD_SECRET_KEYS)):
        try:
            cipher = AESGCM(_key(secret, purpose))
            return cipher.decrypt(data[:_NONCE], data[_NONCE:], _bound(purpose, project_id)).decode(), number
        except (InvalidTag, ValueError):  # ValueError: too short to be one
            continue
    raise SealBroken


def _key(secret: str, purpose: str) -> bytes:
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=f"ropewalk sealing:{purpose}".encode()).derive(
        secret.encode()
    )


def _bound(purpose: str, project_id: int) -> bytes:
    return f"{purpose}\0{int(project_id)}".encode()
