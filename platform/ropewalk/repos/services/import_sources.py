"""Where a project's repository is copied from, and the sign-in there while it is needed."""

from datetime import timedelta

from ropewalk.core import clock
from ropewalk.repos.models import ImportSource
from ropewalk.repos.signing_in import IMPORT_PURPOSE, SignIn

KEPT_DAYS = 7


def set_import_source(*, project_id: int, url: str, sign_in: SignIn | None) -> None:
    """Keep the address, and the sign-in sealed; without one, what was kept is forgotten."""
    sealed = sign_in.sealed(purpose=IMPORT_PURPOSE, project_id=project_id) if sign_in else ""
    if not ImportSource.objects.for_project(project_id).update(
        url=url, sign_in=sealed, updated_at=clock.now()
    ):
        ImportSource.objects.create(project_id=project_id, url=url, sign_in=sealed)


def forget_import_sign_in(*, project_id: int) -> None:
    """Empty the sealed sign-in; the address stays."""
    ImportSource.objects.for_project(project_id).update(sign_in="")


def forget_old_import_sign_ins() -> int:
    """Empty those of failed imports that nobody tried again for :data:`KEPT_DAYS` days; how many."""
    rows = ImportSource.objects.unscoped("an hourly sweep").exclude(sign_in="")
    return rows.filter(updated_at__lt=clock.now() - timedelta(days=KEPT_DAYS)).update(sign_in="")
