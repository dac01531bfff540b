"""``POST /v1/traces``: OpenTelemetry spans into MLflow's store. MLflow's own route for it exists only under its ASGI server."""

import base64
import json
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from django.http import HttpRequest, HttpResponse

from ropewalk.core import outages
from ropewalk.core.errors import Conflict, Invalid
from ropewalk.edges.mlflow_http import bodies, ownership, runtime
from ropewalk.edges.mlflow_http.errors import without_statement
from ropewalk.tracking import selectors

if TYPE_CHECKING:
    from mlflow.entities.span import Span

# As MLflow's own route has them.
AGENTS = frozenset({"claude-code", "codex_cli_rs", "codex_vscode", "gemini-cli", "qwen-code"})
TYPES = ("application/x-protobuf", "application/json")


def receive(request: HttpRequest, project_id: int) -> HttpResponse:
    """Store a batch of spans as a whole or not at all; the experiment comes in a header, a run may."""
    experiment_id = request.headers.get("x-mlflow-experiment-id", "")
    run_id = request.headers.get("x-mlflow-run-id", "")
    if not experiment_id:
        raise Invalid("The header x-mlflow-experiment-id is required.")
    kind = (request.content_type or "").strip().lower()
    if kind not in TYPES:
        raise Invalid(f"Invalid Content-Type: {kind}. Expected: {' or '.join(TYPES)}")
    encoding = request.headers.get("Content-Encoding", "").strip().lower()
    body = bodies.inflated(bodies.whole(request, bodies.MAX_SPANS), encoding)
    with runtime.bound(project_id) as store:
        ownership.check(project_id, "/v1/traces", {"experiment_id": experiment_id, "run_id": run_id})
        spans = _spans(body, kind)
        from mlflow.exceptions import MlflowException

        try:
            store.log_spans(experiment_id, spans)
            # MLflow drops, with a warning, the spans of a trace whose id another project has.
            if selectors.missing_ids(project_id, "trace", {span.trace_id for span in spans}):
                raise Conflict("A trace id of this batch is taken.", hint="Send the spans with new ids.")
            finished = sorted({span.trace_id for span in spans if span.parent_id is None})
            if run_id and finished:
                store.link_traces_to_run(finished, run_id)
        except MlflowException as error:
            if away := outages.recognise(error):
                raise away from error
            return HttpResponse(
                without_statement(error.serialize_as_json().encode()),
                status=error.get_http_status_code(),
                content_type="application/json",
            )
    # An empty ExportTraceServiceResponse is zero bytes of protobuf.
    return HttpResponse(b"", content_type="application/x-protobuf")


def _spans(body: bytes, kind: str) -> "list[Span]":
    """The batch as MLflow's spans. Raises :class:`Invalid`."""
    from google.protobuf.json_format import Error as JsonError
    from google.protobuf.json_format import ParseDict
    from google.protobuf.message import DecodeError
    from mlflow.entities.span import Span
    from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

    batch = ExportTraceServiceRequest()
    try:
        if kind == "application/json":
            ParseDict(_with_base64_ids(json.loads(body)), batch, ignore_unknown_fields=True)
        else:
            batch.ParseFromString(body)
    except (DecodeError, JsonError, ValueError, TypeError, AttributeError, RecursionError):
        raise Invalid("Invalid OpenTelemetry format") from None
    if not batch.resource_spans:
        raise Invalid("Invalid OpenTelemetry format - no spans found")
    try:
        return [
            _named(Span.from_otel_proto(span, resource=group.resource), _agent(group.resource.attributes))
            for group in batch.resource_spans
            for scope in group.scope_spans
            for span in scope.spans
        ]
    except Exception as error:  # MLflow's conversion raises whatever the span's content leads to
        raise Invalid("Cannot convert OpenTelemetry span to MLflow span") from error


def _agent(attributes: Iterable[Any]) -> str:
    """The coding agent that sent the spans; empty for any other service."""
    name = next((one.value.string_value for one in attributes if one.key == "service.name"), "")
    return name if name in AGENTS else ""


def _named(span: "Span", agent: str) -> "Span":
    """The span; a trace's first tells which agent made it, because MLflow's pages show attributes and no resources."""
    from mlflow.tracing.utils import dump_span_attribute_value

    if agent and span.parent_id is None:
        attributes: Any = span._span._attributes  # it has no setter once the span has ended
        attributes["service.name"] = dump_span_attribute_value(agent)
    return span


def _with_base64_ids(batch: dict[str, Any]) -> dict[str, Any]:
    """OTLP's JSON writes ids in hex, protobuf's JSON mapping wants base64 (OTLP specification, "JSON Protobuf Encoding")."""
    for group in batch.get("resourceSpans", []):
        for scope in group.get("scopeSpans", []):
            for span in scope.get("spans", []):
                for name in ("traceId", "spanId", "parentSpanId"):
                    if span.get(name):
                        span[name] = base64.b64encode(bytes.fromhex(span[name])).decode("ascii")
    return batch
