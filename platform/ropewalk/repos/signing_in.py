"""A sign-in at another git server: how it is kept, and how git gets it without anybody else seeing it."""

import json
import os
import shlex
import sys
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit

from ropewalk.core import sealing
from ropewalk.core.errors import Invalid
from ropewalk.core.outbound import PORTS, Target

MAX_USERNAME, MAX_PASSWORD = 255, 4096
TOKEN_USERNAME = "oauth2"  # what GitHub, GitLab and Gitea take beside a token when no name is given
# What a sealed sign-in is for; one does not open as another.
IMPORT_PURPOSE, MIRROR_PURPOSE, PUSH_PURPOSE = "repos.import", "repos.mirror", "repos.push_mirror"
_HELPER = Path(__file__).with_name("credential_helper.py")


@dataclass(frozen=True)
class SignIn:
    """A user name with a password or token, for one server. Neither is part of its ``repr``."""

    username: str = field(repr=False)
    password: str = field(repr=False)

    def sealed(self, *, purpose: str, project_id: int) -> str:
        """As it is stored; see :mod:`ropewalk.core.sealing`."""
        text = json.dumps([self.username, self.password])
        return sealing.seal(text, purpose=purpose, project_id=project_id)

    def scrubbed(self, text: str) -> str:
        """The text without the secret, plain, percent-encoded or as in a header: the other server may send back what it got."""
        basic = b64encode(f"{self.username}:{self.password}".encode()).decode()
        for secret in (basic, basic.rstrip("="), quote(self.password, safe=""), self.password):
            text = text.replace(secret, "…")
        return text


def opened(sealed: str, *, purpose: str, project_id: int) -> SignIn | None:
    """What was stored; None when nothing is. Raises :class:`~ropewalk.core.sealing.SealBroken`."""
    if not sealed:
        return None
    username, password = json.loads(sealing.unseal(sealed, purpose=purpose, project_id=project_id))
    return SignIn(username, password)


def read_sign_in(url: str, username: str = "", password: str = "") -> tuple[str, SignIn | None]:
    """The address without what secrets were typed into it, and the sign-in: the fields', else the address's; None for neither.

    Raises :class:`Invalid`, which never repeats a secret.
    """
    address, typed_name, typed_password = taken_apart(url.strip())
    if not username and not password:
        username, password = typed_name, typed_password
    if not username and not password:
        return address, None
    if not password:  # https://TOKEN@host
        raise Invalid(
            "A user name alone is no sign-in.",
            hint="Add the password or an access token.",
            code="bad_sign_in",
        )
    sign_in = SignIn(username or TOKEN_USERNAME, password)
    if len(sign_in.username) > MAX_USERNAME or len(password) > MAX_PASSWORD:
        raise Invalid("The user name or password is too long.", code="bad_sign_in")
    # A line break would end git's own lines between it and its helper; a colon can't be in a name of Basic.
    if (
        any(ord(sign) < 32 or ord(sign) == 127 for sign in sign_in.username + password)
        or ":" in sign_in.username
    ):
        raise Invalid("The user name or password has a sign that can't be sent.", code="bad_sign_in")
    if not address.startswith(("https://", "http://")):
        raise Invalid(
            "Only https:// and http:// addresses take a sign-in.",
            hint="Give the repository's https:// address.",
            code="bad_sign_in",
        )
    return address, sign_in


def taken_apart(url: str) -> tuple[str, str, str]:
    """The address without a sign-in, and the user name and password that stood in it. Raises :class:`Invalid`."""
    try:
        parts = urlsplit(url)
    except ValueError:
        raise Invalid("The host or port of this address can't be read.") from None
    userinfo, at, host = parts.netloc.rpartition("@")
    if not at:
        return url, "", ""
    name, _, password = userinfo.partition(":")
    if (
        parts.scheme in {"https", "http"} and not password
    ):  # a token alone is written in the place of the name
        name, password = "", name
    return parts._replace(netloc=host).geturl(), unquote(name), unquote(password)


@contextmanager
def handed_to_git(
    target: Target, sign_in: SignIn | None
) -> Iterator[tuple[tuple[str, ...], tuple[int, ...]]]:
    """Settings and inherited descriptors with which git finds the sign-in; both empty without one.

    The secret lies in an unnamed file of the memory that git's processes inherit: not in arguments, not in the environment, not
    on disk. Two checks hold it to the target's scheme, host and port: git's own (the setting names them) and the helper's.
    """
    if sign_in is None:
        yield (), ()
        return
    hosts = [f"{_bracketed(target.host)}:{target.port}"]
    if target.port == PORTS[target.scheme]:
        hosts.append(_bracketed(target.host))
    held = {
        "protocol": target.scheme,
        "hosts": hosts,
        "username": sign_in.username,
        "password": sign_in.password,
    }
    fd = os.memfd_create("sign-in")
    try:
        os.write(fd, json.dumps(held).encode())
        command = shlex.join([sys.executable, "-I", "-S", str(_HELPER), str(fd)])
        yield (f"credential.{target.scheme}://{hosts[0]}.helper=!{command}",), (fd,)
    finally:
        os.close(fd)


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host


__all__ = [
    "IMPORT_PURPOSE",
    "MIRROR_PURPOSE",
    "PUSH_PURPOSE",
    "SignIn",
    "handed_to_git",
    "opened",
    "read_sign_in",
    "taken_apart",
]
