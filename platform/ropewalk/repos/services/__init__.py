"""Writes of repositories. The caller has passed the gate."""

from ropewalk.repos.services.default_branch import set_default_branch
from ropewalk.repos.services.lifecycle import (
    delete_repository,
    ensure_repository,
    remove_abandoned_repositories,
)
from ropewalk.repos.services.pushes import (
    RefChange,
    pusher_environment,
    reconcile,
    reconcile_all,
    record_push,
)
from ropewalk.repos.services.upkeep import maintain

__all__ = [
    "RefChange",
    "delete_repository",
    "ensure_repository",
    "maintain",
    "pusher_environment",
    "reconcile",
    "reconcile_all",
    "record_push",
    "remove_abandoned_repositories",
    "set_default_branch",
]
