"""Giving a project to another owner. Who may, :mod:`ropewalk.access.transfers` decides."""

from django.db import transaction

from ropewalk.accounts.models import Owner, User
from ropewalk.core import audit, clock
from ropewalk.core.errors import Conflict, NotFound
from ropewalk.projects.models import Collaborator, CollaboratorRole, Project, ProjectTransfer
from ropewalk.projects.selectors import transfer_of
from ropewalk.projects.services.names import keep_former_name, keep_place, locked_with_namespaces
from ropewalk.projects.services.projects import locked, record
from ropewalk.projects.types import OFFER_TIME, TransferView

MAX_OFFERS = 20  # that one person has waiting: each stands on somebody else's page


@transaction.atomic
def move_project(*, project_id: int, to_owner_id: int) -> None:
    """Put a project into another owner's namespace, with all that belongs to it; its address before leads on to it.

    Roles in the project stay. The person who had it becomes its maintainer; who has it now needs no role of their own. Locks both
    namespaces. Raises :class:`Conflict` when the name is taken there.
    """
    project = locked_with_namespaces(project_id, to_owner_id)
    before, old_owner_id = str(project), project.owner_id
    if old_owner_id == to_owner_id:
        raise Conflict("The project belongs to this owner already.", code="same_owner")
    ProjectTransfer.objects.for_project(project_id).delete()
    project.owner = Owner.objects.get(pk=to_owner_id)
    keep_place(project)
    keep_former_name(project, old_owner_id, project.slug)
    _settle_roles(project, old_owner_id)
    record("project.transferred", project, before=before, after=str(project))
    audit.record(  # in the log of whom it left, too
        "project.given_away",
        subject=project.slug,
        owner_id=old_owner_id,
        detail={"project": project_id, "before": before, "after": str(project)},
    )


def _settle_roles(project: Project, old_owner_id: int) -> None:
    own = Collaborator.objects.for_project(project.pk)
    own.filter(user__owner_id=project.owner_id).delete()
    before = User.objects.filter(owner_id=old_owner_id).first()
    if before is not None:
        Collaborator.objects.create(project=project, user=before, role=CollaboratorRole.MAINTAINER)


@transaction.atomic
def offer_project(*, project_id: int, to_owner_id: int, asked_by_id: int) -> TransferView:
    """Ask another owner to take a project. Raises :class:`Conflict` while another offer waits, or for one too many."""
    # Two at once: the second counts the first. Not the row's key: who accepts at this moment refers to it.
    User.objects.select_for_update(no_key=True).get(pk=asked_by_id)
    project = locked(project_id)
    if project.owner_id == to_owner_id:
        raise Conflict("The project belongs to this owner already.", code="same_owner")
    waiting = transfer_of(project_id)
    if waiting is not None:
        raise Conflict(
            f"The project is offered to {waiting.to_owner} already.",
            hint="Withdraw that offer first.",
            code="offered",
        )
    rows = ProjectTransfer.objects.unscoped("one person's offers").filter(asked_by_id=asked_by_id)
    if rows.filter(asked_at__gt=clock.now() - OFFER_TIME).count() >= MAX_OFFERS:
        raise Conflict(
            f"{MAX_OFFERS} offers of yours wait for an answer, which is the limit.",
            hint="Withdraw one, or wait for an answer.",
            code="too_many_offers",
        )
    ProjectTransfer.objects.for_project(project_id).delete()  # one whose time is over
    ProjectTransfer.objects.create(
        project=project, to_owner_id=to_owner_id, asked_by_id=asked_by_id, asked_at=clock.now()
    )
    offer = _waiting_offer(project_id)
    record("project.offered", project, to=offer.to_owner)
    return offer


@transaction.atomic
def end_offer(*, project_id: int, to_owner_id: int | None = None) -> None:
    """Withdraw an offer, or refuse it for the receiver ``to_owner_id``. Raises :class:`NotFound` when none waits."""
    project = locked(project_id)
    offer = _waiting_offer(project_id, to_owner_id)
    ProjectTransfer.objects.for_project(project_id).delete()
    verb = "project.offer_withdrawn" if to_owner_id is None else "project.offer_refused"
    record(verb, project, to=offer.to_owner)


def hold_offer(*, project_id: int, to_owner_id: int) -> TransferView:
    """A project's offer to this owner, which stands until the transaction ends. Raises :class:`NotFound` when none waits."""
    locked_with_namespaces(project_id, to_owner_id)
    return _waiting_offer(project_id, to_owner_id)


def _waiting_offer(project_id: int, to_owner_id: int | None = None) -> TransferView:
    offer = transfer_of(project_id)
    if offer is None or (to_owner_id is not None and offer.to_owner_id != to_owner_id):
        raise NotFound("This offer was withdrawn, answered, or its time is over.")
    return offer


def sweep_offers() -> int:
    """Remove offers whose time is over; how many."""
    rows = ProjectTransfer.objects.unscoped("upkeep of all").filter(asked_at__lte=clock.now() - OFFER_TIME)
    return rows.delete()[0]
