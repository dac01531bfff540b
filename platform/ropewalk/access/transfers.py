"""Who may give a project to whom, and who answers an offer."""

from django.db import transaction

from ropewalk.access.offer_mail import ask_to_tell
from ropewalk.access.roles import Permission, Role
from ropewalk.access.selectors import (
    ask_again,
    managed_owner_ids,
    may_manage_owner,
    resolve_owner,
    resolve_project,
    role_in,
)
from ropewalk.access.types import Actor, ProjectAccess
from ropewalk.accounts.selectors import user_by_id
from ropewalk.core.errors import Conflict, Denied, NotFound
from ropewalk.projects import selectors, services
from ropewalk.projects.types import TransferView


def transfer(access: ProjectAccess, to_owner: str) -> ProjectAccess | None:
    """Give a project to another owner: at once to oneself or an organization that one owns, else by an offer (None).

    Raises :class:`NotFound` about the owner, :class:`Conflict` about the name there or an offer that waits.
    """
    actor = ask_again(access, Permission.PROJECT_MOVE).actor
    receiver = resolve_owner(actor, to_owner)
    if may_manage_owner(actor, receiver):
        services.move_project(project_id=access.project.id, to_owner_id=receiver.id)
        return ask_again(access, Permission.PROJECT_VIEW)
    with transaction.atomic():
        offer = services.offer_project(
            project_id=access.project.id, to_owner_id=receiver.id, asked_by_id=actor.user_id or 0
        )
        ask_to_tell(offer)
    return None


def offer_named(actor: Actor, owner: str, slug: str) -> TransferView:
    """The offer of this project that the actor may answer. Raises :class:`NotFound`: what one is not offered is not told."""
    found = selectors.transfer_by_name(managed_owner_ids(actor), owner, slug)
    if found is None:
        raise NotFound(f"{owner}/{slug} is not offered to you.")
    return found


def accept_offer(actor: Actor, offer: TransferView) -> ProjectAccess:
    """Take an offered project. Who offered it must still be allowed to.

    Raises :class:`NotFound` when the offer is over, :class:`Denied` for who may not answer it, :class:`Conflict` when the offer
    does not stand any more or the receiver has a project of that name.
    """
    with transaction.atomic():
        _require_receiver(actor, offer)
        still = services.hold_offer(project_id=offer.project_id, to_owner_id=offer.to_owner_id)
        project = selectors.project_by_id(offer.project_id)
        asker = user_by_id(still.asked_by_id)
        if project is None or asker is None or role_in(project, asker.id) < Role.OWNER:
            raise Conflict(
                f"{still.asked_by} may not give {still.full_name} away any more.",
                hint="Ask its present owner for another offer.",
                code="offer_void",
            )
        services.move_project(project_id=project.id, to_owner_id=still.to_owner_id)
    moved = selectors.project_by_id(offer.project_id)
    if moved is None:
        raise NotFound("The project was deleted just now.")
    return resolve_project(actor, moved.owner, moved.slug, Permission.PROJECT_VIEW)


def refuse_offer(actor: Actor, offer: TransferView) -> None:
    """Answer no. Raises :class:`NotFound` when the offer is over, :class:`Denied` for who may not answer it."""
    _require_receiver(actor, offer)
    services.end_offer(project_id=offer.project_id, to_owner_id=offer.to_owner_id)


def _require_receiver(actor: Actor, offer: TransferView) -> None:
    if offer.to_owner_id not in managed_owner_ids(actor):
        raise Denied(f"Only {offer.to_owner} answers this offer.", code="role")
