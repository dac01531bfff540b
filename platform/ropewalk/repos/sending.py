"""Pushing one of our repositories to another server, over a connection that can go to one place only."""

import re
import time
from dataclasses import dataclass

from ropewalk.core import outbound
from ropewalk.core.errors import RopewalkError
from ropewalk.repos import fetching, git
from ropewalk.repos.errors import GitTimeout
from ropewalk.repos.fetching import FetchFailed, Show
from ropewalk.repos.signing_in import SignIn, handed_to_git

SCHEMES = ("https", "http")  # git's own protocol knows no sign-in, so that nobody lets others push over it
# The other server may think for a while about a push that it has, before it says a word.
_SETTINGS = ("pack.threads=1", "push.negotiate=false", f"http.lowSpeedTime={int(fetching.SILENCE_SECONDS)}")
_MAX_REPORT = 32 << 20
_STEP = re.compile(r"(Counting|Compressing|Writing) objects: +(\d+)% \((\d+)/(\d+)\)")
_FLAGS = {"*": "new", " ": "moved", "+": "replaced", "-": "deleted", "!": "refused", "=": "same"}
_PLAIN = re.compile(r"[^ -~]+")


@dataclass(frozen=True)
class Sent:
    """What became of one ref on the other server; ``reason`` is the other server's own, short and plain, for a refused one."""

    name: str
    what: str
    reason: str


def send_refs(
    project_id: int, target: outbound.Target, *, show: Show, sign_in: SignIn | None = None
) -> list[Sent]:
    """Make the other server's branches and tags ours, whatever it had, and nothing else of it.

    What became of each that is not as it was. Ends git when nothing happens for three minutes; so does an exception of ``show``.
    Raises :class:`FetchFailed` when the other server takes nothing at all.
    """
    args = [
        "push",
        "--porcelain",
        "--progress",
        "--prune",
        "--force",
        "--no-verify",
        "--recurse-submodules=no",
    ]
    wanted = ["refs/heads/*:refs/heads/*", "refs/tags/*:refs/tags/*"]
    with (
        handed_to_git(target, sign_in) as (helper, held),
        git.Process(
            git.repository_path(project_id),
            [*args, "--", fetching.address_for(target), *wanted],
            config=(*fetching.settings_for(target), *helper, *_SETTINGS),
            env=fetching.environment_for(target),
            pass_fds=held,
        ) as process,
    ):
        report = _watch(process, show)
        code = process.finish(timeout=30.0)
    found = read_report(report)
    if code and not any(one.what == "refused" for one in found):
        raise _explained(f"{process.detail}\n{process.recent}", sign_in)
    return [one for one in found if one.what != "same"]


def read_report(report: bytes) -> list[Sent]:
    """The lines of ``git push --porcelain``: flag, refs, summary."""
    found = []
    for line in report.decode("utf-8", "replace").splitlines():
        flag, _, rest = line.partition("\t")
        pair, _, summary = rest.partition("\t")
        if flag not in _FLAGS or ":" not in pair:
            continue
        name = pair.rpartition(":")[2]
        reason = summary.partition("(")[2].removesuffix(")") if flag == "!" else ""
        found.append(Sent(name, _FLAGS[flag], _PLAIN.sub(" ", reason)[:100]))
    return found


def _watch(process: git.Process, show: Show) -> bytes:
    report, last, since, shown = b"", "", time.monotonic(), ""
    while True:
        now = time.monotonic()
        try:
            block = process.read(idle=0.5, deadline=now + 0.5)
        except GitTimeout:
            pass
        else:
            if not block:
                return report
            report, since = report + block, now
            if len(report) > _MAX_REPORT:
                raise FetchFailed("The other server's answer has no end.")
        if process.recent != last:
            last, since = process.recent, now
        elif now - since > fetching.SILENCE_SECONDS:
            raise FetchFailed("The other server stopped taking anything.", hint="Try again later.")
        if (step := _step(last)) and step[1] != shown:
            shown = step[1]
            show(*step)


def _step(text: str) -> tuple[float, str] | None:
    found = list(_STEP.finditer(text))
    if not found:
        return None
    what, percent, done, whole = found[-1].groups()
    if what == "Writing":
        return 0.1 + int(percent) / 100 * 0.85, f"Sending object {done} of {whole}"
    return 0.05, f"{what} objects, {percent} %"


def _explained(detail: str, sign_in: SignIn | None) -> RopewalkError:
    error = fetching.explained(detail, sign_in, "The other server did not take the push.")
    if isinstance(error, fetching.SignInRefused):
        error.hint = (
            "Check the user name and the password or token, and that they may write to that repository."
        )
    return error
