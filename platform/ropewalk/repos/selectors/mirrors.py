"""Reads of mirrors."""

from ropewalk.repos.mirrors import MirrorView
from ropewalk.repos.models import PullMirror
from ropewalk.repos.signing_in import MIRROR_PURPOSE, SignIn, opened


def pull_mirror(project_id: int) -> MirrorView | None:
    """How a project follows another server; None for one that does not."""
    row = PullMirror.objects.for_project(project_id).select_related("project").first()
    return view_of(row) if row else None


def mirror_by_hook(hook_id: str) -> MirrorView | None:
    """The mirror with this public half of a webhook's address, in a project that is there."""
    row = (
        PullMirror.objects.unscoped("a webhook names the mirror, not the project")
        .select_related("project")
        .filter(hook_id=hook_id, project__deleted_at__isnull=True)
        .first()
    )
    return view_of(row) if row else None


def mirror_sign_in(project_id: int) -> SignIn | None:
    """The sign-in for what a project follows; only for the sync itself. Raises ``SealBroken``."""
    sealed = PullMirror.objects.for_project(project_id).values_list("sign_in", flat=True).first()
    return opened(sealed or "", purpose=MIRROR_PURPOSE, project_id=project_id)


def view_of(row: PullMirror) -> MirrorView:
    """The frozen view of a row whose project is loaded."""
    return MirrorView(
        project_id=row.project_id,
        address=row.project.mirror_of,
        interval=row.interval,
        hook_id=row.hook_id,
        created_at=row.created_at,
        asked_at=row.asked_at,
        synced_at=row.synced_at,
        failures=row.failures,
        last_error=row.last_error,
        next_at=row.next_at,
        signed_in=bool(row.sign_in),
    )
