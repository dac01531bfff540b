"""Saving tables of runs under a name."""

from django.db import transaction

from ropewalk.core import clock
from ropewalk.core.errors import Invalid, NotFound
from ropewalk.core.locks import lock_in_transaction
from ropewalk.tracking.models import SavedView

MOST_VIEWS = 100
MOST_QUERY = 4000


def save_view(*, project_id: int, user_id: int, name: str, query: str, shared: bool) -> None:
    """Save a table under a name; one of the same person's and name is replaced. Raises :class:`Invalid`."""
    name = " ".join(name.split())
    if not name or len(name) > 80 or "\x00" in name:
        raise Invalid("A view's name has 1 to 80 characters.", code="bad_name")
    if len(query) > MOST_QUERY or "\x00" in query:
        raise Invalid(
            "This table's address is too long to be saved.",
            hint="Show fewer columns or use a shorter filter.",
        )
    with transaction.atomic():
        lock_in_transaction(f"saved views {project_id} {user_id}")
        mine = SavedView.objects.for_project(project_id).filter(owner_id=user_id)
        now = clock.now()
        if mine.filter(name=name).update(query=query, shared=shared, updated_at=now):
            return
        if mine.count() >= MOST_VIEWS:
            raise Invalid(
                f"You have {MOST_VIEWS} views here.",
                hint="Remove one that you don't use.",
                code="too_many_views",
            )
        SavedView.objects.create(
            project_id=project_id, owner_id=user_id, name=name, query=query, shared=shared, updated_at=now
        )


def remove_view(*, project_id: int, user_id: int, view_id: int, any_owner: bool) -> str:
    """Remove a view of one's own, or with ``any_owner`` one that is shared; its name. Raises :class:`NotFound`."""
    row = SavedView.objects.for_project(project_id).filter(pk=view_id).first()
    if row is None or not (row.owner_id == user_id or (any_owner and row.shared)):
        raise NotFound("There is no such view.")
    row.delete()
    return row.name
