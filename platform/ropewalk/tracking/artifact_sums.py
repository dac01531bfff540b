"""How much a project's artifacts take. No table names them: each write notes its difference, and now and then somebody counts."""

from ropewalk.core.blobs import store
from ropewalk.core.derived import cache
from ropewalk.projects.models import Project
from ropewalk.quotas import services as quotas
from ropewalk.quotas.selectors import project_use
from ropewalk.quotas.types import Amount
from ropewalk.tracking.types import artifact_prefix

KIND = "artifacts"
_PLACE = "tracking:artifact-sums:next"  # where the next step goes on; losing it costs a repetition
_PAGE = 1000


def note_artifacts(*, project_id: int, size: int, count: int) -> None:
    """So many bytes and files more, or less."""
    quotas.note(project_id=project_id, kind=KIND, size=size, count=count)


def count_artifacts(*, limit: int = 100_000) -> int:
    """One step over projects in order of their id, looking at about ``limit`` files; how many sums were set right.

    A sum that changed while its files were counted is left alone until the next time.
    """
    first, after, size, count, before = cache.get(_PLACE) or (0, "", 0, 0, None)
    seen = corrected = 0
    for project_id in Project.objects.filter(pk__gte=first).order_by("pk").values_list("pk", flat=True):
        if project_id != first or before is None:
            after, size, count, before = "", 0, 0, _noted(project_id)
        seen += 1
        while page := store().list(artifact_prefix(project_id), after=after, limit=_PAGE):
            after, seen = page[-1].key, seen + len(page)
            size, count = size + sum(entry.size for entry in page), count + len(page)
            if seen >= limit:
                cache.set(_PLACE, (project_id, after, size, count, before), None)
                return corrected
        corrected += _settle(project_id, before, size, count)
        before = None
        if seen >= limit:
            cache.set(_PLACE, (project_id + 1, "", 0, 0, None), None)
            return corrected
    cache.delete(_PLACE)
    return corrected


def _noted(project_id: int) -> Amount:
    return project_use(project_id).of(KIND)


def _settle(project_id: int, before: Amount, size: int, count: int) -> bool:
    if (before.size, before.count) == (size, count) or _noted(project_id) != before:
        return False
    quotas.measure(project_id=project_id, kind=KIND, size=size, count=count)
    return True
