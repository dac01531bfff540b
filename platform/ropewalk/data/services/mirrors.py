"""Projects that follow a repository on another server: choosing it, ending it, and asking for a sync."""

import secrets
from urllib.parse import urlsplit

from django.conf import settings
from django.db import transaction
from django.db.models import Q

from ropewalk.core import audit, clock, jobs, outbound
from ropewalk.core.errors import Conflict, Denied, Invalid, NotFound
from ropewalk.core.models import Job
from ropewalk.data.types import SYNC_MIRROR
from ropewalk.projects.models import Project
from ropewalk.repos import fetching
from ropewalk.repos.mirrors import checked_interval, next_time
from ropewalk.repos.models import PullMirror
from ropewalk.repos.services.syncing import ask, ask_again, note_end
from ropewalk.repos.signing_in import MIRROR_PURPOSE, SignIn, read_sign_in
from ropewalk.repos.types import IMPORT_REPOSITORY

_KINDS = (SYNC_MIRROR, IMPORT_REPOSITORY)


def follow(*, project: Project, address: str, interval: int, sign_in: SignIn | None) -> None:
    """Make a project the mirror of an address that was checked; in the caller's transaction, which asks for the first sync."""
    checked_interval(interval)
    project.mirror_of = address
    project.save(update_fields=["mirror_of"])
    PullMirror.objects.create(
        project=project,
        interval=interval,
        hook_id=secrets.token_hex(16),
        created_at=clock.now(),
        asked_at=clock.now(),
        sign_in=_sealed(sign_in, project.pk),
    )
    audit.record(
        "mirror.started",
        subject=str(project),
        project_id=project.pk,
        detail={"url": address, "interval": interval, "signed_in": sign_in is not None},
    )


def lead_elsewhere(*, project_id: int, address: str, sign_in: SignIn | None) -> None:
    """Follow another address, or the same with another sign-in, if the project is a mirror; in the caller's transaction."""
    row = PullMirror.objects.for_project(project_id).select_for_update().first()
    if row is not None:
        row.sign_in = _sealed(sign_in, project_id)
        row.save(update_fields=["sign_in"])
        Project.objects.filter(pk=project_id).update(mirror_of=address)


def _sealed(sign_in: SignIn | None, project_id: int) -> str:
    return sign_in.sealed(purpose=MIRROR_PURPOSE, project_id=project_id) if sign_in else ""


def start_mirror(
    *,
    project_id: int,
    address: str,
    interval: int,
    requested_by_id: int,
    username: str = "",
    password: str = "",
) -> None:
    """From now on the project follows this address, and is brought in step at once: what only it has goes.

    Raises :class:`Invalid` for an address that is malformed, leads where nobody may be sent or is the project itself,
    :class:`Conflict` for a project that is a mirror already.
    """
    plain, sign_in = read_sign_in(address, username, password)
    target = outbound.resolve(plain, fetching.SCHEMES)
    with transaction.atomic():
        project = _locked(project_id)
        if project.mirror_of:
            raise Conflict(f"{project} is a mirror already.", hint="End that first.", code="mirror")
        if _is_own(target, project):
            raise Invalid("A project can't follow itself.", code="mirror_loop")
        follow(project=project, address=target.url, interval=interval, sign_in=sign_in)
        request_sync(project_id=project_id, cause="start", requested_by_id=requested_by_id)


def sign_mirror_in(*, project_id: int, username: str, password: str) -> None:
    """Use another sign-in from now on; two empty texts forget the one that is kept. Raises :class:`Invalid`."""
    with transaction.atomic():
        row = _mirror(project_id)
        _, sign_in = read_sign_in(row.project.mirror_of, username, password)
        row.sign_in = _sealed(sign_in, project_id)
        row.save(update_fields=["sign_in"])
        audit.record("mirror.sign_in", project_id=project_id, detail={"signed_in": sign_in is not None})


def change_mirror(*, project_id: int, interval: int) -> None:
    """Set the time between two syncs, in seconds; 0 for only when asked. Raises :class:`Invalid`, :class:`NotFound`."""
    checked_interval(interval)
    with transaction.atomic():
        row = _mirror(project_id)
        row.interval = interval
        if row.asked_at is None:
            row.next_at = next_time(clock.now(), interval, row.failures)
        row.save()
        audit.record("mirror.changed", project_id=project_id, detail={"interval": interval})


def renew_hook(*, project_id: int) -> None:
    """Give the webhook a new address and secret; the old ones mean nothing from now on."""
    with transaction.atomic():
        row = _mirror(project_id)
        row.hook_id = secrets.token_hex(16)
        row.save(update_fields=["hook_id"])
        audit.record("mirror.hook_renewed", project_id=project_id)


def end_mirror(*, project_id: int) -> None:
    """Make it an ordinary project that keeps what it has. A sync that runs changes nothing more once it sees that."""
    with transaction.atomic():
        row = _mirror(project_id)
        project = _locked(project_id)
        address, project.mirror_of = project.mirror_of, ""
        project.save(update_fields=["mirror_of"])
        row.delete()
        audit.record("mirror.ended", subject=str(project), project_id=project_id, detail={"url": address})


def request_sync(*, project_id: int, cause: str, requested_by_id: int | None = None) -> None:
    """Ask for a sync. One waits at a time: while one runs, another follows it; while one waits, that is the answer.

    Raises :class:`NotFound` for a project that is no mirror, :class:`Denied` for an archived one.
    """
    with transaction.atomic():
        row = _mirror(project_id)
        if row.project.archived_at is not None:
            raise Denied(f"{row.project} is archived: its mirror rests.", code="archived")
        active = jobs.unfinished(project_id, _KINDS)
        if active is None:
            _ask(row, cause, requested_by_id)
        else:
            ask_again(row, active)


def request_due_syncs() -> int:
    """Ask for the syncs whose time has come, as many as may run at once; how many. Ends those whose worker died for good."""
    _settle_lost()
    room = settings.ROPEWALK_MIRRORS_AT_ONCE - jobs.count_unfinished(SYNC_MIRROR)
    asked = 0
    with transaction.atomic():
        due = (
            PullMirror.objects.unscoped("the schedule is one for all projects")
            .select_for_update(of=("self",), skip_locked=True)
            .select_related("project")
            .filter(
                next_at__lte=clock.now(), project__deleted_at__isnull=True, project__archived_at__isnull=True
            )
            .order_by("next_at")
        )
        for row in due[: max(room, 0)]:
            if jobs.unfinished(row.project_id, _KINDS) is None:
                _ask(row, "schedule", None)
                asked += 1
    return asked


def _settle_lost() -> None:
    rows = PullMirror.objects.unscoped("the schedule is one for all projects").filter(asked_at__isnull=False)
    for project_id in list(rows.values_list("project_id", flat=True)):
        with transaction.atomic():
            row = PullMirror.objects.for_project(project_id).select_for_update().first()
            if row is None or row.asked_at is None or jobs.unfinished(project_id, _KINDS) is not None:
                continue
            names = [kind.name for kind in _KINDS]
            last = (
                Job.objects.filter(Q(project_id=project_id), kind__in=names).order_by("-created_at").first()
            )
            note_end(row, error=(last.error_message if last else "") or "The sync ended without a word.")
            if (
                last is not None and last.error_code == jobs.CANCELLED
            ):  # nobody wants it to begin by itself again
                row.next_at = None
                row.save(update_fields=["next_at"])


def _ask(row: PullMirror, cause: str, requested_by_id: int | None) -> None:
    ask(row, SYNC_MIRROR, project_id=row.project_id, subject="sync", cause=cause, by=requested_by_id)


def _locked(project_id: int) -> Project:
    project = (
        Project.objects.select_for_update(of=("self",))
        .select_related("owner")
        .filter(pk=project_id, deleted_at__isnull=True)
        .first()
    )
    if project is None:
        raise NotFound("There is no such project.")
    return project


def _mirror(project_id: int) -> PullMirror:
    row = (
        PullMirror.objects.for_project(project_id)
        .select_for_update(of=("self",))
        .select_related("project__owner")
        .filter(project__deleted_at__isnull=True)
        .first()
    )
    if row is None:
        raise NotFound("This project is no mirror.", code="no_mirror")
    return row


def _is_own(target: outbound.Target, project: Project) -> bool:
    """Whether the address is this very project, by the address under which this server is known."""
    own = urlsplit(settings.ROPEWALK_URL)
    if target.host != own.hostname or target.port != (own.port or outbound.PORTS.get(own.scheme)):
        return False
    path = target.path.rstrip("/").removesuffix(".git").strip("/").lower()
    return path == str(project).lower()
