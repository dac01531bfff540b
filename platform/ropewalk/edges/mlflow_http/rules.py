"""What each MLflow route needs. A route that is not in this table does not exist here: a new release of MLflow opens nothing.

Keys are MLflow's own URL rules without the ``/api`` or ``/ajax-api`` in front (both serve the same handlers). Left out on
purpose: workspaces, gateway, jobs, assistant, demo, telemetry, webhooks, prompt optimization, and all that makes the server call
out or run something (``invoke``, promptlab, gateway-proxy).
"""

import re

from ropewalk.access.roles import Permission

_READ = """
POST /graphql
GET /get-artifact
GET /2.0/mlflow/experiments/get
GET /2.0/mlflow/experiments/get-by-name
GET /2.0/mlflow/experiments/search
POST /2.0/mlflow/experiments/search
POST /2.0/mlflow/experiments/search-datasets
GET /2.0/mlflow/runs/get
POST /2.0/mlflow/runs/search
GET /2.0/mlflow/metrics/get-history
GET /2.0/mlflow/metrics/get-history-bulk
GET /2.0/mlflow/metrics/get-history-bulk-interval
GET /2.0/mlflow/artifacts/list
POST /2.0/mlflow/artifacts/presigned-download-url
GET /2.0/mlflow-artifacts/artifacts
GET /2.0/mlflow-artifacts/artifacts/<path:artifact_path>
GET /2.0/mlflow-artifacts/presigned/<path:artifact_path>
GET /2.0/mlflow/logged-models/<model_id>
POST /2.0/mlflow/logged-models/search
GET /2.0/mlflow/logged-models/<model_id>/artifacts/directories
GET /2.0/mlflow/logged-models/<model_id>/artifacts/files
GET /2.0/mlflow/traces
GET /2.0/mlflow/traces/<request_id>/info
GET /2.0/mlflow/get-trace-artifact
GET /3.0/mlflow/get-trace-artifact
GET /3.0/mlflow/traces/<trace_id>
GET /3.0/mlflow/traces/get
GET /3.0/mlflow/traces/batchGet
POST /3.0/mlflow/traces/batchGetInfos
POST /3.0/mlflow/traces/search
POST /3.0/mlflow/traces/metrics
POST /3.0/mlflow/traces/calculate-filter-correlation
GET /3.0/mlflow/traces/<trace_id>/assessments/<assessment_id>
GET /3.0/mlflow/datasets/<dataset_id>
GET /3.0/mlflow/datasets/search
POST /3.0/mlflow/datasets/search
GET /3.0/mlflow/datasets/<dataset_id>/records
GET /3.0/mlflow/datasets/<dataset_id>/experiment-ids
GET /3.0/mlflow/scorers/list
GET /3.0/mlflow/scorers/versions
GET /3.0/mlflow/scorers/get
GET /3.0/mlflow/scorers/online-configs
GET /3.0/mlflow/issues/<issue_id>
POST /3.0/mlflow/issues/search
GET /3.0/mlflow/label-schemas/get
GET /3.0/mlflow/label-schemas/get-by-name
GET /3.0/mlflow/label-schemas/list
GET /3.0/mlflow/review-queues/get
GET /3.0/mlflow/review-queues/get-by-name
GET /3.0/mlflow/review-queues/list
GET /3.0/mlflow/review-queues/items/list
"""

_WRITE = """
POST /2.0/mlflow/experiments/create
POST /2.0/mlflow/experiments/update
POST /2.0/mlflow/experiments/delete
POST /2.0/mlflow/experiments/restore
POST /2.0/mlflow/experiments/set-experiment-tag
POST /2.0/mlflow/experiments/delete-experiment-tag
POST /2.0/mlflow/runs/create
POST /2.0/mlflow/runs/update
POST /2.0/mlflow/runs/delete
POST /2.0/mlflow/runs/restore
POST /2.0/mlflow/runs/log-metric
POST /2.0/mlflow/runs/log-parameter
POST /2.0/mlflow/runs/log-batch
POST /2.0/mlflow/runs/log-model
POST /2.0/mlflow/runs/log-inputs
POST /2.0/mlflow/runs/outputs
POST /2.0/mlflow/runs/set-tag
POST /2.0/mlflow/runs/delete-tag
POST /2.0/mlflow/upload-artifact
POST /2.0/mlflow/artifacts/presigned-upload-url
PUT /2.0/mlflow-artifacts/artifacts/<path:artifact_path>
DELETE /2.0/mlflow-artifacts/artifacts/<path:artifact_path>
POST /2.0/mlflow-artifacts/mpu/create/<path:artifact_path>
POST /2.0/mlflow-artifacts/mpu/complete/<path:artifact_path>
POST /2.0/mlflow-artifacts/mpu/abort/<path:artifact_path>
POST /2.0/mlflow/logged-models
PATCH /2.0/mlflow/logged-models/<model_id>
DELETE /2.0/mlflow/logged-models/<model_id>
POST /2.0/mlflow/logged-models/<model_id>/params
PATCH /2.0/mlflow/logged-models/<model_id>/tags
DELETE /2.0/mlflow/logged-models/<model_id>/tags/<tag_key>
POST /2.0/mlflow/traces
PATCH /2.0/mlflow/traces/<request_id>
PATCH /2.0/mlflow/traces/<request_id>/tags
DELETE /2.0/mlflow/traces/<request_id>/tags
POST /2.0/mlflow/traces/delete-traces
POST /2.0/mlflow/traces/link-to-run
POST /2.0/mlflow/traces/link-prompts
POST /3.0/mlflow/traces
POST /3.0/mlflow/traces/delete-traces
PATCH /3.0/mlflow/traces/<trace_id>/tags
DELETE /3.0/mlflow/traces/<trace_id>/tags
POST /3.0/mlflow/traces/<trace_id>/assessments
PATCH /3.0/mlflow/traces/<trace_id>/assessments/<assessment_id>
DELETE /3.0/mlflow/traces/<trace_id>/assessments/<assessment_id>
POST /3.0/mlflow/datasets/create
DELETE /3.0/mlflow/datasets/<dataset_id>
POST /3.0/mlflow/datasets/<dataset_id>/records
DELETE /3.0/mlflow/datasets/<dataset_id>/records
POST /3.0/mlflow/datasets/<dataset_id>/add-experiments
POST /3.0/mlflow/datasets/<dataset_id>/remove-experiments
PATCH /3.0/mlflow/datasets/<dataset_id>/tags
DELETE /3.0/mlflow/datasets/<dataset_id>/tags/<key>
POST /3.0/mlflow/scorers/register
DELETE /3.0/mlflow/scorers/delete
PUT /3.0/mlflow/scorers/online-config
POST /3.0/mlflow/issues
PATCH /3.0/mlflow/issues/<issue_id>
POST /3.0/mlflow/label-schemas/create
PATCH /3.0/mlflow/label-schemas/update
DELETE /3.0/mlflow/label-schemas/delete
POST /3.0/mlflow/review-queues/create
POST /3.0/mlflow/review-queues/update
POST /3.0/mlflow/review-queues/delete
POST /3.0/mlflow/review-queues/get-or-create-user
POST /3.0/mlflow/review-queues/items/add
POST /3.0/mlflow/review-queues/items/remove
POST /3.0/mlflow/review-queues/items/set-status
"""

_MODELS_READ = """
GET /model-versions/get-artifact
GET /2.0/mlflow/registered-models/get
GET /2.0/mlflow/registered-models/search
GET /2.0/mlflow/registered-models/get-latest-versions
POST /2.0/mlflow/registered-models/get-latest-versions
GET /2.0/mlflow/registered-models/alias
GET /2.0/mlflow/model-versions/get
GET /2.0/mlflow/model-versions/search
GET /2.0/mlflow/model-versions/get-download-uri
"""

_MODELS_WRITE = """
POST /2.0/mlflow/registered-models/create
POST /2.0/mlflow/registered-models/rename
PATCH /2.0/mlflow/registered-models/update
DELETE /2.0/mlflow/registered-models/delete
POST /2.0/mlflow/registered-models/set-tag
DELETE /2.0/mlflow/registered-models/delete-tag
POST /2.0/mlflow/registered-models/alias
DELETE /2.0/mlflow/registered-models/alias
POST /2.0/mlflow/model-versions/create
PATCH /2.0/mlflow/model-versions/update
POST /2.0/mlflow/model-versions/transition-stage
DELETE /2.0/mlflow/model-versions/delete
POST /2.0/mlflow/model-versions/set-tag
DELETE /2.0/mlflow/model-versions/delete-tag
"""


def _table(text: str, need: Permission) -> dict[tuple[str, str], Permission]:
    return {(line.split()[0], line.split()[1]): need for line in text.split("\n") if line}


NEEDS: dict[tuple[str, str], Permission] = {
    **_table(_READ, Permission.RUNS_READ),
    **_table(_WRITE, Permission.RUNS_WRITE),
    **_table(_MODELS_READ, Permission.MODELS_READ),
    **_table(_MODELS_WRITE, Permission.MODELS_WRITE),
}
_PREFIX = re.compile(r"^/(ajax-)?api(?=/)")


def without_prefix(rule: str) -> str:
    """A rule as the table has it."""
    return _PREFIX.sub("", rule)


def need_of(method: str, rule: str) -> Permission | None:
    """The permission for one of MLflow's URL rules (``/api/2.0/mlflow/runs/get``); None when it is not offered."""
    return NEEDS.get(("GET" if method == "HEAD" else method, without_prefix(rule)))
