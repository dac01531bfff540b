"""What tracking writes itself: a project's Default, its end, and the few writes to runs that clients make by the thousand.

Everything else about runs is written by MLflow's own store.
"""

from ropewalk.tracking.models import TrackingSpace
from ropewalk.tracking.removal import remove_workspace
from ropewalk.tracking.services.logging import Logged, Point, add_params, log_batch, set_tag
from ropewalk.tracking.services.runs import NewRun, RunChange, create_run, update_run

__all__ = [
    "Logged",
    "NewRun",
    "Point",
    "RunChange",
    "add_params",
    "create_run",
    "log_batch",
    "remember_default",
    "remove_workspace",
    "set_tag",
    "update_run",
]


def remember_default(*, project_id: int, experiment_id: int) -> int:
    """Remember a project's Default experiment; the first caller wins. Returns the remembered id."""
    space, _ = TrackingSpace.objects.unscoped("names its project").get_or_create(
        project_id=project_id, defaults={"default_experiment_id": experiment_id}
    )
    return space.default_experiment_id
