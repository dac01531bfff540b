"""SSH public keys: what people paste as theirs, and this instance's own, by which they know it."""

import base64
import binascii
import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_ssh_public_key
from django.conf import settings

from ropewalk.core.errors import Invalid

MAX_KEY_CHARACTERS = 16 << 10
MIN_RSA_BITS, MAX_RSA_BITS = 2048, 16384
_BITS = {
    "ssh-ed25519": 256,
    "ecdsa-sha2-nistp256": 256,
    "ecdsa-sha2-nistp384": 384,
    "ecdsa-sha2-nistp521": 521,
    "sk-ssh-ed25519@openssh.com": 256,
    "sk-ecdsa-sha2-nistp256@openssh.com": 256,
    "ssh-rsa": 0,
}
_MAKE_ONE = "Make one with ssh-keygen -t ed25519 and paste the file that ends in .pub."


@dataclass(frozen=True)
class PublicKey:
    """A checked key: ``text`` is algorithm and base64 alone, ``fingerprint`` as ``ssh-keygen -l`` prints it."""

    algorithm: str
    bits: int
    text: str
    fingerprint: str
    comment: str


def parse_public_key(text: str) -> PublicKey:
    """Read one line of an OpenSSH ``.pub`` file. Raises :class:`Invalid` saying what is wrong and what to do."""
    line = text.strip()
    _refuse_other_things(line)
    algorithm, encoded, comment = (*line.split(None, 2), "", "", "")[:3]
    if algorithm == "ssh-dss":
        raise Invalid("DSA keys are too weak and are not taken.", hint=_MAKE_ONE, code="weak_key")
    if algorithm.endswith("-cert-v01@openssh.com"):
        raise Invalid("This is a certificate. Paste the public key itself.", code="bad_key")
    if algorithm not in _BITS:
        raise Invalid("This is not an SSH public key that Ropewalk can read.", hint=_MAKE_ONE, code="bad_key")
    data = _decoded(algorithm, encoded)
    digest = base64.b64encode(hashlib.sha256(data).digest()).decode().rstrip("=")
    bits = _BITS[algorithm] or _rsa_bits(_loaded(algorithm, encoded))
    canonical = base64.b64encode(data).decode()
    return PublicKey(algorithm, bits, f"{algorithm} {canonical}", f"SHA256:{digest}", comment.strip())


def host_public_key() -> PublicKey | None:
    """The key that this instance's SSH server shows; None before its first start, and where it is off."""
    if not settings.ROPEWALK_SSH_URL:
        return None
    try:
        return parse_public_key(Path(f"{settings.SSH_HOST_KEY}.pub").read_text(encoding="ascii"))
    except (OSError, ValueError, Invalid):
        return None


def _refuse_other_things(line: str) -> None:
    if len(line) > MAX_KEY_CHARACTERS:
        raise Invalid("A public key has at most 16,384 characters.", hint=_MAKE_ONE, code="bad_key")
    if "PRIVATE KEY" in line or line.startswith("PuTTY-User-Key-File"):
        raise Invalid(
            "This is a private key. Never give it to anybody: make a new pair, since this one left your machine.",
            hint=_MAKE_ONE,
            code="private_key",
        )
    if line.startswith("---- BEGIN SSH2 PUBLIC KEY"):
        raise Invalid(
            "This key is in the format of RFC 4716 (PuTTY saves it so).",
            hint="Turn it into OpenSSH's with ssh-keygen -i -f FILE, and paste what that prints.",
            code="bad_key",
        )
    if any(ord(char) < 32 and char != "\t" for char in line):
        raise Invalid("Paste one key, on one line.", hint="Add several keys one by one.", code="bad_key")


def _decoded(algorithm: str, encoded: str) -> bytes:
    """The key's bytes; their own first word must be the algorithm that stands before them."""
    try:
        data = base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        data = b""
    name = algorithm.encode()
    if data[:4] != len(name).to_bytes(4, "big") or data[4 : 4 + len(name)] != name:
        raise Invalid(
            "The key is cut off or was changed on the way.", hint="Copy the whole line.", code="bad_key"
        )
    _loaded(algorithm, encoded)
    return data


def _loaded(algorithm: str, encoded: str) -> Any:
    try:
        return load_ssh_public_key(f"{algorithm} {encoded}".encode())
    except (ValueError, UnsupportedAlgorithm):
        raise Invalid(
            "The key is cut off or was changed on the way.", hint="Copy the whole line.", code="bad_key"
        ) from None


def _rsa_bits(key: Any) -> int:
    if not isinstance(key, RSAPublicKey):
        raise Invalid("This is not an RSA key, though it says so.", hint=_MAKE_ONE, code="bad_key")
    if not MIN_RSA_BITS <= key.key_size <= MAX_RSA_BITS:
        raise Invalid(
            f"This RSA key has {key.key_size} bits; it takes {MIN_RSA_BITS} to {MAX_RSA_BITS}.",
            hint=_MAKE_ONE,
            code="weak_key",
        )
    return key.key_size
