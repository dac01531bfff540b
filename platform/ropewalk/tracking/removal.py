"""Removing a purged project's rows from MLflow's tables: which rows, and in which order.

MLflow deletes single runs and has no word for a whole workspace. The list names a table once for each way to its rows, children
before parents; a test compares it with the tables that the installed MLflow makes.
"""

from collections.abc import Iterator

from ropewalk.core.batches import delete_in_batches
from ropewalk.tracking.types import workspace_name


def _select(column: str, table: str, condition: str) -> str:
    return f"SELECT {column} FROM mlflow.{table} WHERE {condition}"  # noqa: S608  # our own words


_IN_WORKSPACE = "workspace = %(workspace)s"
_OF_EXPERIMENT = f"experiment_id IN ({_select('experiment_id', 'experiments', _IN_WORKSPACE)})"
_RUNS = _select("run_uuid", "runs", _OF_EXPERIMENT)
_MODELS = _select("model_id", "logged_models", _OF_EXPERIMENT)
_TRACES = _select("request_id", "trace_info", _OF_EXPERIMENT)
_DATASETS = _select("dataset_uuid", "datasets", _OF_EXPERIMENT)
_QUEUES = _select("queue_id", "review_queues", _OF_EXPERIMENT)
_SCORERS = _select("scorer_id", "scorers", _OF_EXPERIMENT)
_SETS = _select("dataset_id", "evaluation_datasets", _IN_WORKSPACE)
_ENDPOINTS = _select("endpoint_id", "endpoints", _IN_WORKSPACE)
_HOOKS = _select("webhook_id", "webhooks", _IN_WORKSPACE)
_JOBS = _select("id", "jobs", _IN_WORKSPACE)
_NUMBERS = _select("experiment_id::text", "experiments", _IN_WORKSPACE)
# These two tables refer to rows of any kind by id. Ids are random, or carry their kind's prefix; only experiments are numbers.
_LINKED = (
    f"source_id IN ({_RUNS})",
    f"destination_id IN ({_RUNS})",
    f"source_id IN ({_DATASETS})",
    f"destination_id IN ({_MODELS})",
)
_ASSOCIATED = (
    *(f"{end}_id IN ({ids})" for end in ("source", "destination") for ids in (_SETS, _TRACES, _RUNS)),
    *(f"{end}_type = 'experiment' AND {end}_id IN ({_NUMBERS})" for end in ("source", "destination")),
)

STEPS: tuple[tuple[str, str], ...] = (
    *(("input_tags", f"input_uuid IN ({_select('input_uuid', 'inputs', way)})") for way in _LINKED),
    *(("inputs", way) for way in _LINKED),
    *(("entity_associations", way) for way in _ASSOCIATED),
    # runs
    ("metrics", f"run_uuid IN ({_RUNS})"),
    ("latest_metrics", f"run_uuid IN ({_RUNS})"),
    ("params", f"run_uuid IN ({_RUNS})"),
    ("tags", f"run_uuid IN ({_RUNS})"),
    # logged models
    ("logged_model_metrics", f"model_id IN ({_MODELS})"),
    ("logged_model_metrics", _OF_EXPERIMENT),
    ("logged_model_params", f"model_id IN ({_MODELS})"),
    ("logged_model_tags", f"model_id IN ({_MODELS})"),
    ("logged_models", _OF_EXPERIMENT),
    # traces
    ("span_metrics", f"trace_id IN ({_TRACES})"),
    ("spans", f"trace_id IN ({_TRACES})"),
    ("spans", _OF_EXPERIMENT),
    ("assessments", f"trace_id IN ({_TRACES})"),
    ("trace_metrics", f"request_id IN ({_TRACES})"),
    ("trace_request_metadata", f"request_id IN ({_TRACES})"),
    ("trace_tags", f"request_id IN ({_TRACES})"),
    ("sql_assessment_daily_rollups", _OF_EXPERIMENT),
    ("sql_span_cost_daily_rollups", _OF_EXPERIMENT),
    ("sql_trace_metric_daily_rollups", _OF_EXPERIMENT),
    ("sql_trace_rollup_rebuild_queue", _OF_EXPERIMENT),
    ("trace_info", _OF_EXPERIMENT),
    # reviews
    ("review_queue_items", f"queue_id IN ({_QUEUES})"),
    ("review_queue_label_schemas", f"queue_id IN ({_QUEUES})"),
    ("review_queue_users", f"queue_id IN ({_QUEUES})"),
    ("review_queues", _OF_EXPERIMENT),
    ("label_schemas", _OF_EXPERIMENT),
    ("issues", _OF_EXPERIMENT),
    # gateway and scorers
    ("guardrail_configs", _IN_WORKSPACE),
    ("guardrail_configs", f"endpoint_id IN ({_ENDPOINTS})"),
    ("guardrails", _IN_WORKSPACE),
    ("online_scoring_configs", _OF_EXPERIMENT),
    ("scorer_versions", f"scorer_id IN ({_SCORERS})"),
    ("scorers", _OF_EXPERIMENT),
    ("endpoint_bindings", f"endpoint_id IN ({_ENDPOINTS})"),
    ("endpoint_model_mappings", f"endpoint_id IN ({_ENDPOINTS})"),
    ("endpoint_tags", f"endpoint_id IN ({_ENDPOINTS})"),
    ("endpoints", _IN_WORKSPACE),
    ("model_definitions", _IN_WORKSPACE),
    ("secrets", _IN_WORKSPACE),
    ("budget_policies", _IN_WORKSPACE),
    # data sets and runs, now that nothing refers to them
    ("evaluation_dataset_records", f"dataset_id IN ({_SETS})"),
    ("evaluation_dataset_tags", f"dataset_id IN ({_SETS})"),
    ("evaluation_datasets", _IN_WORKSPACE),
    ("datasets", _OF_EXPERIMENT),
    ("runs", _OF_EXPERIMENT),
    ("experiment_tags", _OF_EXPERIMENT),
    ("experiments", _IN_WORKSPACE),
    # registry
    ("model_version_tags", _IN_WORKSPACE),
    ("registered_model_aliases", _IN_WORKSPACE),
    ("registered_model_tags", _IN_WORKSPACE),
    ("model_versions", _IN_WORKSPACE),
    ("registered_models", _IN_WORKSPACE),
    # tools and the rest of a workspace
    ("mcp_access_endpoints", _IN_WORKSPACE),
    ("mcp_server_aliases", _IN_WORKSPACE),
    ("mcp_server_tags", _IN_WORKSPACE),
    ("mcp_server_version_tags", _IN_WORKSPACE),
    ("mcp_server_versions", _IN_WORKSPACE),
    ("mcp_servers", _IN_WORKSPACE),
    ("webhook_events", f"webhook_id IN ({_HOOKS})"),
    ("webhooks", _IN_WORKSPACE),
    ("job_locks", f"job_id IN ({_JOBS})"),
    ("jobs", _IN_WORKSPACE),
    ("workspaces", "name = %(workspace)s"),
)


def remove_workspace(*, project_id: int) -> Iterator[int]:
    """Remove all of a project's rows in MLflow's tables, in batches; yields the size of each."""
    for name, condition in STEPS:
        yield from delete_in_batches(f"mlflow.{name}", condition, {"workspace": workspace_name(project_id)})
