"""A project that begins as a fork of another one here: a repository of its own, data by reference.

Reading the parent is asked for when the fork is wanted, and again whenever its job takes something. A forker who loses it later
keeps what came until then, as somebody keeps a clone; nothing new comes. Runs, models and releases stay with the parent: they say
what happened there.
"""

from collections.abc import Callable

from django.conf import settings
from django.db import transaction

from ropewalk.access.roles import PERMISSIONS, Permission, Role
from ropewalk.access.selectors import may_create_in, resolve_owner, resolve_project, role_in
from ropewalk.access.types import Actor, ProjectAccess
from ropewalk.core import audit, jobs
from ropewalk.core.errors import Conflict, Denied, Invalid, NotFound, Unauthenticated
from ropewalk.core.locks import lock_in_transaction
from ropewalk.data.selectors import usage
from ropewalk.data.services.indexing import index_pushed_commits
from ropewalk.data.services.sharing import share_all
from ropewalk.projects import lineage
from ropewalk.projects import selectors as projects
from ropewalk.projects.models import Project
from ropewalk.projects.services import create_project, set_collaborator
from ropewalk.projects.types import ProjectView
from ropewalk.repos import copying, refs
from ropewalk.repos import services as repos
from ropewalk.repos.types import FORK_PROJECT, ZERO

Report = Callable[[float, str], None]
_READS = {Permission.CODE_READ, Permission.DATA_READ}
_WANTED = ("refs/heads/", "refs/tags/")


class ForkExists(Conflict):
    """The owner has a fork of this project already; ``fork`` says which."""

    code = "fork_exists"

    def __init__(self, fork: ProjectView) -> None:
        super().__init__(f"There is a fork of it already: {fork.full_name}.", hint="Use that one.")
        self.fork = fork


def start_fork(
    access: ProjectAccess,
    owner_name: str,
    *,
    slug: str = "",
    description: str | None = None,
    visibility: str = "",
    default_only: bool = False,
) -> ProjectAccess:
    """Make the fork and ask for its content, in one transaction; what its maker may do there.

    What is not given is as the parent's. Raises :class:`ForkExists`, :class:`Denied` about the parent or the owner,
    :class:`Invalid` and :class:`Conflict` about the name and the visibility.
    """
    actor, parent = access.actor, access.project
    if actor.user_id is None:
        raise Unauthenticated("Sign in to fork a project.")
    owner = resolve_owner(actor, owner_name)
    if not may_create_in(actor, owner):
        raise Denied(
            f"You may not create projects in {owner.slug}.", hint="Choose another owner.", code="role"
        )
    if not access.permissions >= _READS:
        raise Denied("Who forks a project must be allowed to read its code and its data.", code="role")
    if owner.id == parent.owner_id:
        raise Invalid(
            f"{parent.full_name} belongs to {owner.slug} already.",
            hint="Make a branch in it instead.",
            code="same_owner",
        )
    with transaction.atomic():
        lock_in_transaction(f"fork:{parent.id}:{owner.id}")
        if found := lineage.fork_in(owner.id, parent.id):
            raise ForkExists(found)
        fork = create_project(
            owner_id=owner.id,
            slug=slug or parent.slug,
            created_by_id=actor.user_id,
            description=parent.description if description is None else description,
            visibility=visibility or parent.visibility,
            default_branch=parent.default_branch,
            forked_from_id=parent.id,
        )
        made = resolve_project(actor, owner.slug, fork.slug, Permission.PROJECT_VIEW)
        if made.role < Role.MAINTAINER:
            set_collaborator(project_id=fork.pk, username=actor.username, role="maintainer")
            made = resolve_project(actor, owner.slug, fork.slug, Permission.PROJECT_VIEW)
        _ask(fork, actor, default_only=default_only)
    return made


def _ask(fork: Project, actor: Actor, *, default_only: bool) -> None:
    audit.record(
        "project.forked",
        subject=str(fork),
        project_id=fork.pk,
        owner_id=fork.owner_id,
        detail={"parent_id": str(fork.forked_from_id)},
    )
    jobs.enqueue(
        FORK_PROJECT,
        subject=f"project:{fork.pk}",
        fingerprint="begin",
        payload={"default_only": default_only, "code": True},
        project_id=fork.pk,
        requested_by_id=actor.user_id,
    )


def lender_of(project_id: int, user_id: int | None) -> ProjectView:
    """The project that this one was forked from, when somebody may read all of it now. Raises :class:`NotFound`."""
    parent_id = Project.objects.filter(pk=project_id).values_list("forked_from_id", flat=True).first()
    parent = projects.project_by_id(parent_id) if parent_id is not None else None
    if parent is None or not PERMISSIONS[role_in(parent, user_id)] >= _READS:
        raise NotFound(
            "The project that this one was forked from is not there any more, or you may not read it any more.",
            hint="What came until then is yours to keep.",
        )
    return parent


def run_fork(
    *, project_id: int, user_id: int | None, code: bool, default_only: bool, report: Report
) -> dict[str, int]:
    """Copy branches and tags (with ``code``), then refer to the parent's data.

    May be killed and run again at any point. Raises :class:`RopewalkError` in words for who asked.
    """
    report(0.01, "Looking at the project that it is forked from")
    parent = lender_of(project_id, user_id)
    copied = _copy_code(project_id, parent, user_id, default_only, report) if code else 0
    total = max(usage(parent.id).count, 1)

    def pause(seen: int) -> None:
        lender_of(project_id, user_id)
        report(min(0.6 + 0.39 * seen / total, 0.99), f"Referring to object {seen} of {total}")

    shared = share_all(lender_id=parent.id, borrower_id=project_id, pause=pause)
    return {"refs": copied, "objects": shared}


def _copy_code(
    project_id: int, parent: ProjectView, user_id: int | None, default_only: bool, report: Report
) -> int:
    repos.ensure_repository(project_id=project_id, default_branch=parent.default_branch)
    repos.reconcile(project_id=project_id)
    before = refs.read_refs(project_id)
    names = (f"refs/heads/{parent.default_branch}",) if default_only else _WANTED
    wanted = {
        name: sha
        for name, sha in refs.read_refs(parent.id).items()
        if name.startswith(_WANTED) and (name in names or not default_only) and name not in before
    }
    report(0.05, f"Copying {len(wanted)} branches and tags")
    copying.copy_refs(
        parent.id,
        project_id,
        wanted,
        max_bytes=settings.ROPEWALK_MAX_IMPORT_BYTES,
        show=lambda part, text: report(0.05 + part * 0.5, text),
        env=repos.pusher_environment(user_id or 0, "fork"),
    )
    _record(project_id, user_id, wanted)
    return len(wanted)


def _record(project_id: int, user_id: int | None, made: dict[str, str]) -> None:
    with transaction.atomic():
        repos.record_push(
            project_id=project_id,
            pusher_id=user_id,
            changes=[(name, ZERO, sha) for name, sha in made.items()],
        )
        branch = Project.objects.values_list("default_branch", flat=True).get(pk=project_id)
        if tip := refs.read_refs(project_id).get(f"refs/heads/{branch}"):
            index_pushed_commits(project_id=project_id, shas=[tip], requested_by_id=user_id)
