"""One command of one client, in a thread of its own: the same gate, the same intake of pushes and the same git as over HTTP."""

import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from uuid import uuid4

import structlog
from django.conf import settings
from django.db import connections

from ropewalk.access.roles import Permission
from ropewalk.access.selectors import resolve_project
from ropewalk.access.types import Actor, ProjectAccess
from ropewalk.core import audit, outages
from ropewalk.core.errors import Busy, NotFound, RopewalkError, TooLarge
from ropewalk.data.services import pushes
from ropewalk.edges.ssh.asked import parse
from ropewalk.edges.ssh.wire import Gone, Stalled, Wire
from ropewalk.repos import services as repos
from ropewalk.repos import transport
from ropewalk.repos.errors import GitFailed
from ropewalk.repos.pktline import PushHead, read_head, refusal
from ropewalk.repos.pushing import PushSession
from ropewalk.repos.transport import RECEIVE_PACK, UPLOAD_PACK
from ropewalk.repos.types import ZERO

log = structlog.get_logger("ropewalk.ssh")

_FETCHES = threading.BoundedSemaphore(24)
_PATIENCE = 20.0
_SILENCE = 600.0  # git speaks every five seconds while it works: neither side has anything to say any more
# A pusher's git counts and compresses in silence before it sends; a dead connection is noticed by keep-alives.
_THINKING = 1800.0
_DRAIN_SECONDS = 60.0
_DRAIN_BYTES = 1 << 30


@dataclass(frozen=True)
class Visit:
    """Somebody's command on an open channel. ``protocol`` is their ``GIT_PROTOCOL``."""

    wire: Wire
    actor: Actor
    address: str
    command: str
    protocol: str


def answer(visit: Visit) -> None:
    """Answer the command and close the channel. Never raises; holds no database connection afterwards."""
    structlog.contextvars.clear_contextvars()
    structlog.contextvars.bind_contextvars(request_id=uuid4().hex)
    started, outcome = time.perf_counter(), "failed"
    code = 1
    actor = visit.actor
    try:
        with audit.origin(audit.Origin(actor.user_id, actor.username, "ssh", visit.address)):
            outcome = _served(visit)
        code = 0
    except RopewalkError as error:
        outcome = error.code
        _tell(visit, error)
    except (Gone, Stalled, GitFailed) as error:
        outcome = type(error).__name__.lower()
    except Exception as error:
        away = outages.recognise(error)
        if away is None:
            log.exception("ssh.failed")
        outcome = away.code if away else outcome
        _tell(
            visit, away or RopewalkError("Something went wrong here.", hint="Try again; the log says more.")
        )
    finally:
        connections.close_all()
        visit.wire.finish(code)
        log.info(
            "ssh",
            user=actor.username,
            command=visit.command[:200],
            outcome=outcome,
            sent=visit.wire.sent,
            received=visit.wire.received_bytes,
            ms=round((time.perf_counter() - started) * 1000, 1),
        )


def _tell(visit: Visit, error: RopewalkError) -> None:
    hint = f"\n          {error.hint}" if error.hint else ""
    try:
        visit.wire.say(f"Ropewalk: {error.message}{hint}\n")
    except (Gone, Stalled):
        pass


def _served(visit: Visit) -> str:
    if not visit.command:
        _hello(visit)
        return "hello"
    asked = parse(visit.command)
    try:
        access = resolve_project(visit.actor, asked.owner, asked.project, Permission.CODE_READ)
    except NotFound as error:
        raise NotFound(
            error.message, hint=f"Check the name; your key speaks for {visit.actor.username}."
        ) from None
    if asked.service == RECEIVE_PACK:
        access = pushes.for_writing(access)
    if access.former:
        _lead_on(visit, access)
    repos.ensure_repository(project_id=access.project.id, default_branch=access.project.default_branch)
    connections.close_all()  # an exchange may last for hours
    (_fetch if asked.service == UPLOAD_PACK else _push)(visit, access)
    return "ok"


def _lead_on(visit: Visit, access: ProjectAccess) -> None:
    text = f"Ropewalk: {access.former} is {access.project.full_name} now. Use its new address:\n"
    visit.wire.say(f"{text}  git remote set-url origin {access.project.ssh_url}\n")


def _hello(visit: Visit) -> None:
    text = f"Hello {visit.actor.username}! Your key works. There is no shell here, but git: clone with\n"
    visit.wire.send(f"{text}  git clone {settings.ROPEWALK_SSH_URL}/OWNER/PROJECT.git\n".encode())


# --- fetching


def _fetch(visit: Visit, access: ProjectAccess) -> None:
    wire = visit.wire
    if not _FETCHES.acquire(timeout=_PATIENCE):
        raise Busy("Too many clones run at once.", hint="Try again in a minute.")
    try:
        process = transport.upload_pack_dialogue(access.project.id, visit.protocol)
    except BaseException:
        _FETCHES.release()
        raise

    def hand_in() -> None:
        try:
            for block in wire.blocks():
                process.write(block, idle=_SILENCE)
        except (Gone, GitFailed, BrokenPipeError):
            pass
        finally:
            process.close_input()

    speaker = threading.Thread(target=hand_in, name="ssh-fetch-input", daemon=True)
    try:
        speaker.start()
        while block := process.read(idle=_SILENCE):
            wire.send(block)
        if code := process.finish(timeout=10):
            log.info("git.upload_pack_ended", project=access.project.id, code=code, detail=process.detail)
    finally:
        process.end()
        wire.interrupt()
        speaker.join()
        process.kill()
        _FETCHES.release()


# --- pushing


def _push(visit: Visit, access: ProjectAccess) -> None:
    wire = visit.wire
    for block in transport.advertise(access.project.id, RECEIVE_PACK, visit.protocol, named=False):
        wire.send(block)
    incoming = _limited(wire)
    head, rest = read_head(incoming)
    if not head.commands:
        return
    if message := pushes.fault_in_names(head):
        _refuse(wire, head, "bad ref name", message)
        return
    if message := pushes.out_of_room(access, head):
        _refuse(wire, head, "over quota", message)
        return
    if not rest and any(command.new != ZERO for command in head.commands):
        rest = next(incoming, b"")  # only now is there something to receive
    session = pushes.start_push(access, head)
    connections.close_all()
    landing = threading.Event()
    try:
        session.when_read(lambda whole: _end(wire, access, session, landing if whole else None))
        _take(head, session, pushes.metered_pack(access, head, chain([rest] if rest else [], incoming)))
        _give(wire, session)
        if not landing.is_set():
            _drain(wire)
    except TooLarge as error:
        session.close()
        _refuse(wire, head, error.code.replace("_", " "), pushes.too_large(error))
    finally:
        session.close()


def _limited(wire: Wire) -> Iterator[bytes]:
    limit = settings.ROPEWALK_MAX_PUSH_BYTES + (8 << 20)  # the list of refs comes on top
    total = 0
    for block in wire.blocks(_THINKING):
        total += len(block)
        if total > limit:
            raise TooLarge("This push is larger than the limit for one push.")
        yield block


def _end(wire: Wire, access: ProjectAccess, session: PushSession, landing: threading.Event | None) -> None:
    """Git has the whole push (``landing``), or ended without it: in both cases nothing more is to be read for it."""
    try:
        if landing is not None:
            landing.set()
            pushes.finish_push(access, session)
    except Exception as error:
        if outages.recognise(error) is None:
            log.exception("ssh.push_not_finished")
        session.finish_input("the server could not check the push. Push again.")
    finally:
        connections.close_all()
        wire.interrupt()


def _take(head: PushHead, session: PushSession, incoming: Iterator[bytes]) -> None:
    taking = session.feed(head.raw)
    while taking and (block := next(incoming, b"")):
        taking = session.feed(block)
    session.end_input()


def _give(wire: Wire, session: PushSession) -> None:
    for packet in session:
        wire.send(packet)


def _refuse(wire: Wire, head: PushHead, reason: str, message: str) -> None:
    wire.send(refusal(head, reason, message))
    _drain(wire)


def _drain(wire: Wire) -> None:
    """After a refusal, read away within bounds what git still sends: closing earlier would hide the reason from its user."""
    end, left = time.monotonic() + _DRAIN_SECONDS, _DRAIN_BYTES
    try:
        while left > 0 and (seconds := end - time.monotonic()) > 0:
            block = wire.next_block(seconds, interruptible=False)
            if not block:
                return
            left -= len(block)
    except (Gone, Stalled):
        pass
