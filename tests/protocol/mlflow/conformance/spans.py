"""Spans over OTLP, in both encodings; what is read of a whole trace; traces of a run; figures over traces."""

import gzip
import json
import secrets
import zlib
from collections.abc import Mapping

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from tests.protocol.mlflow.conformance.stories import Step, bad, ok

OURS = (
    secrets.randbits(64) << 64
)  # nobody else's trace ids, as a trace's id belongs to one project of the instance
PROTOBUF = {"Content-Type": "application/x-protobuf", "x-mlflow-experiment-id": "{exp}"}
JSON = {"Content-Type": "application/json", "x-mlflow-experiment-id": "{exp}"}
DETAIL = "stock's own ASGI route answers in FastAPI's words, ours in MLflow's"


def batch(trace: int, *, service: str = "mine") -> bytes:
    """A root span with a child."""
    request = ExportTraceServiceRequest()
    group = request.resource_spans.add()
    attribute = group.resource.attributes.add(key="service.name")
    attribute.value.string_value = service
    spans = group.scope_spans.add().spans
    for number, parent in ((1, 0), (2, 1)):
        span = spans.add(name=f"span {number}", kind=1)
        span.trace_id = (OURS + trace).to_bytes(16, "big")
        span.span_id = number.to_bytes(8, "big")
        span.parent_span_id = parent.to_bytes(8, "big") if parent else b""
        span.start_time_unix_nano = 1_600_000_000_000_000_000 + number
        span.end_time_unix_nano = 1_600_000_002_000_000_000 - number
        span.attributes.add(key="who").value.string_value = "ada"
    return request.SerializeToString()


def written(trace: int) -> bytes:
    """A span as OTLP's JSON has it, ids in hex."""
    span = {
        "traceId": f"{OURS + trace:032x}",
        "spanId": f"{7:016x}",
        "name": "in json",
        "kind": 1,
        "startTimeUnixNano": "1600000000000000000",
        "endTimeUnixNano": "1600000001000000000",
        "status": {"code": 2, "message": "it broke"},
    }
    return json.dumps({"resourceSpans": [{"scopeSpans": [{"spans": [span]}]}]}).encode()


def sent(body: bytes, headers: Mapping[str, str] = PROTOBUF, says: str = "200", ours: str = "") -> Step:
    """A batch for the server."""
    return Step(
        "POST /v1/traces", body, says, headers=headers, ours=ours, why=DETAIL if says != "200" else ""
    )


def trace(number: int) -> str:
    """A trace's id as MLflow writes it."""
    return f"tr-{OURS + number:032x}"


STORIES: dict[str, tuple[Step, ...]] = {
    "otlp": (
        ok("POST experiments/create", {"name": "spans"}, exp="experiment_id"),
        ok("POST runs/create", {"experiment_id": "{exp}", "run_name": "r"}, run="run.info.run_id"),
        sent(batch(0x11)),
        sent(batch(0x11)),
        sent(gzip.compress(batch(0x12)), {**PROTOBUF, "Content-Encoding": "gzip"}),
        sent(zlib.compress(batch(0x13)), {**PROTOBUF, "Content-Encoding": "deflate"}),
        sent(zlib.compress(batch(0x14), wbits=-15), {**PROTOBUF, "Content-Encoding": "deflate"}),
        sent(written(0x15), JSON),
        sent(batch(0x16), {**PROTOBUF, "x-mlflow-run-id": "{run}"}),
        sent(batch(0x17, service="claude-code")),
        ok("GET 3:traces/get", {"trace_id": trace(0x11)}, has={"trace.spans.#": 2}),
        ok(
            "GET 3:traces/get",
            {"trace_id": trace(0x15)},
            has={"trace.spans.0.name": "in json", "trace.trace_info.state": "ERROR"},
        ),
        ok("GET 3:traces/get", {"trace_id": trace(0x17)}, has={"trace.spans.#": 2}),
        ok(f"GET 3:traces/{trace(0x16)}", has={"trace.trace_info.execution_duration": "1.999s"}),
        ok("GET 3:traces/batchGet", {"trace_ids": [trace(0x11), trace(0x12)]}, has={"traces.#": 2}),
        ok("GET 3:traces/batchGet", {"trace_ids": ["tr-none"]}, has={"traces": None}),
        bad(
            "GET 3:traces/batchGet",
            None,
            "INVALID_PARAMETER_VALUE: Missing value for required parameter 'trace_ids'. See the API docs for more",
        ),
        bad(
            "GET 3:traces/get",
            {"trace_id": "tr-none"},
            "RESOURCE_DOES_NOT_EXIST: Trace with ID tr-none is not found.",
            ours="RESOURCE_DOES_NOT_EXIST: Trace with ID 'tr-none' not found.",
            why="one text for every route, as nearly every route of stock has it",
        ),
        sent(batch(0x18), {"Content-Type": "application/x-protobuf"}, "422", "INVALID_PARAMETER_VALUE"),
        sent(
            batch(0x18),
            {**PROTOBUF, "Content-Type": "text/plain"},
            "400",
            "INVALID_PARAMETER_VALUE: Invalid Content-Type",
        ),
        sent(
            batch(0x18),
            {**PROTOBUF, "Content-Encoding": "br"},
            "400",
            "INVALID_PARAMETER_VALUE: Unsupported Content-Encoding: br",
        ),
        sent(
            b"no gzip",
            {**PROTOBUF, "Content-Encoding": "gzip"},
            "400",
            "INVALID_PARAMETER_VALUE: Failed to decompress gzip payload",
        ),
        sent(b"", PROTOBUF, "400", "INVALID_PARAMETER_VALUE: Invalid OpenTelemetry format - no spans found"),
        sent(b"rubbish", PROTOBUF, "400", "INVALID_PARAMETER_VALUE: Invalid OpenTelemetry format"),
        sent(b"[1", JSON, "400", "INVALID_PARAMETER_VALUE: Invalid OpenTelemetry format"),
        ok("POST 3:traces/search", {"locations": []}, has={"traces": None}),
    ),
    "figures": (
        ok("POST experiments/create", {"name": "figures"}, exp="experiment_id"),
        ok("POST runs/create", {"experiment_id": "{exp}", "run_name": "r"}, run="run.info.run_id"),
        sent(batch(0x21)),
        sent(batch(0x22)),
        sent(written(0x23), JSON),
        ok("POST traces/link-to-run", {"trace_ids": [trace(0x21), trace(0x22)], "run_id": "{run}"}),
        ok(
            "POST 3:traces/search",
            {
                "locations": [{"type": "MLFLOW_EXPERIMENT", "mlflow_experiment": {"experiment_id": "{exp}"}}],
                "filter": "attributes.run_id = '{run}'",
                "order_by": ["timestamp_ms ASC"],
            },
            has={"traces.#": 2},
        ),
        *(
            ok(
                "POST 3:traces/search",
                {
                    "locations": [
                        {"type": "MLFLOW_EXPERIMENT", "mlflow_experiment": {"experiment_id": "{exp}"}}
                    ],
                    "filter": text,
                },
                has={"traces.#": count},
            )
            for text, count in (
                ("span.name = 'in json'", 1),
                ("span.name LIKE 'span%'", 2),
                ("span.status = 'ERROR'", 1),
                ("span.attributes.who LIKE '%ada%'", 2),
                ("trace.text LIKE '%json%'", 1),
                ("span.name RLIKE '^span [0-9]$'", 2),
            )
        ),
        bad(
            "POST traces/link-to-run",
            {"trace_ids": [trace(0x21)]},
            "INVALID_PARAMETER_VALUE: Missing value for required parameter 'run_id'. See the API docs for more",
        ),
        ok(
            "POST 3:traces/metrics",
            {
                "experiment_ids": ["{exp}"],
                "view_type": "TRACES",
                "metric_name": "trace_count",
                "aggregations": [{"aggregation_type": "COUNT"}],
            },
            has={"data_points.#": 1},
        ),
        ok(
            "POST 3:traces/metrics",
            {
                "experiment_ids": ["{exp}"],
                "view_type": "TRACES",
                "metric_name": "latency",
                "aggregations": [{"aggregation_type": "AVG"}],
            },
            has={"data_points.#": 1},
        ),
        bad(
            "POST 3:traces/metrics",
            {
                "experiment_ids": ["{exp}"],
                "view_type": "TRACES",
                "metric_name": "colour",
                "aggregations": [{"aggregation_type": "COUNT"}],
            },
            "INVALID_PARAMETER_VALUE",
        ),
        ok(
            "POST 3:traces/calculate-filter-correlation",
            {
                "experiment_ids": ["{exp}"],
                "filter_string1": "attributes.status = 'ERROR'",
                "filter_string2": "span.name = 'in json'",
            },
            has={"joint_count": 1, "total_count": 3},
        ),
        bad(
            "POST 3:traces/calculate-filter-correlation",
            {"experiment_ids": ["{exp}"], "filter_string1": "attributes.status = 'ERROR'"},
            "INVALID_PARAMETER_VALUE: Missing value for required parameter 'filter_string2'. See the API docs",
        ),
    ),
}
