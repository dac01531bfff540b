"""What the overview shows, gathered from the strands."""

from typing import Any

from ropewalk.access.selectors import managed_owner_ids
from ropewalk.access.types import ProjectAccess
from ropewalk.core.errors import NotFound
from ropewalk.core.selectors import last_jobs
from ropewalk.data import selectors as data
from ropewalk.edges.web.files.documents import readme_of
from ropewalk.monitors import selectors as monitors
from ropewalk.projects import selectors as projects
from ropewalk.releases import selectors as releases
from ropewalk.repos import selectors as repos
from ropewalk.repos.types import FORK_PROJECT
from ropewalk.tracking import selectors as tracking
from ropewalk.tracking.errors import InvalidFilter

# A key metric whose name has one of these words is better when it is lower.
_LOWER = ("loss", "error", "mse", "mae", "rmse", "nll", "perplexity")


def _best_run(access: ProjectAccess) -> tuple[Any, float] | None:
    """The finished run with the best value of the project's key metric; None without one."""
    key = access.project.key_metric
    direction = "ASC" if any(word in key.lower() for word in _LOWER) else "DESC"
    try:
        found = tracking.list_runs(
            access.project.id,
            filter_text="attributes.status = 'FINISHED'",
            order=f"metrics.`{key}` {direction}",
            per_page=1,
            metric_keys=[key],
            param_keys=[],
        ).items
    except InvalidFilter:
        return None
    return (found[0], found[0].metrics[key]) if key and found and key in found[0].metrics else None


def _latest_release(project_id: int) -> Any:
    """The release that people should take; None without one."""
    try:
        return releases.latest_release(project_id)
    except NotFound:
        return None


def _offer_to(access: ProjectAccess) -> Any:
    """The project's offer, for who can answer it: they see the project because it is not private, or have a role in it."""
    offer = projects.transfer_of(access.project.id) if access.actor.signed_in else None
    return offer if offer and offer.to_owner_id in managed_owner_ids(access.actor) else None


def _filling(access: ProjectAccess) -> Any:
    """The job that fills an empty fork, while it has not ended well; None for others."""
    if access.project.forked_from_id is None:
        return None
    job = next(iter(last_jobs(access.project.id, FORK_PROJECT, limit=1)), None)
    return job if job and job.state != "succeeded" else None


def _upstream(access: ProjectAccess) -> Any:
    """How a fork stands to its parent; None for no fork, and where the viewer may not see the parent."""
    try:
        return data.upstream(access.actor, access.project)
    except NotFound:
        return None


def overview_context(access: ProjectAccess) -> dict[str, Any]:
    """README, newest commit and runs; an empty repository gives the first commands instead."""
    project = access.project
    state = repos.state(project.id)
    upstream = _upstream(access)
    context: dict[str, Any] = {
        "repo": state,
        "runs": tracking.latest_runs(project.id, 5),
        "best": _best_run(access),
        "drift": monitors.latest_report(project.id),
        "usage": data.usage(project.id),
        "release": _latest_release(project.id),
        "upstream": upstream,
        "parents_remote": data.parents_remote(project, upstream.parent) if upstream else None,
        "filling": _filling(access) if state.empty else None,
        "readme": None,
        "offer": _offer_to(access),
        "commit": None,
    }
    if state.empty:
        context["importing"] = repos.import_job(project.id)
    if not state.empty and state.head_sha:
        try:
            revision = repos.resolve(project.id)
            context["readme"] = readme_of(access, revision, repos.listing(project.id, revision.sha))
            context["commit"] = repos.commit(project.id, state.head_sha)
            context["datasets"] = [item for item in data.datasets(project.id) if item.tabular][:5]
        except NotFound:
            pass  # the branch was deleted between the two reads: the page shows no code
    return context
