"""Saved tables of runs."""

from django.db.models import Q

from ropewalk.tracking.models import SavedView
from ropewalk.tracking.types import SavedTable


def list_views(project_id: int, user_id: int | None, *, limit: int = 200) -> list[SavedTable]:
    """The viewer's own tables and those that others share, by name. One query."""
    rows = (
        SavedView.objects.for_project(project_id)
        .filter(Q(shared=True) | Q(owner_id=user_id))
        .select_related("owner")
    )
    return [
        SavedTable(row.pk, row.name, row.query, row.shared, row.owner.username, row.owner_id == user_id)
        for row in rows.order_by("name", "pk")[:limit]
    ]
