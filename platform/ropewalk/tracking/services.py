"""What tracking writes itself: which experiment is a project's Default, and a project's end. Runs are written by MLflow."""

from ropewalk.tracking.models import TrackingSpace
from ropewalk.tracking.removal import remove_workspace

__all__ = ["remember_default", "remove_workspace"]


def remember_default(*, project_id: int, experiment_id: int) -> int:
    """Remember a project's Default experiment; the first caller wins. Returns the remembered id."""
    space, _ = TrackingSpace.objects.unscoped("names its project").get_or_create(
        project_id=project_id, defaults={"default_experiment_id": experiment_id}
    )
    return space.default_experiment_id
