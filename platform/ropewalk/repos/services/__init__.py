"""Writes of repositories. The caller has passed the gate."""

from ropewalk.repos.services.default_branch import set_default_branch
from ropewalk.repos.services.import_sources import (
    forget_import_sign_in,
    forget_old_import_sign_ins,
    set_import_source,
)
from ropewalk.repos.services.lifecycle import (
    delete_repository,
    ensure_repository,
    free_refs,
    remove_abandoned_repositories,
)
from ropewalk.repos.services.measuring import measure_some
from ropewalk.repos.services.mirroring import (
    STAGING,
    clear_staging,
    followed_refs,
    move_followed,
    staged_refs,
)
from ropewalk.repos.services.protections import (
    MAX_RULES,
    move_literal_protection,
    protect_branches,
    remove_protection,
)
from ropewalk.repos.services.push_mirrors import (
    add_push_mirror,
    change_push_mirror,
    remove_push_mirror,
    request_due_pushes,
    request_push,
)
from ropewalk.repos.services.push_syncs import run_push
from ropewalk.repos.services.pushes import (
    RefChange,
    pusher_environment,
    reconcile,
    reconcile_all,
    record_push,
)
from ropewalk.repos.services.upkeep import maintain

__all__ = [
    "MAX_RULES",
    "STAGING",
    "RefChange",
    "add_push_mirror",
    "change_push_mirror",
    "clear_staging",
    "delete_repository",
    "ensure_repository",
    "followed_refs",
    "forget_import_sign_in",
    "forget_old_import_sign_ins",
    "free_refs",
    "maintain",
    "measure_some",
    "move_followed",
    "move_literal_protection",
    "protect_branches",
    "pusher_environment",
    "reconcile",
    "reconcile_all",
    "record_push",
    "remove_abandoned_repositories",
    "remove_protection",
    "remove_push_mirror",
    "request_due_pushes",
    "request_push",
    "run_push",
    "set_default_branch",
    "set_import_source",
    "staged_refs",
]
