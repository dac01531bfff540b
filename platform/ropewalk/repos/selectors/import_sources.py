"""Where a project was copied from."""

from dataclasses import dataclass

from ropewalk.core.selectors import latest_job
from ropewalk.core.types import JobView
from ropewalk.repos.models import ImportSource
from ropewalk.repos.signing_in import IMPORT_PURPOSE, SignIn, opened
from ropewalk.repos.types import IMPORT_REPOSITORY


@dataclass(frozen=True)
class ImportSourceView:
    """Where a project was copied from: an address without secrets, and whether a sign-in for it is kept."""

    url: str
    has_sign_in: bool


def import_source(project_id: int) -> ImportSourceView | None:
    """The address, and whether a sign-in is kept; None for a project that began here."""
    row = ImportSource.objects.for_project(project_id).first()
    return ImportSourceView(url=row.url, has_sign_in=bool(row.sign_in)) if row else None


def import_job(project_id: int) -> JobView | None:
    """How the project's import stands; None for a project that began here."""
    return latest_job(project_id, kind=IMPORT_REPOSITORY.name)


def import_sign_in(project_id: int) -> SignIn | None:
    """The sign-in that is kept, for whoever fetches now. Raises :class:`~ropewalk.core.sealing.SealBroken`."""
    sealed = ImportSource.objects.for_project(project_id).values_list("sign_in", flat=True).first()
    return opened(sealed or "", purpose=IMPORT_PURPOSE, project_id=project_id)
