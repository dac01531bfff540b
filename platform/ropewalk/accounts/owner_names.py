"""Taking and changing names in the namespace that people and organizations share.

A name that an owner gave up leads to the owner, and is kept from others, for the operator's grace time (``FormerOwnerName``).
Whoever takes, gives up or looks for a free name holds the lock of that name, so that of two one gets it.
"""

from collections.abc import Collection
from datetime import timedelta

from django.conf import settings
from django.db import IntegrityError, transaction

from ropewalk.accounts.models import FormerOwnerName, Owner, OwnerKind, User
from ropewalk.accounts.names import check_owner_name, matching_name
from ropewalk.core import audit, clock
from ropewalk.core.errors import Conflict, NotFound
from ropewalk.core.locks import lock_in_transaction

MAX_FORMER_NAMES = 5  # each is kept from everybody else


def reserve_owner(
    *, slug: str, kind: OwnerKind, display_name: str = "", former_of: Collection[int] = ()
) -> Owner:
    """Take a name. Raises :class:`Invalid` for a bad one, :class:`Conflict` for a taken one.

    ``former_of``: the owners who may give up a former name of theirs for it; it leads to them no more.
    """
    check_owner_name(slug)
    try:
        with transaction.atomic():
            _take(slug, former_of)
            return Owner.objects.create(slug=slug, kind=kind, display_name=display_name[:100])
    except IntegrityError:
        raise _taken(slug) from None


def rename_owner(*, owner_id: int, name: str) -> None:
    """Give a person or organization another name, in the addresses of all their projects and for signing in.

    Raises :class:`Invalid` for a bad name, :class:`Conflict` for a taken one or for one rename too many.
    """
    check_owner_name(name)
    try:
        with transaction.atomic():
            _rename(owner_id, name)
    except IntegrityError:
        raise _taken(name) from None


def _rename(owner_id: int, name: str) -> None:
    before = Owner.objects.filter(pk=owner_id).values_list("slug", flat=True).first() or ""
    for one in sorted({before.lower(), name.lower()}):
        _lock(one)
    owner = Owner.objects.select_for_update().filter(pk=owner_id).first()
    if owner is None:
        raise NotFound("There is no such person or organization.")
    if owner.slug != before:
        raise Conflict("The name has just been changed by somebody else.", hint="Look again.", code="moved")
    if name == before:
        return
    _take(name, [owner_id])
    owner.slug = name
    owner.save(update_fields=["slug"])
    User.objects.filter(owner_id=owner_id).update(username=name)
    if name.lower() != before.lower():
        _keep(owner, before)
    audit.record("owner.renamed", subject=name, owner_id=owner_id, detail={"before": before, "after": name})


def _take(slug: str, former_of: Collection[int]) -> None:
    """Let nobody else have the name until the transaction ends; what led on from it ends."""
    _lock(slug)
    former = FormerOwnerName.objects.filter(matching_name("slug", slug))
    if former.filter(until__gt=clock.now()).exclude(owner_id__in=former_of).exists():
        raise _taken(slug)
    former.delete()


def _keep(owner: Owner, slug: str) -> None:
    if settings.ROPEWALK_NAME_GRACE_DAYS <= 0:
        return
    now = clock.now()
    if FormerOwnerName.objects.filter(owner=owner, until__gt=now).count() >= MAX_FORMER_NAMES:
        raise Conflict(
            f"{MAX_FORMER_NAMES} former names are kept for {slug}, which is the limit.",
            hint="Take one of them again, or wait until one is no longer kept.",
            code="too_many_names",
        )
    until = now + timedelta(days=settings.ROPEWALK_NAME_GRACE_DAYS)
    FormerOwnerName.objects.create(owner=owner, slug=slug, until=until)


def _lock(slug: str) -> None:
    lock_in_transaction(f"owner-name:{slug.lower()}")


def _taken(slug: str) -> Conflict:
    return Conflict(f"The name “{slug}” is taken.", hint="Choose another one.", code="name_taken")


def sweep_former_owner_names() -> int:
    """Remove former names whose time is over; how many."""
    return FormerOwnerName.objects.filter(until__lte=clock.now()).delete()[0]
