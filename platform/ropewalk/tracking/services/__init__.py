"""What tracking writes itself: a project's Default, its end, what clients write by the thousand, what people change on our pages.

Everything else about runs is written by MLflow's own store.
"""

from ropewalk.tracking.models import TrackingSpace
from ropewalk.tracking.removal import remove_workspace
from ropewalk.tracking.services.logging import Logged, Point, log_batch
from ropewalk.tracking.services.marks import delete_runs, restore_runs, tag_runs, untag_runs
from ropewalk.tracking.services.runs import NewRun, RunChange, create_run, update_run
from ropewalk.tracking.services.views import remove_view, save_view

__all__ = [
    "Logged",
    "NewRun",
    "Point",
    "RunChange",
    "create_run",
    "delete_runs",
    "log_batch",
    "remember_default",
    "remove_view",
    "remove_workspace",
    "restore_runs",
    "save_view",
    "tag_runs",
    "untag_runs",
    "update_run",
]


def remember_default(*, project_id: int, experiment_id: int) -> int:
    """Remember a project's Default experiment; the first caller wins. Returns the remembered id."""
    space, _ = TrackingSpace.objects.unscoped("names its project").get_or_create(
        project_id=project_id, defaults={"default_experiment_id": experiment_id}
    )
    return space.default_experiment_id
