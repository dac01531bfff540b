"""Changing refs and files for somebody at a page or the API: as a push that the server makes, by the same way and rules.

Object checks, size limit, rules for branches, compare-and-swap by the old value, the recorded push and its jobs are therefore one
code for all. A kill at any point leaves the refs old or new, and a new one unrecorded is found by the repair.
"""

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import replace

import structlog

from ropewalk.access.types import ProjectAccess
from ropewalk.core.errors import Busy, Conflict, Denied, Invalid
from ropewalk.core.locks import lock_within
from ropewalk.data.selectors import outputs
from ropewalk.data.services.pushes import finish_push, for_writing, start_push
from ropewalk.quotas.services import metered
from ropewalk.repos import refs
from ropewalk.repos import services as repos
from ropewalk.repos.edits import CommitRequest, Edit, MovePath, WriteFile, touched
from ropewalk.repos.pktline import FLUSH, Command, PushHead, packet
from ropewalk.repos.selectors import require_allowed
from ropewalk.repos.selectors.editing import exists, require_fitting
from ropewalk.repos.services import RefChange
from ropewalk.repos.services.building import built_commit
from ropewalk.repos.types import ZERO

log = structlog.get_logger("ropewalk.git")

_TRIES = 5
_PATIENCE = 30.0  # seconds that a writer waits for others on the same branch
_CAPABILITIES = frozenset({"report-status", "side-band-64k", "atomic", "delete-refs", "object-format=sha1"})
_EMPTY = b"PACK\0\0\0\2\0\0\0\0"
_SOME = "f" * 40  # a commit that is not made yet: rules ask only whether there will be one
Derived = Callable[[str], tuple[Edit, ...]]
EMPTY_PACK = _EMPTY + hashlib.sha1(_EMPTY, usedforsecurity=False).digest()


class RefMoved(Conflict):
    """A ref was changed by somebody else at the same time; nothing was changed here."""

    code = "ref_moved"

    def __init__(self, name: str) -> None:
        super().__init__(f"“{name}” changed meanwhile.", hint="Look at it again, then try once more.")


class TrackedByDvc(Conflict):
    """git would get a file where DVC has one: the next ``dvc`` command would refuse to work."""

    code = "tracked_by_dvc"

    def __init__(self, path: str, output: str) -> None:
        super().__init__(
            f"“{path}” can't go into git: DVC tracks “{output}”.",
            hint="Change it in a clone, then dvc add, dvc push, and push the commit.",
        )


def require_untracked(project_id: int, sha: str, edits: tuple[Edit, ...]) -> None:
    """Raise :class:`TrackedByDvc` for a file new to git where DVC tracks something, unless the commit ends that."""
    new = [
        edit.to if isinstance(edit, MovePath) else edit.path
        for edit in edits
        if isinstance(edit, MovePath | WriteFile)
    ]
    tracked = {item.path: item for item in outputs(project_id, sha) if item.cached} if sha and new else {}
    if not tracked:
        return
    ended = set(touched(edits))
    for path in new:
        parts = path.split("/")
        for depth in range(1, len(parts) + 1):
            output = tracked.get("/".join(parts[:depth]))
            if output is not None and output.pointer not in ended and not exists(project_id, sha, path):
                raise TrackedByDvc(path, output.path)


def change_refs(access: ProjectAccess, changes: list[RefChange], pack: Iterable[bytes] | None = None) -> None:
    """Make these changes of refs (name, old, new), all or none; ``pack`` brings the objects that the repository lacks.

    Raises :class:`RefMoved` when an old value is not the ref's any more, :class:`Denied` with the rule's words, :class:`Invalid`
    for names and objects that git refuses, :class:`~ropewalk.quotas.types.OverQuota` when there is no room for a pack.
    """
    access = for_writing(access)
    for name, _, _ in changes:
        _require_good_name(name)
    require_allowed(
        access, changes, onward=pack is not None
    )  # sooner than git's hook, which has the last word
    head = _head(changes)
    session = start_push(access, head)
    try:
        taking = session.feed(head.raw)
        if any(new != ZERO for _, _, new in changes):
            for block in (EMPTY_PACK,) if pack is None else metered(access.project.id, pack):
                taking = taking and session.feed(block)
        finish_push(access, session)
        text = b"".join(session)
    finally:
        session.close()
    if session.accepted >= {name for name, _, _ in changes}:
        return
    _explain(access, changes, text)


def _require_good_name(name: str) -> None:
    if fault := refs.fault_in(name.encode("utf-8", "replace")):
        raise Invalid(f"“{_short(name)[:200]}” can't be used: {fault}.", code="bad_ref")


def _short(name: str) -> str:
    return name.removeprefix("refs/heads/").removeprefix("refs/tags/")


def _head(changes: list[RefChange]) -> PushHead:
    commands = tuple(Command(old, new, name.encode()) for name, old, new in changes)
    lines = [f"{command.old} {command.new} ".encode() + command.name for command in commands]
    lines[0] += b"\0 " + " ".join(sorted(_CAPABILITIES)).encode()
    return PushHead(commands, _CAPABILITIES, b"".join(map(packet, lines)) + FLUSH)


def _explain(access: ProjectAccess, changes: list[RefChange], answer: bytes) -> None:
    """Raise what fits: a moved ref, our hook's words, or that git refused the content."""
    now = refs.read_refs(access.project.id)
    for name, old, _ in changes:
        if now.get(name, ZERO) != old:
            raise RefMoved(_short(name))
    said = answer.decode("utf-8", "replace").partition("Ropewalk: ")[2].partition("\n")[0].strip()
    if said:
        raise Denied(said[:1].upper() + said[1:], code="protected_branch")
    log.warning(
        "git.change_refused", project=access.project.id, answer=answer[-2000:].decode("utf-8", "replace")
    )
    raise Invalid(
        "Git refused this content.",
        hint="Its checks found something unsafe, as a bad .gitmodules file; or it is larger than a push may be.",
        code="git_refused",
    )


def commit_edits(
    access: ProjectAccess,
    request: CommitRequest,
    check: Callable[[str], None] | None = None,
    derived: Derived | None = None,
) -> str:
    """Make one commit of the edits and move its branch there; the commit's name.

    When the branch moved since ``request.seen`` and nothing that the edits touch changed, the commit goes on top. ``check`` looks
    at each parent that is tried; ``derived`` gives more edits, made for that parent (conflicts are its own matter). Raises what
    :func:`require_fitting` and :func:`change_refs` raise, :class:`TrackedByDvc`, and :class:`Busy` when others are faster again
    and again.
    """
    project = access.project
    repos.ensure_repository(project_id=project.id, default_branch=project.default_branch)
    try:
        return _on_the_tip(access, request, check, derived)
    except RefMoved:
        pass
    # Who lost once stands in line with the others who did, so that many writers all get their turn.
    with lock_within(f"commit:{project.id}:{request.branch}", _PATIENCE):
        for _ in range(_TRIES):
            try:
                return _on_the_tip(access, request, check, derived)
            except RefMoved:
                continue
    raise Busy(f"Others are writing to “{request.branch}” all the time.", hint="Try again in a moment.")


def require_committable(access: ProjectAccess, request: CommitRequest) -> str:
    """Raise now what :func:`commit_edits` would only say when all is made: that this person may not, or that it can't fit.

    For who has to store something first. Returns the commit that the new one would follow (empty: there is none yet); the rules
    and the branch are asked once more when it lands.
    """
    access, name = for_writing(access), f"refs/heads/{request.branch}"
    _require_good_name(name)
    tip, parent = _ground(access.project.id, request)
    require_allowed(access, [(name, tip or ZERO, _SOME)], onward=True)
    if request.edits:
        require_fitting(access.project.id, request, parent)
        require_untracked(access.project.id, parent, request.edits)
    return parent


def _ground(project_id: int, request: CommitRequest) -> tuple[str, str]:
    """The branch's tip (empty: it is not there) and the commit that is to be followed."""
    tip = refs.read_refs(project_id).get(f"refs/heads/{request.branch}", "")
    if request.new_branch and tip:
        raise Conflict(
            f"There is already a branch “{request.branch}”.",
            hint="Choose another name.",
            code="branch_exists",
        )
    if not tip and not request.new_branch and request.seen:
        raise Conflict(
            f"The branch “{request.branch}” was deleted meanwhile.",
            hint="Commit to a new branch.",
            code="branch_gone",
        )
    return tip, request.seen if request.new_branch else tip


def _on_the_tip(
    access: ProjectAccess,
    request: CommitRequest,
    check: Callable[[str], None] | None,
    derived: Derived | None,
) -> str:
    """One try. Raises :class:`RefMoved` when somebody was faster."""
    project, ref = access.project, f"refs/heads/{request.branch}"
    tip, parent = _ground(project.id, request)
    if derived is None or request.edits:
        require_fitting(project.id, request, parent)
    require_untracked(project.id, parent, request.edits)
    if derived is not None:
        more = replace(request, edits=derived(parent), seen=parent)
        require_fitting(project.id, more, parent)
        request = replace(request, edits=request.edits + more.edits)
    if check is not None:
        check(parent)
    with built_commit(project.id, request, parent) as bench:
        change_refs(access, [(ref, tip or ZERO, bench.sha)], bench.pack())
        return bench.sha
