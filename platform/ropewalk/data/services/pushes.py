"""Receiving a push, whatever edge it comes through: its rules, its start, its last look at the gate, and what follows it."""

import threading
from collections.abc import Iterable, Iterator

from django.conf import settings
from django.db import transaction

from ropewalk.access.roles import Permission
from ropewalk.access.selectors import ask_again
from ropewalk.access.types import ProjectAccess
from ropewalk.core.errors import Busy, RopewalkError, TooLarge
from ropewalk.data.services.indexing import index_pushed_commits
from ropewalk.quotas.services import metered, refusal
from ropewalk.quotas.types import OverQuota
from ropewalk.releases.selectors import titles_of_tags
from ropewalk.repos import refs
from ropewalk.repos import services as repos
from ropewalk.repos.pktline import PushHead
from ropewalk.repos.pushing import PushSession
from ropewalk.repos.selectors import ref_rules
from ropewalk.repos.services import RefChange
from ropewalk.repos.transport import ReceivePack
from ropewalk.repos.types import ZERO, PushView

_SLOTS = threading.BoundedSemaphore(8)
_PATIENCE = 20.0
_SHOWN = 3


def for_writing(access: ProjectAccess) -> ProjectAccess:
    """Through the gate again, with what a push needs; also late in a long push, when things may have changed."""
    return ask_again(access, Permission.CODE_WRITE)


def fault_in_names(head: PushHead) -> str:
    """Why a push's list of refs is refused as a whole, in words for the pusher; empty when it is fine."""
    for command in head.commands:
        if fault := refs.fault_in(command.name):
            return f"Ropewalk: “{command.ref[:200]}” can't be pushed: {fault}.\n          Rename it and push again."
    return ""


def out_of_room(access: ProjectAccess, head: PushHead) -> str:
    """Why nothing more may be pushed, in words for the pusher; empty when there is room, and for a push that only deletes."""
    error = None if _only_deletes(head) else refusal(access.project.id)
    return _in_terminal(error) if error else ""


def metered_pack(access: ProjectAccess, head: PushHead, blocks: Iterable[bytes]) -> Iterator[bytes]:
    """What follows the list of refs. Raises :class:`~ropewalk.quotas.types.OverQuota` when it is more than there is room for."""
    return iter(blocks) if _only_deletes(head) else metered(access.project.id, blocks)


def _only_deletes(head: PushHead) -> bool:
    return all(command.new == ZERO for command in head.commands)


def _in_terminal(error: RopewalkError) -> str:
    return f"Ropewalk: {error.message}\n          {error.hint}"


def too_large(error: TooLarge) -> str:
    """What somebody reads whose push passed the limit for one push, or the room that is left."""
    if isinstance(error, OverQuota):
        return _in_terminal(error)
    return (
        f"Ropewalk: this push is larger than {settings.ROPEWALK_MAX_PUSH_BYTES >> 20} MiB, the limit for one push.\n"
        "          Push in parts, and keep large data in DVC (dvc add, dvc push) instead of git."
    )


def start_push(access: ProjectAccess, head: PushHead) -> PushSession:
    """Start receive-pack for somebody who may write. Raises :class:`Busy` when this process receives too many already."""
    project = access.project
    repos.ensure_repository(project_id=project.id, default_branch=project.default_branch)
    if not _SLOTS.acquire(timeout=_PATIENCE):
        raise Busy("Too many pushes run at once.", hint="Try again in a minute.")
    try:
        repos.free_refs(project_id=project.id, names=[command.ref for command in head.commands])
        receive = ReceivePack(
            project.id,
            pusher_id=access.actor.user_id or 0,
            pusher=access.actor.username,
            max_bytes=settings.ROPEWALK_MAX_PUSH_BYTES,
        )
    except BaseException:
        _SLOTS.release()
        raise
    return PushSession(head, receive, lambda changes: record_and_index(access, changes), _SLOTS.release)


def finish_push(access: ProjectAccess, session: PushSession) -> None:
    """The whole push was read: let it land by the rules of now if its sender may still write, else refuse it in words."""
    try:
        rules = ref_rules(for_writing(access), session.asked)
    except RopewalkError as error:
        session.finish_input(error.message)
    else:
        session.finish_input("ok", rules)


def record_and_index(access: ProjectAccess, changes: list[RefChange]) -> list[str]:
    """Write down what changed and ask for the index of each new tip, in one transaction; lines for the pusher's terminal."""
    with transaction.atomic():
        push = repos.record_push(
            project_id=access.project.id, pusher_id=access.actor.user_id, changes=changes
        )
        if push is None:
            return []
        if push.commits:
            index_pushed_commits(
                project_id=push.project_id, shas=list(push.commits), requested_by_id=access.actor.user_id
            )
    return [*_lines(access, push), *_bereft(access, push)]


def _bereft(access: ProjectAccess, push: PushView) -> list[str]:
    """What happened to releases whose tags went away or moved: they stay, and say so."""
    touched = {update.short: update for update in push.updates if update.kind == "tag" and not update.created}
    titles = titles_of_tags(access.project.id, touched, drafts=False)
    lines = []
    for tag, title in list(titles.items())[:_SHOWN]:
        what = (
            "has lost its tag"
            if touched[tag].deleted
            else "was made of another commit than its tag now names"
        )
        lines += [
            f"Ropewalk: the release “{title}” ({tag}) {what}.",
            f"          {access.project.url}/releases",
        ]
    return lines


def _lines(access: ProjectAccess, push: PushView) -> list[str]:
    shown = [
        update for update in push.updates if update.commit and update.kind in {"branch", "tag", "experiment"}
    ]
    lines = [""] if shown else []
    for update in shown[:_SHOWN]:
        lines.append(f"Ropewalk: indexing {update.commit[:8]} ({update.short})")
        lines.append(f"          {access.project.url}/commit/{update.commit}")
    if len(shown) > _SHOWN:
        lines.append(f"Ropewalk: and {len(shown) - _SHOWN} more, see {access.project.url}")
    return [*lines, ""] if lines else []
