"""Requests for every route that MLflow itself declares, filled with the ids of a given project.

The routes come from MLflow's URL map and the bodies from its protobuf services, so a new release brings its own new attacks.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from google.protobuf.descriptor import Descriptor, FieldDescriptor
from mlflow.protos import databricks_pb2
from mlflow.protos.mlflow_artifacts_pb2 import MlflowArtifactsService
from mlflow.protos.model_registry_pb2 import ModelRegistryService
from mlflow.protos.service_pb2 import MlflowService
from mlflow.protos.webhooks_pb2 import WebhookService
from mlflow.server import handlers

from ropewalk.edges.mlflow_http import runtime

SERVICES = (MlflowService, ModelRegistryService, MlflowArtifactsService, WebhookService)
# Left out of filled messages: they would only make MLflow refuse the request before it looks at an id.
OMITTED = {
    "filter",
    "filter_string",
    "page_token",
    "order_by",
    "expiration",
    "run_name",
    "model_json",
    "artifact_location",
}
NUMBERS = {"max_results": 100, "start_step": 0, "end_step": 100, "max_traces": 10}


@dataclass(frozen=True)
class Forged:
    """One request below a project's ``.mlflow``; ``rule`` is MLflow's own."""

    rule: str
    method: str
    path: str
    query: Mapping[str, Any]
    body: Any


def rules() -> list[tuple[str, str]]:
    """(method, rule) of every route in MLflow's URL map."""
    found = runtime.load().url_map.iter_rules()
    return sorted(
        (method, rule.rule) for rule in found for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    )


def _messages() -> dict[tuple[str, str], Descriptor]:
    """The request message of each (method, rule) that a protobuf service declares."""
    known: dict[tuple[str, str], Descriptor] = {}
    for service in SERVICES:
        for method in service.DESCRIPTOR.methods:
            for endpoint in method.GetOptions().Extensions[databricks_pb2.rpc].endpoints:
                for path in handlers._get_paths(endpoint.path, version=endpoint.since.major):
                    known[endpoint.method, path] = method.input_type
    return known


def _values(ids: Mapping[str, Any]) -> dict[str, Any]:
    """What to put under a field's name."""
    same = {
        "run_uuid": "run_id",
        "source_run_id": "run_id",
        "request_id": "trace_id",
        "artifact_directory_path": "path",
        "artifact_file_path": "path",
        "metric_name": "metric_key",
        "experiment_name": "name",
        "scorer_name": "name",
        "model_name": "name",
        "artifact_path": "path",
        "item_id": "trace_id",
        "entity_id": "experiment_id",
        "destination_id": "run_id",
    }
    values = dict(ids) | {name: ids[other] for name, other in same.items()}
    values |= {f"{name}s": value for name, value in values.items() if name.endswith("_id")}
    values |= {"run_uuids": ids["run_id"], "versions": ids["version"], "locations": ids["experiment_id"]}
    values |= {
        "key": "k",
        "value": "overwritten",
        "description": "overwritten",
        "new_name": "stolen",
        "path": ids["path"],
    }
    values |= {
        "source": f"runs:/{ids['run_id']}/file.txt",
        "webhook_id": "none",
        "tags": json.dumps({"k": "overwritten"}),
    }
    return values


def _filled(message: Descriptor, values: Mapping[str, Any], depth: int = 0) -> dict[str, Any]:
    """A message as JSON with every field set to a value of its kind; ids wherever a field has an id's name."""
    body: dict[str, Any] = {}
    for field in message.fields:
        if (
            field.name in OMITTED
            or depth > 4
            or (field.containing_oneof and field.containing_oneof.fields[0] != field)
        ):
            continue
        body[field.name] = [_one(field, values, depth)] if field.is_repeated else _one(field, values, depth)
    return body


def _one(field: FieldDescriptor, values: Mapping[str, Any], depth: int) -> Any:
    kind = field.cpp_type
    if kind == FieldDescriptor.CPPTYPE_MESSAGE:
        if field.message_type.full_name == "google.protobuf.Timestamp":
            return "2026-01-01T00:00:00Z"
        if field.message_type.full_name == "google.protobuf.Duration":
            return "1s"
        if field.message_type.full_name == "google.protobuf.Value":
            return "overwritten"
        return _filled(field.message_type, values, depth + 1)
    if kind == FieldDescriptor.CPPTYPE_ENUM:
        return field.enum_type.values[min(1, len(field.enum_type.values) - 1)].name
    if kind == FieldDescriptor.CPPTYPE_BOOL:
        return True
    if kind == FieldDescriptor.CPPTYPE_STRING:
        return str(values.get(field.name, "x"))
    return NUMBERS.get(field.name, 1)


def _sink(values: Mapping[str, Any]) -> dict[str, Any]:
    """Everything at once, for routes without a message; MLflow takes what it knows."""
    lists = {name: [value] for name, value in values.items() if name.endswith("_ids")}
    return {**values, **lists, "max_results": 100, "version": values["version"], "filter": ""}


def _place(rule: str, values: Mapping[str, Any], artifact: str) -> str:
    """The rule with values in its placeholders."""
    return re.sub(
        r"<(?:path:)?(\w+)>",
        lambda found: artifact if "path" in found[1] else str(values.get(found[1], "k")),
        rule,
    )


def graphql(ids: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """One query for each root field that the UI can ask, and an alias of each."""
    run = "{info{runId runName artifactUri} data{tags{key value} params{key value} metrics{key value}} experiment{name}}"
    experiment, run_id = ids["experiment_id"], ids["run_id"]
    asked = (
        f'mlflowGetExperiment(input:{{experimentId:"{experiment}"}}){{experiment{{name tags{{key value}} artifactLocation}}}}',
        f'mlflowGetRun(input:{{runId:"{run_id}"}}){{run{run}}}',
        f'mlflowSearchRuns(input:{{experimentIds:["{experiment}"]}}){{runs{run}}}',
        f'mlflowListArtifacts(input:{{runId:"{run_id}"}}){{rootUri files{{path}}}}',
        (
            f'mlflowGetMetricHistoryBulkInterval(input:{{runIds:["{run_id}"],metricKey:"{ids["metric_key"]}",'
            "maxResults:10}){metrics{key value runId}}"
        ),
        f"mlflowSearchModelVersions(input:{{filter:\"run_id IN ('{run_id}')\"}}){{modelVersions{{name description source}}}}",
    )
    for field in asked:
        yield {"query": f"query Q {{ {field} }}", "operationName": "Q"}
        yield {"query": f"query Q {{ other: {field} }}", "operationName": "Q"}


def requests(ids: Mapping[str, Any]) -> Iterator[Forged]:
    """At least one request for each route of MLflow's URL map."""
    values, messages = _values(ids), _messages()
    for method, rule in rules():
        artifact = ids["artifact_path"]
        if rule == "/graphql":
            yield from (Forged(rule, method, rule, {}, query) for query in graphql(ids))
            continue
        path = _place(rule, values, artifact)
        message = messages.get((method, rule))
        body = _filled(message, values) if message is not None else _sink(values)
        if method == "GET":
            query = {name: value for name, value in body.items() if not isinstance(value, dict)}
            yield Forged(rule, method, path, query, None)
            fewer = {name: value for name, value in _ids_alone(query).items() if "path" not in name}
            yield Forged(rule, method, path, fewer | {"max_results": 100}, None)
        else:
            yield Forged(rule, method, path, {}, body)
            yield Forged(rule, method, path, {}, {"experiment_id": ids["experiment_id"], **_ids_alone(body)})


def _ids_alone(body: Mapping[str, Any]) -> dict[str, Any]:
    """The same request with its ids and names only: fewer fields, fewer reasons to refuse it early."""
    kept = ("id", "ids", "uuid", "name", "version", "alias", "key", "path", "locations")
    return {name: value for name, value in body.items() if name.endswith(kept)}
