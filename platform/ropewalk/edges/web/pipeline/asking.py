"""The pipeline of a revision and of the one that it is compared with, as far as workers have read them."""

from dataclasses import dataclass

from ropewalk.access.roles import Permission
from ropewalk.access.types import ProjectAccess
from ropewalk.core.errors import NotFound, RopewalkError
from ropewalk.core.types import JobView
from ropewalk.data import services
from ropewalk.data.pipeline_changes import PipelineChanges, pipeline_changes
from ropewalk.data.pipelines import Pipeline
from ropewalk.repos import selectors as repos
from ropewalk.repos.types import Revision

_LONGEST = 300


@dataclass(frozen=True)
class Asked:
    """``job`` reads a side that is not there yet; ``refused``: nobody asked for it, and the viewer may not.

    ``fault`` says in words why there is no base.
    """

    revision: Revision
    pipeline: Pipeline | None = None
    base: Revision | None = None
    changes: PipelineChanges | None = None
    job: JobView | None = None
    refused: bool = False
    fault: str = ""


def ask(access: ProjectAccess, revision: Revision, base_name: str = "") -> Asked:
    """Both sides, each asked for at its first view."""
    base, fault = _base(access, base_name[:_LONGEST])
    head = side(access, revision)
    if head[0] is None or base is None:
        return Asked(revision, head[0], base, None, head[1], refused=head[2], fault=fault)
    old = side(access, base)
    if old[0] is None:
        return Asked(revision, head[0], base, None, old[1], refused=old[2])
    return Asked(revision, head[0], base, pipeline_changes(old[0], head[0]))


def resolved(project_id: int, name: str) -> Revision:
    """A revision alone. Raises :class:`NotFound` where a path follows it."""
    revision = repos.resolve(project_id, name)
    if revision.path:
        raise NotFound(f"There is no branch, tag or commit “{name}”.", code="revision_not_found")
    return revision


def _base(access: ProjectAccess, name: str) -> tuple[Revision | None, str]:
    if not name.strip():
        return None, ""
    try:
        return resolved(access.project.id, name.strip()), ""
    except RopewalkError as error:
        return None, error.message


def side(access: ProjectAccess, revision: Revision) -> tuple[Pipeline | None, JobView | None, bool]:
    """Branches and tags are read for whoever may see them; other commits, which are many, for those who may start work."""
    may = access.may(Permission.ANALYSES_START) or revision.kind in {"branch", "tag"}
    found = services.request_pipeline(
        project_id=access.project.id, commit_sha=revision.sha, ask=may, requested_by_id=access.actor.user_id
    )
    return found.pipeline, found.job, not may and found.pipeline is None and found.job is None
