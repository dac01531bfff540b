"""Writes of projects. The caller has passed the gate."""

from ropewalk.projects.services.collaborators import remove_collaborator, set_collaborator
from ropewalk.projects.services.names import rename_project, sweep_former_names
from ropewalk.projects.services.projects import archive_project, create_project, touch_project, update_project
from ropewalk.projects.services.removal import (
    abandon_project,
    begin_purges,
    delete_project,
    finish_purge,
    remove_rows,
    restore_project,
)
from ropewalk.projects.services.transfers import (
    end_offer,
    hold_offer,
    move_project,
    offer_project,
    sweep_offers,
)

__all__ = [
    "abandon_project",
    "archive_project",
    "begin_purges",
    "create_project",
    "delete_project",
    "end_offer",
    "finish_purge",
    "hold_offer",
    "move_project",
    "offer_project",
    "remove_collaborator",
    "remove_rows",
    "rename_project",
    "restore_project",
    "set_collaborator",
    "sweep_former_names",
    "sweep_offers",
    "touch_project",
    "update_project",
]
