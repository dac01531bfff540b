"""Reading one object after another from somebody's DVC remote, over http(s) or S3, with a sign-in or without."""

import json
import re
import time
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from ropewalk.core import outbound, sealing
from ropewalk.core.blobs.signing import signed
from ropewalk.core.errors import Invalid, TooLarge, Unprocessable
from ropewalk.core.led_on import LedOnHttp
from ropewalk.core.pinned import Answer, BrokenAnswer, PinnedHttp
from ropewalk.data.oids import ObjectAddress
from ropewalk.data.remotes import REMOTE_PURPOSE, SCHEMES, Place

KINDS = ("basic", "bearer", "header", "s3")
_HEADER = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}")
_FORBIDDEN_HEADERS = frozenset(
    {"host", "content-length", "transfer-encoding", "connection", "range", "accept-encoding"}
)
_S3_CODE = re.compile(rb"<Code>([A-Za-z]{1,60})</Code>")
_SIGN_IN_CODES = frozenset({
    "InvalidAccessKeyId", "SignatureDoesNotMatch", "ExpiredToken", "InvalidToken", "AccountProblem", "RequestTimeTooSkewed",
})  # fmt: skip
_PATIENCE = (1.0, 4.0)


class RemoteRefused(Unprocessable):
    """The remote does not let us read at all; the message says why in our words."""

    code = "sign_in_refused"


class NotThere(Exception):  # an answer, not a fault
    """The remote has no such object; ``denied`` when it says that it may not be read, which S3 also says of missing ones."""

    def __init__(self, denied: bool = False) -> None:
        super().__init__()
        self.denied = denied


@dataclass(frozen=True)
class RemoteSignIn:
    """``kind`` is ``basic``, ``bearer``, ``header`` (``name`` is the header's) or ``s3`` (``name`` is the key's id)."""

    kind: str
    name: str = field(repr=False)
    secret: str = field(repr=False)

    def sealed(self, project_id: int) -> str:
        """As it is stored."""
        text = json.dumps([self.kind, self.name, self.secret])
        return sealing.seal(text, purpose=REMOTE_PURPOSE, project_id=project_id)

    def headers(self) -> dict[str, str]:
        """What is sent with each request; S3's depends on the request and is made there."""
        if self.kind == "basic":
            pair = b64encode(f"{self.name}:{self.secret}".encode()).decode()
            return {"Authorization": f"Basic {pair}"}
        if self.kind == "bearer":
            return {"Authorization": f"Bearer {self.secret}"}
        return {self.name: self.secret} if self.kind == "header" else {}


def opened(sealed: str, project_id: int) -> RemoteSignIn | None:
    """What was stored; None when nothing is. Raises :class:`~ropewalk.core.sealing.SealBroken`."""
    if not sealed:
        return None
    return RemoteSignIn(*json.loads(sealing.unseal(sealed, purpose=REMOTE_PURPOSE, project_id=project_id)))


def checked_sign_in(place: Place, kind: str, name: str, secret: str) -> RemoteSignIn | None:
    """A sign-in that fits the place, None for empty fields. Raises :class:`Invalid`, which repeats no secret."""
    if not name and not secret:
        return None
    kind = "s3" if place.kind == "s3" else kind
    if kind not in KINDS or (kind == "s3") != (place.kind == "s3"):
        raise Invalid("This kind of sign-in does not fit the remote.", code="bad_sign_in")
    if not secret or (kind != "bearer" and not name):
        raise Invalid("A sign-in needs both its parts.", code="bad_sign_in")
    if any(ord(sign) < 32 or ord(sign) == 127 for sign in name + secret) or len(name) + len(secret) > 4096:
        raise Invalid("The sign-in has a sign that can't be sent, or is too long.", code="bad_sign_in")
    if kind == "basic" and ":" in name:
        raise Invalid("A user name can't have a colon.", code="bad_sign_in")
    if kind in {"header", "bearer", "s3"} and not (name + secret).isascii():
        raise Invalid("The sign-in has a sign that can't be sent.", code="bad_sign_in")
    if kind == "header" and (not _HEADER.fullmatch(name) or name.lower() in _FORBIDDEN_HEADERS):
        raise Invalid("This is not the name of a header that may be sent.", code="bad_sign_in")
    return RemoteSignIn(kind, name, secret)


class RemoteReader:
    """Objects of one place. Resolves its host once; safe to share between threads. Close it."""

    def __init__(self, place: Place, sign_in: RemoteSignIn | None, *, connections: int) -> None:
        self._place, self._sign_in = place, sign_in
        target = outbound.resolve(f"{place.base}/", SCHEMES)
        # A signature of S3 is for one host: where a bucket leads elsewhere, its region is wrong.
        self._http = (
            PinnedHttp(target, connections=connections)
            if place.kind == "s3"
            else LedOnHttp(target, SCHEMES, connections=connections)
        )

    def close(self) -> None:
        """Close kept connections."""
        self._http.close()

    @contextmanager
    def open(self, address: ObjectAddress, *, limit: int) -> Iterator[Iterator[bytes]]:
        """The object's blocks, of at most ``limit`` bytes in all; asks again where the server stumbled.

        Raises :class:`NotThere`, :class:`RemoteRefused`, :class:`TooLarge`, :class:`BrokenAnswer`, and where a server leads on
        :class:`~ropewalk.core.led_on.LedAstray` and :class:`~ropewalk.core.outbound.AddressRefused`.
        """
        path = self._place.path(address)
        for pause in (*_PATIENCE, None):
            with self._http.get(path, self._headers(path)) as answer:
                if answer.status < 500 and answer.status != 429:
                    self._judge(answer)
                    yield _bounded(answer, limit)
                    return
            if pause is not None:
                time.sleep(pause)
        raise BrokenAnswer("The remote answers with errors of its own.", hint="Try again later.")

    def _headers(self, path: str) -> dict[str, str]:
        if self._sign_in is None:
            return {}
        if self._sign_in.kind != "s3":
            return self._sign_in.headers()
        return signed(
            f"{self._place.base.split('://')[0]}://{self._http.host_header}{path}",
            region=self._place.region,
            key_id=self._sign_in.name,
            secret=self._sign_in.secret,
        )

    def _judge(self, answer: Answer) -> None:
        status = answer.status
        if status == 200:
            return
        if 300 <= status < 400:
            _other_region(answer)
            raise RemoteRefused(
                "The remote sends to another address. Give the address that it sends to.", code="redirected"
            )
        code = _s3_code(answer) if self._place.kind == "s3" and status in {400, 403} else ""
        if code == "AuthorizationHeaderMalformed":
            _other_region(answer)
        if status == 401 or code in _SIGN_IN_CODES or code == "AuthorizationHeaderMalformed":
            if self._sign_in is None:
                raise RemoteRefused("The remote asks for a sign-in.", code="sign_in_needed")
            raise RemoteRefused("The remote did not accept the sign-in.", hint="Check its name and secret.")
        if status in {403, 404, 410}:
            raise NotThere(denied=status == 403)
        raise RemoteRefused(
            f"The remote does not take the request (status {status}).",
            hint="It may need a sign-in, another kind of one, or another address.",
            code="bad_answer",
        )


def _other_region(answer: Answer) -> None:
    region = answer.headers.get("x-amz-bucket-region", "")
    if re.fullmatch(r"[a-z0-9-]{1,40}", region):
        raise RemoteRefused(f"The bucket is in the region {region}. Try again with it.", code="other_region")


def _s3_code(answer: Answer) -> str:
    try:
        found = _S3_CODE.search(next(answer.blocks, b"")[:16384])
    except BrokenAnswer:
        return ""
    return found[1].decode() if found else ""


def _bounded(answer: Answer, limit: int) -> Iterator[bytes]:
    declared = answer.headers.get("content-length", "")
    if declared.isdigit() and int(declared) > limit:
        raise TooLarge(f"The object has {declared} bytes; the limit is {limit}.")
    total = 0
    for block in answer.blocks:
        total += len(block)
        if total > limit:
            raise TooLarge(f"The object has more than {limit} bytes, the limit.")
        yield block
