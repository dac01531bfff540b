"""A project filled with one of everything that MLflow keeps, each holding a secret, through the edge itself."""

import base64
import json
import secrets
from collections.abc import Mapping
from typing import Any

from django.test import Client
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from ropewalk.edges.mlflow_http import runtime
from ropewalk.projects.models import Project

SECRET = "s3cr3t-of-"


def basic(username: str, token: str) -> dict[str, str]:
    """The header that a client with a user name and a token sends."""
    return {"Authorization": "Basic " + base64.b64encode(f"{username}:{token}".encode()).decode()}


class Tenant:
    """One project's tracking server as one person reaches it; ``ids`` are the values to attack with after :meth:`fill`."""

    def __init__(self, project: Project, headers: Mapping[str, str]) -> None:
        self.project = project
        self.headers = dict(headers)
        self.client = Client()
        self.base = f"/{project.owner.slug}/{project.slug}.mlflow"
        self.secret = f"{SECRET}{project.slug}"
        self.ids: dict[str, Any] = {}

    def send(
        self, method: str, path: str, body: Any = None, query: Mapping[str, Any] | None = None, **headers: str
    ) -> Any:
        """One request; the answer as Django's test client gives it."""
        data = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        kind = headers.pop("content_type", "application/json")
        sent = {**self.headers, **headers}
        return self.client.generic(
            method, self.base + path, data, content_type=kind, headers=sent, query_params=dict(query or {})
        )

    def api(self, method: str, path: str, body: Any = None, version: str = "2.0") -> dict[str, Any]:
        """A call that must succeed; its JSON."""
        query = body if method == "GET" else None
        answer = self.send(method, f"/api/{version}/mlflow/{path}", None if query else body, query)
        assert answer.status_code == 200, (path, answer.status_code, answer.content[:500])
        return dict(json.loads(answer.content))

    def fill(self) -> "Tenant":
        """Make one of everything."""
        secret, ids = self.secret, self.ids
        ids["name"] = "vault"
        ids["experiment_id"] = self.api(
            "POST", "experiments/create", {"name": "vault", "tags": [{"key": "k", "value": secret}]}
        )["experiment_id"]
        run = {
            "experiment_id": ids["experiment_id"],
            "start_time": 1,
            "tags": [{"key": "k", "value": secret}],
        }
        ids["run_id"] = self.api("POST", "runs/create", run)["run"]["info"]["run_id"]
        batch = {
            "run_id": ids["run_id"],
            "metrics": [{"key": f"m-{secret}", "value": 4, "timestamp": 5, "step": 6}],
            "params": [{"key": "p", "value": secret}],
        }
        self.api("POST", "runs/log-batch", batch)
        ids["metric_key"] = f"m-{secret}"
        dataset = {"name": secret, "digest": "d", "source_type": "local", "source": secret}
        self.api("POST", "runs/log-inputs", {"run_id": ids["run_id"], "datasets": [{"dataset": dataset}]})
        ids["path"] = "file.txt"
        ids["artifact_path"] = f"{ids['experiment_id']}/{ids['run_id']}/artifacts/file.txt"
        put = self.send("PUT", f"/api/2.0/mlflow-artifacts/artifacts/{ids['artifact_path']}", secret.encode())
        assert put.status_code == 200, put.content
        hidden = f"{ids['experiment_id']}/{ids['run_id']}/artifacts/{secret}.txt"
        assert self.send("PUT", f"/api/2.0/mlflow-artifacts/artifacts/{hidden}", b"").status_code == 200
        self._fill_models()
        self._fill_traces()
        self._fill_labels()
        return self

    def _fill_models(self) -> None:
        secret, ids = self.secret, self.ids
        model = {
            "experiment_id": ids["experiment_id"],
            "name": f"model-{secret}",
            "source_run_id": ids["run_id"],
            "params": [{"key": "p", "value": secret}],
            "tags": [{"key": "k", "value": secret}],
        }
        ids["model_id"] = self.api("POST", "logged-models", model)["model"]["info"]["model_id"]
        place = f"{ids['experiment_id']}/models/{ids['model_id']}/artifacts/MLmodel"
        assert (
            self.send("PUT", f"/api/2.0/mlflow-artifacts/artifacts/{place}", secret.encode()).status_code
            == 200
        )
        ready = {"model_id": ids["model_id"], "status": "LOGGED_MODEL_READY"}
        self.api("PATCH", f"logged-models/{ids['model_id']}", ready)
        self.api("POST", "registered-models/create", {"name": "vault", "description": secret})
        version = {
            "name": "vault",
            "source": f"models:/{ids['model_id']}",
            "model_id": ids["model_id"],
            "run_id": ids["run_id"],
            "description": secret,
        }
        made = self.api("POST", "model-versions/create", version)["model_version"]
        ids["version"] = made["version"]
        self.api(
            "POST",
            "registered-models/alias",
            {"name": "vault", "alias": "champion", "version": ids["version"]},
        )
        ids["alias"] = "champion"

    def _fill_traces(self) -> None:
        secret, ids = self.secret, self.ids
        batch = ExportTraceServiceRequest()
        span = batch.resource_spans.add().scope_spans.add().spans.add()
        span.trace_id, span.span_id, span.name = secrets.token_bytes(16), secrets.token_bytes(8), secret
        span.start_time_unix_nano, span.end_time_unix_nano = 10**18, 10**18 + 5
        headers = {"x-mlflow-experiment-id": str(ids["experiment_id"])}
        sent = self.send(
            "POST", "/v1/traces", batch.SerializeToString(), content_type="application/x-protobuf", **headers
        )
        assert sent.status_code == 200, sent.content
        ids["trace_id"] = f"tr-{span.trace_id.hex()}"
        self.api("PATCH", f"traces/{ids['trace_id']}/tags", {"key": "k", "value": secret}, "3.0")
        assessment = {
            "assessment_name": "good",
            "trace_id": ids["trace_id"],
            "source": {"source_type": "HUMAN", "source_id": "me"},
            "create_time": "2026-01-01T00:00:00Z",
            "last_update_time": "2026-01-01T00:00:00Z",
            "feedback": {"value": secret},
        }
        made = self.api("POST", f"traces/{ids['trace_id']}/assessments", {"assessment": assessment}, "3.0")
        ids["assessment_id"] = made["assessment"]["assessment_id"]
        body = {"name": "vault", "experiment_ids": [ids["experiment_id"]], "tags": json.dumps({"k": secret})}
        ids["dataset_id"] = self.api("POST", "datasets/create", body, "3.0")["dataset"]["dataset_id"]
        records = json.dumps([{"inputs": {"q": secret}, "expectations": {"a": secret}}])
        self.api("POST", f"datasets/{ids['dataset_id']}/records", {"records": records}, "3.0")

    def _fill_labels(self) -> None:
        from mlflow.genai.label_schemas import InputText

        secret, ids = self.secret, self.ids
        scorer = {
            "experiment_id": ids["experiment_id"],
            "name": "vault",
            "serialized_scorer": json.dumps(
                {"name": "vault", "instructions_judge_pydantic_data": {"instructions": secret}}
            ),
        }
        self.api("POST", "scorers/register", scorer, "3.0")
        with runtime.bound(self.project.pk) as store:
            issue = store.create_issue(str(ids["experiment_id"]), name="vault", description=secret)
            schema = store.create_label_schema(
                str(ids["experiment_id"]),
                name="vault",
                type="feedback",
                input=InputText(),
                instruction=secret,
            )
            queue = store.create_review_queue(
                str(ids["experiment_id"]),
                name=secret,
                queue_type="custom",
                users=["me"],
                schema_ids=[schema.schema_id],
            )
            store.add_items_to_review_queue(queue.queue_id, item_ids=[ids["trace_id"]])
        ids |= {"issue_id": issue.issue_id, "schema_id": schema.schema_id, "queue_id": queue.queue_id}
