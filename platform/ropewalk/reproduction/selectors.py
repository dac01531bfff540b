"""The facts of a run's record, gathered from its tags, its commit, what the remote holds, and its artifacts."""

import re

from ropewalk.core.errors import NotFound
from ropewalk.data.availability import Availability
from ropewalk.projects.types import ProjectView
from ropewalk.repos import selectors as repos
from ropewalk.reproduction.grading import LOCKS, LOOSE, Facts
from ropewalk.tracking import selectors as tracking
from ropewalk.tracking.types import RunDetail

_SEED = re.compile(tracking.SEEDS, re.IGNORECASE)
_DIRTY_TAG = "mlflow.source.git.dirty"
_SOURCE_TAG = "mlflow.source.name"
_PYTHON_FILES = (".python-version", "runtime.txt")
_MOST_PARAMS = 200


def facts_of(project: ProjectView, detail: RunDetail, commit_here: bool, stock: Availability | None) -> Facts:
    """What is known of a run; ``stock`` is what its commit tracks, None where the commit is not here."""
    run = detail.run
    names = _names_at(project.id, run.commit) if commit_here else frozenset[str]()
    stored = tuple(tracking.environment_files(project.id, run.run_id))
    python = [name for name in _PYTHON_FILES if name in names]
    python += [path for path in stored if path.rpartition("/")[2] in {"python_env.yaml", "conda.yaml"}]
    python += [name for name in LOCKS if name in names and name in {"conda-lock.yml", "pixi.lock"}]
    dirty = run.tags.get(_DIRTY_TAG, "").lower()
    params = tuple(sorted(run.params.items()))[:_MOST_PARAMS]
    return Facts(
        run_id=run.run_id,
        clone_url=project.git_url,
        folder=project.slug,
        commit=run.commit,
        commit_here=commit_here,
        dirty={"true": True, "false": False}.get(dirty),
        indexed=bool(stock and stock.indexed),
        outputs=stock.outputs if stock else 0,
        lacking=stock.lacks if stock else 0,
        inputs=tuple(f"{one.name}@{one.digest}" for one in detail.inputs[:20]),
        lock_files=tuple(name for name in LOCKS if name in names),
        loose_files=tuple(name for name in LOOSE if name in names),
        stored_files=stored,
        python_file=python[0] if python else "",
        hardware=any(metric.key.startswith("system/") for metric in detail.latest),
        params=params,
        seeds=tuple((name, value) for name, value in params if _SEED.search(name)),
        source=run.tags.get(_SOURCE_TAG, "")[:500],
    )


def _names_at(project_id: int, sha: str) -> frozenset[str]:
    """What lies at the root of a commit."""
    try:
        return frozenset(entry.name for entry in repos.listing(project_id, sha))
    except NotFound:
        return frozenset()
