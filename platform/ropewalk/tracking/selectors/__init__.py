"""Reads for pages, the API and the workers. Each takes the project's id and sees that project's MLflow workspace only."""

from ropewalk.tracking.selectors.artifacts import (
    artifact_of_run,
    environment_files,
    list_artifacts,
    run_artifact_prefix,
)
from ropewalk.tracking.selectors.columns import run_columns, values_of_key
from ropewalk.tracking.selectors.experiments import get_experiment, list_experiments
from ropewalk.tracking.selectors.exports import every_run
from ropewalk.tracking.selectors.finding import find_experiments, find_models, find_runs
from ropewalk.tracking.selectors.groups import MOST_RUNS, SEEDS, Grouping, list_groups
from ropewalk.tracking.selectors.histories import metric_histories, sampled_points
from ropewalk.tracking.selectors.ownership import default_experiment_id, has_runs, missing_ids
from ropewalk.tracking.selectors.registry import get_model, list_models, list_versions, versions_of_runs
from ropewalk.tracking.selectors.runs import (
    comparable_runs,
    count_runs,
    get_run,
    last_runs_of_commits,
    latest_runs,
    list_runs,
    runs_by_ids,
    runs_of_commits,
)
from ropewalk.tracking.selectors.searching import Order, RunSearch, search_runs
from ropewalk.tracking.selectors.told import Pieces, ToldRun, told_history, told_run, told_runs
from ropewalk.tracking.selectors.usage import logged_uses, models_made, newest_runs, run_commits, runs_using
from ropewalk.tracking.selectors.views import list_views

__all__ = [
    "MOST_RUNS",
    "SEEDS",
    "Grouping",
    "Order",
    "Pieces",
    "RunSearch",
    "ToldRun",
    "artifact_of_run",
    "comparable_runs",
    "count_runs",
    "default_experiment_id",
    "environment_files",
    "every_run",
    "find_experiments",
    "find_models",
    "find_runs",
    "get_experiment",
    "get_model",
    "get_run",
    "has_runs",
    "last_runs_of_commits",
    "latest_runs",
    "list_artifacts",
    "list_experiments",
    "list_groups",
    "list_models",
    "list_runs",
    "list_versions",
    "list_views",
    "logged_uses",
    "metric_histories",
    "missing_ids",
    "models_made",
    "newest_runs",
    "run_artifact_prefix",
    "run_columns",
    "run_commits",
    "runs_by_ids",
    "runs_of_commits",
    "runs_using",
    "sampled_points",
    "search_runs",
    "told_history",
    "told_run",
    "told_runs",
    "values_of_key",
    "versions_of_runs",
]
