"""Fetching somebody else's repository into one of ours, over a connection that can go to one place only."""

import re
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import structlog
from django.conf import settings

from ropewalk.core import outbound
from ropewalk.core.errors import RopewalkError, TooLarge, Unprocessable
from ropewalk.repos import git, landing, refs
from ropewalk.repos.errors import GitTimeout
from ropewalk.repos.signing_in import SignIn, handed_to_git

log = structlog.get_logger("ropewalk.repos")

SCHEMES = ("https", "http", "git")
MAX_REFS = 20_000
SILENCE_SECONDS = 180.0
_LOOK_SECONDS = 0.5
_SAY_SECONDS = 1.0
_WANTED = ("refs/heads/", "refs/tags/")
_SHA1 = re.compile(r"[0-9a-f]{40}")
_STEP = re.compile(r"(Receiving objects|Resolving deltas): +(\d+)% \((\d+)/(\d+)\)(?:, ([\d.]+ [KMG]iB))?")
_TOLERATED = (
    "badTimezone", "missingSpaceBeforeDate", "zeroPaddedFilemode", "missingEmail", "badEmail",
    "missingNameBeforeEmail", "missingSpaceBeforeEmail", "zeroPaddedDate",
)  # fmt: skip
Show = Callable[[float, str], None]
Alive = Callable[[], None]
Room = Callable[[int], None]


class FetchFailed(Unprocessable):
    """The other server did not give its repository; the message says why, in our words and never in the server's."""

    code = "fetch_failed"


class RefGone(FetchFailed):
    """A ref that was offered a moment ago is not there any more."""

    code = "ref_gone"


class SignInNeeded(FetchFailed):
    """The other server wants to know who asks."""

    code = "sign_in_needed"


class SignInRefused(FetchFailed):
    """The other server does not take the sign-in that it was given."""

    code = "sign_in_refused"


@dataclass(frozen=True)
class Advertised:
    """What another server offers: branches and tags with good names and their values, and what its HEAD points to (or empty)."""

    tips: dict[str, str]
    skipped: int
    head: str

    @property
    def names(self) -> tuple[str, ...]:
        """The refs' names."""
        return tuple(self.tips)


def settings_for(target: outbound.Target) -> tuple[str, ...]:
    """Configuration with which git goes to the target's addresses only, and trusts nothing that comes from there."""
    return (
        "credential.helper=",
        "core.askPass=",
        "http.followRedirects=false",  # a redirect could lead anywhere; this stops dumb http's alternates too
        "http.proxy=",
        "http.emptyAuth=false",
        "http.lowSpeedLimit=1",
        "http.lowSpeedTime=60",
        f"http.curloptResolve={target.curl_resolve}",
        *((f"http.sslCAInfo={settings.ROPEWALK_CA_FILE}",) if settings.ROPEWALK_CA_FILE else ()),
        "transfer.bundleURI=false",
        "fetch.uriProtocols=",
        "transfer.fsckObjects=true",
        "fetch.fsck.missingTaggerEntry=ignore",
        *(f"fetch.fsck.{name}=warn" for name in _TOLERATED),
        "fetch.unpackLimit=1",
        "fetch.writeCommitGraph=false",
    )


def environment_for(target: outbound.Target) -> dict[str, str]:
    """The environment in which git speaks the target's protocol and no other."""
    return {
        "GIT_ALLOW_PROTOCOL": target.scheme,
        "GIT_OVERRIDE_VIRTUAL_HOST": f"{target.host}:{target.port}",
        "GIT_ASKPASS": "",
    }


def address_for(target: outbound.Target) -> str:
    """What git is given: its own protocol takes no list of addresses, so that it gets the resolved one."""
    return target.pinned_url if target.scheme == "git" else target.url


def list_remote(
    project_id: int, target: outbound.Target, sign_in: SignIn | None = None, alive: Alive = lambda: None
) -> Advertised:
    """Ask the other server for its branches and tags. Raises :class:`FetchFailed`, :class:`TooLarge`.

    ``alive`` is called each second while it says nothing; an exception of it ends git.
    """
    with (
        handed_to_git(target, sign_in) as (helper, held),
        git.Process(
            git.repository_path(project_id),
            [
                "ls-remote",
                "--quiet",
                "--symref",
                "--",
                address_for(target),
                "HEAD",
                *(f"{p}*" for p in _WANTED),
            ],
            config=(*settings_for(target), *helper),
            env=environment_for(target),
            pass_fds=held,
        ) as process,
    ):
        data, end = b"", time.monotonic() + SILENCE_SECONDS
        while block := _block(process, end, alive):
            data += block
            if len(data) > MAX_REFS * (refs.MAX_NAME_BYTES + 42):
                raise _too_many_refs()
        code = process.finish(timeout=10.0)
        if code:
            raise explained(process.detail, sign_in)
    return _read_list(data)


def _block(process: git.Process, end: float, alive: Alive) -> bytes:
    while True:
        try:
            return process.read(idle=_SAY_SECONDS)
        except GitTimeout:
            if time.monotonic() > end:
                raise FetchFailed(
                    "The other server did not answer in time.", hint="Try again later."
                ) from None
            alive()


def _read_list(data: bytes) -> Advertised:
    tips: dict[str, str] = {}
    skipped, head = 0, ""
    for line in data.splitlines():
        value, _, raw = line.partition(b"\t")
        if raw == b"HEAD" and value.startswith(b"ref: refs/heads/"):
            head = value[16:].decode("utf-8", "replace")
        if not raw.startswith(tuple(p.encode() for p in _WANTED)) or raw.endswith(b"^{}"):
            continue
        sha = value.decode("ascii", "replace")
        if not _SHA1.fullmatch(sha):
            raise FetchFailed("The repository uses SHA-256 names, which Ropewalk does not read yet.")
        if refs.fault_in(raw):
            skipped += 1
        else:
            tips[raw.decode()] = sha
    if len(tips) > MAX_REFS:
        raise _too_many_refs()
    return Advertised(tips, skipped, head)


def fetch_refs(
    project_id: int,
    target: outbound.Target,
    names: Sequence[str],
    *,
    max_bytes: int,
    show: Show,
    env: dict[str, str],
    sign_in: SignIn | None = None,
    under: str = "",
    room: Room = lambda _size: None,
) -> None:
    """Bring these refs over, all or none of them; a ref that went another way here is not overwritten.

    ``under`` gives them another place than ``refs/``, where they overwrite what is there. Nothing of it is in the repository
    before all came (:mod:`ropewalk.repos.landing`).
    Ends git when the repository grows beyond ``max_bytes`` or ``room`` raises for the bytes that came (both asked twice a second
    and at the end) or nothing comes for three minutes; so does an exception of ``show``, which is called each second. Raises
    :class:`FetchFailed`, :class:`TooLarge`.
    """
    before = landing.received(git.repository_path(project_id))

    def check(size: int) -> None:
        if before + size > max_bytes:
            raise TooLarge(
                f"The repository is larger than {max_bytes >> 20} MiB, the limit of this server.",
                hint="Its operator can raise ROPEWALK_MAX_IMPORT_BYTES.",
            )
        room(size)

    with landing.beside(project_id) as folder:
        with tempfile.TemporaryFile() as wanted, handed_to_git(target, sign_in) as (helper, held):
            wanted.write("".join(f"{name}:{name}\n" for name in names).encode())
            wanted.seek(0)
            with git.Process(
                folder,
                [*landing.FETCH, "--stdin", "--", address_for(target)],
                stdin=wanted,
                config=(*settings_for(target), *helper),
                env={**environment_for(target), **env},
                pass_fds=held,
            ) as process:
                _watch(process, folder, check, show)
                if process.finish(timeout=30.0):
                    raise explained(process.detail + "\n" + process.recent, sign_in)
        check(landing.received(folder))
        refspecs = [_refspec(name, under) for name in names]
        show(0.9, "Looking through what came")
        code, said = landing.land(
            project_id, folder, refspecs, env=env, alive=lambda: show(0.9, "Looking through what came")
        )
        if code:
            raise explained(said, sign_in)


def _refspec(name: str, under: str) -> str:
    return f"+{name}:{under}{name.removeprefix('refs/')}" if under else f"{name}:{name}"


def _watch(process: git.Process, folder: Path, check: Room, show: Show) -> None:
    last, since, said, step = ("", -1), time.monotonic(), 0.0, (0.05, "Waiting for the other server")
    while True:
        now = time.monotonic()
        try:
            ended = not process.read(idle=_LOOK_SECONDS, deadline=now + _LOOK_SECONDS)
        except GitTimeout:
            ended = False
        size = landing.received(folder)
        check(size)
        if ended:
            return
        if (process.recent, size) != last:
            last, since = (process.recent, size), now
        elif now - since > SILENCE_SECONDS:
            raise FetchFailed("The other server stopped sending.", hint="Try again later.")
        if now - said >= _SAY_SECONDS:
            said, step = now, _step(process.recent) or step
            show(*step)


def _step(text: str) -> tuple[float, str] | None:
    found = list(_STEP.finditer(text))
    if not found:
        return None
    what, percent, done, whole, size = found[-1].groups()
    if what == "Receiving objects":
        return 0.05 + int(percent) / 100 * 0.7, f"Receiving object {done} of {whole}" + (
            f", {size}" if size else ""
        )
    return 0.75 + int(percent) / 100 * 0.15, f"Resolving delta {done} of {whole}"


def _too_many_refs() -> TooLarge:
    return TooLarge(f"The repository has more than {MAX_REFS} branches and tags.")


_ASKS = re.compile(
    r"could not read Username|could not read Password|terminal prompts disabled|Authentication failed|error: 40[13]"
)
_REASONS = (
    (r"unable to update url base from redirection|error: 30\d",
     "The other server sends to another address. Give the address that it sends to."),
    (r"not found|error: 404|access denied or repository not exported|does not appear to be a git",
     "There is no repository at this address, or it is not readable for everybody."),
    (r"SSL certificate problem|certificate verif|CAfile",
     "The other server's certificate is not trusted here. The operator can name who signed it in ROPEWALK_CA_FILE."),
    (r"Could not resolve|Failed to connect|unable to connect|Connection refused|timed out",
     "The other server can't be reached."),
    (r"non-fast-forward|\[rejected\]", "A branch was changed here meanwhile; nothing was overwritten."),
    (r"fsck error|error in object|index-pack failed|invalid index-pack", "The repository's content is damaged."),
)  # fmt: skip


def explained(
    detail: str, sign_in: SignIn | None, otherwise: str = "The other server did not give its repository."
) -> RopewalkError:
    """Our words for what git wrote about the other server; ``otherwise`` where none of the known reasons fits."""
    # What the other server says reaches our log, and it knows the secret.
    log.warning("repos.fetch_failed", detail=(sign_in.scrubbed(detail) if sign_in else detail)[-2000:])
    if _ASKS.search(detail):
        if sign_in:
            return SignInRefused(
                "The other server did not accept the sign-in.",
                hint="Check the user name and the password or token, and that they may read this repository.",
            )
        return SignInNeeded("The other server asks for a sign-in.", hint="Give a user name and a token.")
    if "couldn't find remote ref" in detail:
        return RefGone("The other server's branches changed during the transfer.", hint="Try again.")
    for pattern, text in _REASONS:
        if re.search(pattern, detail):
            return FetchFailed(text)
    return FetchFailed(otherwise, hint="Check the address and try again.")


__all__ = [
    "SCHEMES",
    "Advertised",
    "FetchFailed",
    "RefGone",
    "SignInNeeded",
    "SignInRefused",
    "fetch_refs",
    "list_remote",
]
