"""Other servers that get a project's branches and tags: choosing them, ending them, and asking for a push."""

import secrets
from urllib.parse import urlsplit

from django.conf import settings
from django.db import IntegrityError, transaction

from ropewalk.core import audit, clock, jobs, outbound
from ropewalk.core.errors import Conflict, Denied, Invalid, NotFound
from ropewalk.core.models import Job
from ropewalk.projects.models import Project
from ropewalk.repos import sending
from ropewalk.repos.mirrors import MAX_PUSH_MIRRORS, checked_interval, next_time, place_of
from ropewalk.repos.models import PushMirror
from ropewalk.repos.services.syncing import ask, ask_again, note_end
from ropewalk.repos.signing_in import PUSH_PURPOSE, SignIn, read_sign_in
from ropewalk.repos.types import PUSH_TO_MIRROR

_ALL = "the schedule is one for all projects"


def add_push_mirror(
    *,
    project_id: int,
    address: str,
    username: str = "",
    password: str = "",
    interval: int = 0,
    sync_on_push: bool = True,
    requested_by_id: int | None = None,
) -> str:
    """Push branches and tags there from now on, at once for the first time; its key.

    What the other repository has besides goes. Raises :class:`Invalid` for an address that is malformed, leads where nobody may
    be sent, to this server or to what the project follows; :class:`Conflict` for one that is there already or one too many.
    """
    checked_interval(interval)
    plain, sign_in = read_sign_in(address, username, password)
    target = outbound.resolve(plain, sending.SCHEMES)
    if _is_here(target):
        raise Invalid("A project can't be pushed to the server that it is on.", code="mirror_loop")
    with transaction.atomic():
        project = Project.objects.select_for_update().filter(pk=project_id, deleted_at__isnull=True).first()
        if project is None:
            raise NotFound("There is no such project.")
        if project.mirror_of and _same_place(project.mirror_of, target.url):
            raise Invalid(
                "The project follows that repository; pushing to it would go in a circle.", code="mirror_loop"
            )
        row = _insert(project, target.url, sign_in, interval, sync_on_push)
        audit.record(
            "push_mirror.added",
            project_id=project_id,
            subject=row.key,
            detail={"url": target.url, "interval": interval, "signed_in": sign_in is not None},
        )
        _ask(row, "start", requested_by_id)
    return row.key


def _insert(
    project: Project, address: str, sign_in: SignIn | None, interval: int, sync_on_push: bool
) -> PushMirror:
    if PushMirror.objects.for_project(project.pk).count() >= MAX_PUSH_MIRRORS:
        raise Conflict(f"A project is pushed to at most {MAX_PUSH_MIRRORS} others.", code="too_many_mirrors")
    try:
        with transaction.atomic():
            return PushMirror.objects.create(
                project=project,
                key=secrets.token_hex(8),
                address=address,
                sign_in=sign_in.sealed(purpose=PUSH_PURPOSE, project_id=project.pk) if sign_in else "",
                interval=interval,
                sync_on_push=sync_on_push,
                created_at=clock.now(),
            )
    except IntegrityError:
        raise Conflict("The project is pushed there already.", code="mirror_exists") from None


def change_push_mirror(*, project_id: int, key: str, interval: int, sync_on_push: bool) -> None:
    """Set when it pushes. Raises :class:`Invalid`, :class:`NotFound`."""
    checked_interval(interval)
    with transaction.atomic():
        row = _row(project_id, key)
        row.interval, row.sync_on_push = interval, sync_on_push
        if row.asked_at is None:
            row.next_at = next_time(clock.now(), interval, row.failures)
        row.save()
        audit.record("push_mirror.changed", project_id=project_id, subject=key, detail={"interval": interval})


def remove_push_mirror(*, project_id: int, key: str) -> None:
    """Push there no more; the other repository keeps what it has, and the sign-in is forgotten here."""
    with transaction.atomic():
        row = _row(project_id, key)
        address = row.address
        row.delete()
        audit.record("push_mirror.removed", project_id=project_id, subject=key, detail={"url": address})


def request_push(*, project_id: int, key: str, cause: str, requested_by_id: int | None = None) -> None:
    """Ask for one push; one waits at a time. Raises :class:`NotFound`, :class:`Denied` for an archived project."""
    with transaction.atomic():
        row = _row(project_id, key)
        if row.project.archived_at is not None:
            raise Denied(f"{row.project} is archived: its mirrors rest.", code="archived")
        _ask_or_wait(row, cause, requested_by_id)


def request_pushes_after_change(project_id: int) -> None:
    """A branch or tag changed: ask for the pushes that follow each change. In the transaction that recorded it."""
    rows = PushMirror.objects.for_project(project_id).select_for_update().filter(sync_on_push=True)
    for row in rows.order_by("pk"):
        _ask_or_wait(row, "push", None)


def request_due_pushes() -> int:
    """Ask for the pushes whose time has come, as many as may run at once; how many. Ends those whose worker died for good."""
    _settle_lost()
    room = settings.ROPEWALK_MIRRORS_AT_ONCE - jobs.count_unfinished(PUSH_TO_MIRROR)
    asked = 0
    with transaction.atomic():
        due = (
            PushMirror.objects.unscoped(_ALL)
            .select_for_update(of=("self",), skip_locked=True)
            .filter(
                next_at__lte=clock.now(), project__deleted_at__isnull=True, project__archived_at__isnull=True
            )
            .order_by("next_at")
        )
        for row in due[: max(room, 0)]:
            if _active(row) is None:
                _ask(row, "schedule", None)
                asked += 1
    return asked


def _settle_lost() -> None:
    waiting = PushMirror.objects.unscoped(_ALL).filter(asked_at__isnull=False)
    for project_id, pk in list(waiting.values_list("project_id", "pk")):
        with transaction.atomic():
            row = PushMirror.objects.for_project(project_id).select_for_update().filter(pk=pk).first()
            if row is None or row.asked_at is None or _active(row) is not None:
                continue
            last = Job.objects.filter(
                project_id=project_id, kind=PUSH_TO_MIRROR.name, subject__startswith=subject_of(row)
            )
            job = last.order_by("-created_at").first()
            note_end(row, error=(job.error_message if job else "") or "The push ended without a word.")


def subject_of(row: PushMirror) -> str:
    """What its jobs are about."""
    return f"push:{row.key}"


def _active(row: PushMirror) -> Job | None:
    return jobs.unfinished(row.project_id, [PUSH_TO_MIRROR], subject=subject_of(row))


def _ask_or_wait(row: PushMirror, cause: str, by: int | None) -> None:
    active = _active(row)
    if active is None:
        _ask(row, cause, by)
    else:
        ask_again(row, active)


def _ask(row: PushMirror, cause: str, by: int | None) -> None:
    ask(row, PUSH_TO_MIRROR, project_id=row.project_id, subject=subject_of(row), cause=cause, by=by)


def _row(project_id: int, key: str) -> PushMirror:
    row = (
        PushMirror.objects.for_project(project_id)
        .select_for_update(of=("self",))
        .select_related("project__owner")
        .filter(key=key)
        .first()
    )
    if row is None:
        raise NotFound("There is no such mirror.", code="no_mirror")
    return row


def _is_here(target: outbound.Target) -> bool:
    """Whether the address leads to this very server: by the name under which it is known, or by its own port on this machine."""
    own = urlsplit(settings.ROPEWALK_URL)
    port = own.port or outbound.PORTS.get(own.scheme)
    if target.port == port and target.host == own.hostname:
        return True
    local = any(address.is_loopback or address.is_unspecified for address in target.addresses)
    return local and target.port in {port, settings.ROPEWALK_PORT}


def _same_place(one: str, other: str) -> bool:
    return place_of(one).lower() == place_of(other).lower()
