"""What the overview shows, gathered from the strands."""

from typing import Any
from urllib.parse import quote

from ropewalk.access.types import ProjectAccess
from ropewalk.core.errors import NotFound
from ropewalk.data import selectors as data
from ropewalk.edges.web.rendering import markdown, quoted
from ropewalk.monitors import selectors as monitors
from ropewalk.repos import selectors as repos
from ropewalk.tracking import selectors as tracking
from ropewalk.tracking.errors import InvalidFilter

_READMES = ("readme.md", "readme.markdown", "readme", "readme.txt", "readme.rst")
MAX_README = 512 << 10
# A key metric whose name has one of these words is better when it is lower.
_LOWER = ("loss", "error", "mse", "mae", "rmse", "nll", "perplexity")


def readme_of(
    access: ProjectAccess, sha: str, rev_name: str, entries: Any, folder: str = ""
) -> dict[str, Any] | None:
    """The folder's README, rendered; None when it has none."""
    by_name = {entry.name.lower(): entry for entry in entries if entry.kind == "file"}
    entry = next((by_name[name] for name in _READMES if name in by_name), None)
    if entry is None:
        return None
    blob = repos.blob(access.project.id, sha, entry.path, limit=MAX_README)
    base, prefix = access.project.path, f"{folder}/" if folder else ""
    rev = quote(rev_name, safe="/")
    html = markdown(
        blob.text,
        file_url=lambda path: f"{base}/src/{rev}/{quoted(prefix)}{path}",
        raw_url=lambda path: f"{base}/raw/{rev}/{quoted(prefix)}{path}",
    )
    is_markdown = entry.name.lower().endswith((".md", ".markdown"))
    return {"name": entry.name, "html": html if is_markdown else "", "text": "" if is_markdown else blob.text}


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


def overview_context(access: ProjectAccess) -> dict[str, Any]:
    """README, newest commit and runs; an empty repository gives the first commands instead."""
    project = access.project
    state = repos.state(project.id)
    context: dict[str, Any] = {
        "repo": state,
        "runs": tracking.latest_runs(project.id, 5),
        "best": _best_run(access),
        "drift": monitors.latest_report(project.id),
        "usage": data.usage(project.id),
        "readme": None,
        "commit": None,
    }
    if not state.empty and state.head_sha:
        try:
            tree = repos.tree(project.id, state.head_sha)
            context["readme"] = readme_of(access, state.head_sha, state.default_branch, tree.entries)
            context["commit"] = repos.commit(project.id, state.head_sha)
            context["datasets"] = [item for item in data.datasets(project.id) if item.tabular][:5]
        except NotFound:
            pass  # the branch was deleted between the two reads: the page shows no code
    return context
