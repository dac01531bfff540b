"""After a release that reads more out of commits: the tips of every project are indexed anew, a few projects at a time."""

import structlog
from django.db import transaction

from ropewalk.core.batches import delete_in_batches
from ropewalk.core.errors import RopewalkError
from ropewalk.data.models import OutputSet, RevisionIndex
from ropewalk.data.services.indexing import index_pushed_commits
from ropewalk.data.types import INDEX_REVISION
from ropewalk.repos.selectors import reach

PROJECTS_AT_ONCE = 20
_OLD = (
    "output_set_id IN (SELECT output_set_id FROM data_revisionindex"
    " WHERE project_id = %(project)s AND version < %(version)s)"
)
log = structlog.get_logger(__name__)


def index_outdated() -> int:
    """Ask for the index of what the refs of the next projects lead to, where an earlier version read it; how many projects.

    What that version found is dropped, last of all, so that a kill half way leaves the rest to the next turn. A commit that no
    ref leads to within the history's limit is read again when somebody looks at it.
    """
    old = RevisionIndex.objects.unscoped("upkeep of all projects").filter(
        version__lt=INDEX_REVISION.version, project__deleted_at__isnull=True
    )
    found = list(
        old.order_by("project_id").values_list("project_id", flat=True).distinct()[:PROJECTS_AT_ONCE]
    )
    for project_id in found:
        try:
            index_pushed_commits(project_id=project_id, shas=reach.tip_shas(project_id))
        except RopewalkError as error:  # a broken repository must not keep the others waiting
            log.warning("data.not_reindexed", project=project_id, reason=error.message)
        _drop(project_id)
    return len(found)


def _drop(project_id: int) -> None:
    """What earlier versions found in a project. A set's fingerprint has its version, so that newer commits share none."""
    old = RevisionIndex.objects.for_project(project_id).filter(version__lt=INDEX_REVISION.version)
    for _ in delete_in_batches(
        "data_trackedoutput", _OLD, {"project": project_id, "version": INDEX_REVISION.version}
    ):
        continue
    with transaction.atomic():
        sets = list(old.values_list("output_set_id", flat=True).distinct())
        old.delete()
        OutputSet.objects.for_project(project_id).filter(pk__in=sets).delete()
