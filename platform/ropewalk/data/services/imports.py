"""A project that begins as a copy of a repository somewhere else."""

from collections.abc import Callable

from django.conf import settings
from django.db import transaction

from ropewalk.core import audit, jobs, outbound
from ropewalk.core.errors import Conflict, Invalid, NotFound
from ropewalk.data.services.indexing import index_pushed_commits
from ropewalk.data.services.mirrors import follow, lead_elsewhere
from ropewalk.projects.models import Project
from ropewalk.projects.services import create_project
from ropewalk.quotas.services import require_room
from ropewalk.repos import fetching, refs
from ropewalk.repos import selectors as repositories
from ropewalk.repos import services as repos
from ropewalk.repos.models import PullMirror
from ropewalk.repos.services.syncing import note_end
from ropewalk.repos.signing_in import SignIn, read_sign_in
from ropewalk.repos.types import IMPORT_REPOSITORY, ZERO

Report = Callable[[float, str], None]


def start_import(
    *,
    url: str,
    owner_id: int,
    slug: str,
    created_by_id: int,
    description: str,
    visibility: str,
    username: str = "",
    password: str = "",
    mirror_interval: int | None = None,
) -> Project:
    """Make the project and ask for the copy, in one transaction. A sign-in may also stand in the address, as git takes it.

    With ``mirror_interval`` (seconds, or 0) it then follows the address.

    Raises :class:`Invalid` for an address that is malformed or leads where nobody may be sent (the job looks again, at the
    addresses that it then connects to), :class:`Unavailable` for an unknown host, and what ``create_project`` raises.
    """
    target, sign_in = _checked(url, username, password)
    with transaction.atomic():
        project = create_project(
            owner_id=owner_id,
            slug=slug,
            created_by_id=created_by_id,
            description=description,
            visibility=visibility,
        )
        audit.record(
            "project.import_started",
            subject=str(project),
            project_id=project.pk,
            detail={"url": target.url, "signed_in": sign_in is not None},
        )
        repos.set_import_source(project_id=project.pk, url=target.url, sign_in=sign_in)
        if mirror_interval is not None:
            follow(project=project, address=target.url, interval=mirror_interval, sign_in=sign_in)
        _enqueue(project.pk, created_by_id)
    return project


def retry_import(
    *, project_id: int, user_id: int, url: str = "", username: str = "", password: str = ""
) -> None:
    """Run a failed import again, with another address or another sign-in where they are given.

    A sign-in that is kept is used again for the same address only. Raises :class:`Conflict` while the import runs or after it
    ended well, :class:`NotFound` for a project that is no import, and what :func:`start_import` raises for an address.
    """
    source, job = repositories.import_source(project_id), repositories.import_job(project_id)
    if source is None or job is None:
        raise NotFound("This project was not imported.")
    if job.state != "failed":
        raise Conflict("The import is not one that failed.", hint="Reload the page to see how far it is.")
    target, sign_in = _checked(url or source.url, username, password)
    with transaction.atomic():
        if sign_in or target.url != source.url:
            repos.set_import_source(project_id=project_id, url=target.url, sign_in=sign_in)
            lead_elsewhere(project_id=project_id, address=target.url, sign_in=sign_in)
        audit.record(
            "project.import_retried",
            project_id=project_id,
            detail={"url": target.url, "signed_in": sign_in is not None},
        )
        _enqueue(project_id, user_id)


def cancel_import(*, project_id: int, cancelled_by: str) -> bool:
    """End a waiting or running import; git ends within seconds. The sign-in is forgotten. False when it had ended already."""
    job = repositories.import_job(project_id)
    if job is None:
        raise NotFound("This project was not imported.")
    with transaction.atomic():
        if not jobs.cancel(job.id, public_message=f"{cancelled_by} cancelled it."):
            return False
        repos.forget_import_sign_in(project_id=project_id)
        audit.record("project.import_cancelled", project_id=project_id)
    return True


def _checked(url: str, username: str, password: str) -> tuple[outbound.Target, SignIn | None]:
    address, sign_in = read_sign_in(url, username, password)
    return outbound.resolve(address, fetching.SCHEMES), sign_in


def _enqueue(project_id: int, user_id: int) -> None:
    jobs.enqueue(
        IMPORT_REPOSITORY,
        subject=f"project:{project_id}",
        fingerprint="import",
        payload={},
        project_id=project_id,
        requested_by_id=user_id,
    )


def run_import(*, project_id: int, user_id: int | None, report: Report) -> dict[str, int]:
    """Copy branches and tags, write them down as one push and ask for the default branch's index.

    May be killed and run again at any point: refs change together at the end, and what a killed run changed is found and recorded
    first. Raises :class:`RopewalkError` in words for who asked.
    """
    project, source = Project.objects.get(pk=project_id), repositories.import_source(project_id)
    if source is None:
        raise NotFound(
            "The address of this import is not kept.", hint="Delete the project and import it again."
        )
    report(0.01, "Looking up the other server")
    target = outbound.resolve(source.url, fetching.SCHEMES)
    sign_in = repositories.import_sign_in(project_id)
    try:
        result = _copy(project, target, sign_in, user_id, report)
    except fetching.SignInRefused:
        repos.forget_import_sign_in(project_id=project_id)
        raise
    repos.forget_import_sign_in(project_id=project_id)
    return result


def _copy(
    project: Project, target: outbound.Target, sign_in: SignIn | None, user_id: int | None, report: Report
) -> dict[str, int]:
    project_id = project.pk
    repos.ensure_repository(project_id=project_id, default_branch=project.default_branch)
    repos.reconcile(project_id=project_id)
    before = refs.read_refs(project_id)
    offered = fetching.list_remote(
        project_id, target, sign_in, alive=lambda: report(0.02, "Waiting for the other server")
    )
    if not offered.names:
        raise Invalid("The repository has no branches and no tags.", hint="Push to this project instead.")
    require_room(project_id)
    report(0.05, f"Fetching {len(offered.names)} branches and tags")
    fetching.fetch_refs(
        project_id,
        target,
        offered.names,
        max_bytes=settings.ROPEWALK_MAX_IMPORT_BYTES,
        show=report,
        env=repos.pusher_environment(user_id or 0, "import"),
        sign_in=sign_in,
        room=lambda size: require_room(project_id, size),
    )
    report(0.92, "Recording what came")
    _record(project_id, user_id, before, offered.head)
    return {"refs": len(offered.names), "skipped": offered.skipped}


def _record(project_id: int, user_id: int | None, before: dict[str, str], head: str) -> None:
    after = refs.read_refs(project_id)
    changes = [
        (name, before.get(name, ZERO), sha) for name, sha in after.items() if before.get(name, ZERO) != sha
    ]
    with transaction.atomic():
        mirror = PullMirror.objects.for_project(project_id).select_for_update().first()
        if f"refs/heads/{head}" in after:
            try:
                repos.set_default_branch(project_id=project_id, name=head)
            except (
                Invalid
            ):  # a name that git takes and addresses can't carry: another branch becomes the default one
                pass
        repos.record_push(project_id=project_id, pusher_id=user_id, changes=changes)
        branch = Project.objects.values_list("default_branch", flat=True).get(pk=project_id)
        if tip := after.get(f"refs/heads/{branch}"):
            index_pushed_commits(project_id=project_id, shas=[tip], requested_by_id=user_id)
        if mirror is not None:
            mirror.upstream_head = head
            note_end(mirror)
