"""Reads of projects. Who may see one is decided in :mod:`ropewalk.access`; these take ids or a prepared filter."""

from collections.abc import Iterable

from django.db.models import Q, QuerySet

from ropewalk.accounts.models import Membership, User
from ropewalk.accounts.names import matching_name
from ropewalk.accounts.selectors import owner_id_of_former, owner_ids_named
from ropewalk.core import clock
from ropewalk.core.pagination import Page, paginate
from ropewalk.projects.models import Collaborator, FormerName, Project, ProjectTransfer, Visibility
from ropewalk.projects.types import (
    OFFER_TIME,
    CollaboratorView,
    DeletedProject,
    FormerNameView,
    ProjectView,
    TransferView,
)


def view_of(project: Project) -> ProjectView:
    """The frozen view of a row whose owner is loaded."""
    return ProjectView(
        id=project.pk,
        owner_id=project.owner_id,
        owner=project.owner.slug,
        owner_kind=project.owner.kind,
        slug=project.slug,
        description=project.description,
        visibility=project.visibility,
        default_branch=project.default_branch,
        key_metric=project.key_metric,
        created_at=project.created_at,
        updated_at=project.updated_at,
        archived=project.archived_at is not None,
        mirror_of=project.mirror_of,
        forked_from_id=project.forked_from_id,
    )


def _live() -> "QuerySet[Project]":
    return Project.objects.select_related("owner").filter(deleted_at__isnull=True)


def project_by_id(project_id: int) -> ProjectView | None:
    """A project by id, for workers and jobs; None when it was deleted."""
    project = _live().filter(pk=project_id).first()
    return view_of(project) if project else None


def projects_by_id(project_ids: Iterable[int]) -> dict[int, ProjectView]:
    """Projects by id, in one query."""
    return {project.pk: view_of(project) for project in _live().filter(pk__in=set(project_ids))}


def find_former(owner: str, slug: str) -> ProjectView | None:
    """The project that is still found by this name, because it or its owner was called so.

    Only the gate calls this, and only after :func:`ropewalk.projects.standing.find`.
    """
    owner_id = owner_id_of_former(owner)
    if owner_id is not None:
        project = _live().filter(matching_name("slug", slug), owner_id=owner_id).first()
        if project is not None:
            return view_of(project)
    rows = FormerName.objects.unscoped("the name says which project").filter(
        matching_name("slug", slug), until__gt=clock.now(), project__deleted_at__isnull=True
    )
    named = matching_name("owner__slug", owner) if owner_id is None else Q(owner_id=owner_id)
    row = rows.filter(named).select_related("project__owner").first()
    return view_of(row.project) if row else None


def former_names(project_id: int) -> list[FormerNameView]:
    """The names under which a project is still found beside its own, the longest kept first (at most fifty)."""
    rows = FormerName.objects.for_project(project_id).select_related("owner").filter(until__gt=clock.now())
    return [FormerNameView(row.owner.slug, row.slug, row.until) for row in rows.order_by("-until", "-pk")]


def transfer_of(project_id: int) -> TransferView | None:
    """The offer of a project that waits for an answer."""
    row = _waiting(ProjectTransfer.objects.for_project(project_id)).first()
    return _transfer_view(row) if row else None


def transfers_to(owner_ids: Iterable[int], *, page: int = 1, per_page: int = 30) -> Page[TransferView]:
    """What is offered to these owners, the newest first."""
    rows = _waiting(ProjectTransfer.objects.unscoped("offers to somebody who has no role there"))
    found = rows.filter(to_owner_id__in=set(owner_ids)).order_by("-asked_at", "-pk")
    return paginate(found, page=page, per_page=per_page, convert=_transfer_view)


def transfer_to(owner_ids: Iterable[int], transfer_id: int) -> TransferView | None:
    """One of :func:`transfers_to`."""
    rows = _waiting(ProjectTransfer.objects.unscoped("an offer to somebody who has no role there"))
    row = rows.filter(pk=transfer_id, to_owner_id__in=set(owner_ids)).first()
    return _transfer_view(row) if row else None


def transfer_by_name(owner_ids: Iterable[int], owner: str, slug: str) -> TransferView | None:
    """The offer to one of these owners of the project with this name."""
    rows = _waiting(ProjectTransfer.objects.unscoped("an offer to somebody who has no role there"))
    named = rows.filter(matching_name("project__owner__slug", owner), matching_name("project__slug", slug))
    row = named.filter(to_owner_id__in=set(owner_ids)).first()
    return _transfer_view(row) if row else None


def _waiting(rows: "QuerySet[ProjectTransfer]") -> "QuerySet[ProjectTransfer]":
    live = rows.filter(asked_at__gt=clock.now() - OFFER_TIME, project__deleted_at__isnull=True)
    return live.select_related("project__owner", "to_owner", "asked_by")


def _transfer_view(row: ProjectTransfer) -> TransferView:
    return TransferView(
        id=row.pk,
        project_id=row.project_id,
        owner=row.project.owner.slug,
        slug=row.project.slug,
        to_owner_id=row.to_owner_id,
        to_owner=row.to_owner.slug,
        asked_by_id=row.asked_by_id,
        asked_by=row.asked_by.username,
        asked_at=row.asked_at,
    )


def deleted_projects(owner: str, slug: str) -> list[DeletedProject]:
    """The deleted projects that had this name, the last deleted first; a name can be used and deleted many times."""
    rows = Project.objects.select_related("owner").filter(
        matching_name("owner__slug", owner), matching_name("slug", slug), deleted_at__isnull=False
    )
    return [_deleted_view(row) for row in rows.order_by("-deleted_at")]


def deleted_projects_of(
    owner_ids: Iterable[int], *, page: int = 1, per_page: int = 50
) -> Page[DeletedProject]:
    """What was deleted in these owners' names and can still be restored, the last deleted first."""
    rows = _restorable(owner_ids).order_by("-deleted_at", "-pk")
    return paginate(rows, page=page, per_page=per_page, convert=_deleted_view)


def deleted_project_of(owner_ids: Iterable[int], project_id: int) -> DeletedProject | None:
    """One of :func:`deleted_projects_of`; None for what is not theirs, not deleted, or under removal."""
    row = _restorable(owner_ids).filter(pk=project_id).first()
    return _deleted_view(row) if row else None


def _restorable(owner_ids: Iterable[int]) -> "QuerySet[Project]":
    return Project.objects.select_related("owner").filter(
        owner_id__in=set(owner_ids), deleted_at__isnull=False, purge_started_at__isnull=True
    )


def _deleted_view(row: Project) -> DeletedProject:
    if row.deleted_at is None:
        raise ValueError(f"project {row.pk} is not deleted")
    return DeletedProject(
        row.pk, row.owner_id, row.owner.slug, row.slug, row.deleted_at, row.purge_started_at is not None
    )


def visible_to(user_id: int | None) -> Q:
    """The condition under which a person may see a project; None is somebody who did not sign in."""
    if user_id is None:
        return Q(visibility=Visibility.PUBLIC)
    return Q(visibility__in=[Visibility.PUBLIC, Visibility.INTERNAL]) | belongs_to(user_id)


def belongs_to(user_id: int) -> Q:
    """The condition under which a project is one of a person's own: owned, through an organization, or by collaboration."""
    return (
        Q(owner_id__in=User.objects.filter(pk=user_id).values("owner_id"))
        | Q(owner_id__in=Membership.objects.filter(user_id=user_id).values("organization__owner_id"))
        | Q(
            pk__in=Collaborator.objects.unscoped("one person's projects")
            .filter(user_id=user_id)
            .values("project_id")
        )
    )


def list_projects(
    viewer_id: int | None,
    *,
    owner_id: int | None = None,
    mine: bool = False,
    text: str = "",
    page: int = 1,
    per_page: int = 30,
) -> Page[ProjectView]:
    """Projects that the viewer may see, last changed first; optionally of one owner, only their own, or matching a text."""
    rows = _live().filter(visible_to(viewer_id))
    if owner_id is not None:
        rows = rows.filter(owner_id=owner_id)
    if mine:
        rows = rows.filter(belongs_to(viewer_id)) if viewer_id is not None else rows.none()
    rows = rows.filter(_says(text))
    return paginate(rows.order_by("-updated_at", "-pk"), page=page, per_page=per_page, convert=view_of)


def namesakes(project: ProjectView, user_id: int, *, limit: int) -> list[ProjectView]:
    """Other projects of this name that are a person's own."""
    rows = _live().filter(belongs_to(user_id), slug__iexact=project.slug).exclude(pk=project.id)
    return [view_of(row) for row in rows.order_by("pk")[:limit]]


def _says(text: str) -> Q:
    """The condition that every word is in a project's name, its owner's or its description. Asks for the owners first.

    Owners by id, not by a join: so each side of the "or" has an index of its own.
    """
    words = text.replace("\0", "").replace("/", " ").split()[:5]
    owners = owner_ids_named(words) if words else {}
    condition = Q()
    for word in words:
        condition &= Q(slug__icontains=word) | Q(description__icontains=word) | Q(owner_id__in=owners[word])
    return condition


def find_projects(viewer_id: int | None, text: str, *, limit: int) -> list[ProjectView]:
    """Projects that the viewer may see and that have every word: those named so first, the last changed of the others next.

    Three queries; nothing without a text.
    """
    owner, _, slug = text.replace("\0", "").strip().rpartition("/")
    if not text.strip() or limit < 1:
        return []
    visible = _live().filter(visible_to(viewer_id))
    named = visible.filter(slug__iexact=slug)
    if owner:
        named = named.filter(owner__slug__iexact=owner)
    found = list(named.order_by("-updated_at", "-pk")[:limit])
    more = visible.filter(_says(text)).order_by("-updated_at", "-pk")[:limit]
    return [view_of(project) for project in dict.fromkeys([*found, *more])][:limit]


def collaborators(project_id: int, *, page: int = 1, per_page: int = 50) -> Page[CollaboratorView]:
    """The people with a role of their own in a project."""
    rows = Collaborator.objects.for_project(project_id).select_related("user").order_by("user__username")
    return paginate(
        rows,
        page=page,
        per_page=per_page,
        convert=lambda row: CollaboratorView(
            row.user_id,
            row.user.username,
            row.user.get_full_name() or row.user.username,
            row.role,
            row.created_at,
        ),
    )


def collaborator_role(project_id: int, user_id: int) -> str:
    """A person's own role in a project, or an empty string."""
    rows = Collaborator.objects.for_project(project_id).filter(user_id=user_id)
    return rows.values_list("role", flat=True).first() or ""


def collaborator_roles(project_ids: Iterable[int], user_id: int) -> dict[int, str]:
    """A person's own roles in several projects, by project."""
    rows = Collaborator.objects.unscoped("one person's roles").filter(
        project_id__in=set(project_ids), user_id=user_id
    )
    return dict(rows.values_list("project_id", "role"))
