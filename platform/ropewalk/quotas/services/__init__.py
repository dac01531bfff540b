"""Writes of sums and limits, and the one question before anything is stored."""

from ropewalk.quotas.services.limits import set_owner_quota, set_project_quota
from ropewalk.quotas.services.room import metered, refusal, require_room, room_left
from ropewalk.quotas.services.sums import fold, fold_all, measure, note

__all__ = [
    "fold",
    "fold_all",
    "measure",
    "metered",
    "note",
    "refusal",
    "require_room",
    "room_left",
    "set_owner_quota",
    "set_project_quota",
]
