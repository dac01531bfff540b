"""What is taken as an SSH key, and what is refused in which words."""

import base64

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from ropewalk.accounts.keys import parse_public_key
from ropewalk.core.errors import Invalid

# Made with ssh-keygen; the fingerprint is what `ssh-keygen -l` prints.
ED25519 = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAICV2sR48FtJGVivqWRC3o8C35zqb60uH7q1S4ROUdCa7"
PRINTED = "SHA256:xQkQO226K13lAWoWN880PXP4DVfcGgtIyS2LV9znhJ8"


def text_of(key) -> str:
    return key.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()


def hardware_key(algorithm: str, *parts: bytes) -> str:
    fields = (algorithm.encode(), *parts, b"ssh:")
    data = b"".join(len(field).to_bytes(4, "big") + field for field in fields)
    return f"{algorithm} {base64.b64encode(data).decode()}"


def test_an_ordinary_key():
    key = parse_public_key(f"  {ED25519}   anna @ laptop \n")
    assert (key.algorithm, key.bits, key.text, key.comment) == ("ssh-ed25519", 256, ED25519, "anna @ laptop")
    assert key.fingerprint == PRINTED


def test_other_kinds():
    assert parse_public_key(text_of(rsa.generate_private_key(65537, 2048))).bits == 2048
    assert parse_public_key(text_of(ec.generate_private_key(ec.SECP521R1()))).bits == 521
    point = base64.b64decode(ED25519.split()[1])[-32:]
    assert parse_public_key(hardware_key("sk-ssh-ed25519@openssh.com", point)).bits == 256


BLOB = ED25519.split()[1]
REFUSED = {
    "": "bad_key",
    "hello": "bad_key",
    "ssh-ed25519": "bad_key",
    "ssh-ed25519 !!!": "bad_key",
    f"ssh-ed25519 {BLOB[:40]}": "bad_key",
    f"ssh-rsa {BLOB}": "bad_key",
    f"ssh-ed25519 {BLOB}AAAA": "bad_key",
    f'command="sh" {ED25519}': "bad_key",
    f"{ED25519}\n{ED25519}": "bad_key",
    f"{ED25519}\0": "bad_key",
    "ssh-dss AAAAB3NzaC1kc3MAAACBAP": "weak_key",
    "ssh-ed25519-cert-v01@openssh.com AAAA": "bad_key",
    "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNz\n-----END OPENSSH PRIVATE KEY-----": "private_key",
    "PuTTY-User-Key-File-3: ssh-ed25519": "private_key",
    "---- BEGIN SSH2 PUBLIC KEY ----\nAAAA\n---- END SSH2 PUBLIC KEY ----": "bad_key",
    f"ssh-ed25519 {BLOB} {'x' * 20_000}": "bad_key",
    "ssh-ed25519 ÄÖÜ": "bad_key",
}


@pytest.mark.parametrize("text", REFUSED, ids=range(len(REFUSED)))
def test_what_is_refused_says_why_and_what_to_do(text):
    with pytest.raises(Invalid) as refused:
        parse_public_key(text)
    assert refused.value.code == REFUSED[text]
    assert refused.value.message.endswith(".")


def test_short_rsa_keys_are_refused():
    with pytest.raises(Invalid, match="This RSA key has 1024 bits") as refused:
        parse_public_key(text_of(rsa.generate_private_key(65537, 1024)))
    assert refused.value.code == "weak_key"
