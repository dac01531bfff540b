"""Traces of both generations, spans over OTLP, assessments."""

from tests.protocol.mlflow.conformance.stories import STATEMENT, Step, bad, ok

EXPERIMENT = ok("POST experiments/create", {"name": "traces"}, exp="experiment_id")
PLACE = {"type": "MLFLOW_EXPERIMENT", "mlflow_experiment": {"experiment_id": "{exp}"}}
SOURCE = {"source_type": "HUMAN", "source_id": "me"}


def info(name: str, state: str = "OK") -> dict[str, object]:
    """A trace as 3.x clients start it."""
    return {
        "trace": {
            "trace_info": {
                "trace_id": name,
                "trace_location": PLACE,
                "request_time": "2020-01-01T00:00:00Z",
                "execution_duration": "1.5s",
                "state": state,
                "request_preview": "ask",
                "trace_metadata": {"who": "ada"},
                "tags": {"colour": name},
            }
        }
    }


def feedback(name: str | None, trace: str = "tr-one", **more: object) -> dict[str, object]:
    """An assessment."""
    times = {"create_time": "2020-01-01T00:00:00Z", "last_update_time": "2020-01-01T00:00:00Z"}
    return {
        "assessment": {
            "assessment_name": name,
            "trace_id": trace,
            "source": SOURCE,
            **times,
            "feedback": {"value": 1},
            **more,
        }
    }


STORIES: dict[str, tuple[Step, ...]] = {
    "third": (
        EXPERIMENT,
        ok("POST 3:traces", info("tr-one"), has={"trace.trace_info.trace_id": "tr-one"}),
        ok("POST 3:traces", info("tr-two", "ERROR")),
        ok(
            "GET 3:traces/tr-one",
            has={"trace.trace_info.state": "OK", "trace.trace_info.execution_duration": "1.500s"},
        ),
        bad("GET 3:traces/tr-none", None, "RESOURCE_DOES_NOT_EXIST: Trace with ID 'tr-none' not found."),
        bad(
            "POST 3:traces",
            {},
            "INVALID_PARAMETER_VALUE: Missing value for required parameter 'trace'. See the API docs for more",
        ),
        bad(
            "POST 3:traces",
            {"trace": {"trace_info": {"trace_id": "tr-x", "trace_location": "x"}}},
            "INTERNAL_ERROR: int() argument must be a string, a bytes-like object or a real number, not",
        ),
        ok("PATCH 3:traces/tr-one/tags", {"key": "k", "value": "v"}),
        ok("PATCH 3:traces/tr-one/tags", {"key": "long", "value": "{long:8001}"}),
        bad(
            "PATCH 3:traces/tr-one/tags",
            {"key": "{long:251}", "value": "v"},
            "INVALID_PARAMETER_VALUE: 'key' exceeds the maximum length of 250 characters",
        ),
        bad(
            "PATCH 3:traces/tr-one/tags",
            {"value": "v"},
            "INVALID_PARAMETER_VALUE: Missing value for required parameter 'key'. See the API docs for more",
        ),
        bad(
            "PATCH 3:traces/tr-none/tags",
            {"key": "k", "value": "v"},
            "BAD_REQUEST: (psycopg.errors.ForeignKeyViolation)",
            ours="RESOURCE_DOES_NOT_EXIST: Trace with ID 'tr-none' not found.",
            why=STATEMENT,
        ),
        ok("DELETE 3:traces/tr-one/tags", {"key": "long"}),
        bad(
            "DELETE 3:traces/tr-one/tags",
            {"key": "none"},
            "RESOURCE_DOES_NOT_EXIST: No trace tag with key 'none' for trace with ID 'tr-one'",
        ),
        *(
            ok(
                "POST 3:traces/search",
                {"locations": [PLACE], "filter": text, "max_results": 10},
                has={"traces.#": count},
            )
            for text, count in (
                ("", 2),
                ("trace.status = 'OK'", 1),
                ("attributes.status = 'ERROR'", 1),
                ("tags.colour = 'tr-one'", 1),
                ("tag.k = 'v'", 1),
                ("metadata.who = 'ada'", 2),
                ("timestamp_ms > 0", 2),
                ("execution_time_ms > 5000", 0),
                ("tags.colour LIKE 'tr-%'", 2),
            )
        ),
        ok(
            "POST 3:traces/search",
            {"locations": [PLACE], "max_results": 1, "order_by": ["timestamp_ms ASC"]},
            has={"traces.#": 1},
        ),
        bad(
            "POST 3:traces/search",
            {"locations": [PLACE], "filter": "color = 'x'"},
            "INVALID_PARAMETER_VALUE: Invalid attribute key 'color' specified. Valid keys are '",
        ),
        bad(
            "POST 3:traces/search",
            {"locations": [PLACE], "filter": "status"},
            "INVALID_PARAMETER_VALUE: Invalid clause(s) in filter string: 'status'",
        ),
        bad(
            "POST 3:traces/search",
            {"locations": [PLACE], "max_results": 501},
            "INVALID_PARAMETER_VALUE: Invalid value 501 for parameter 'max_results' supplied:  Hint: Value was of",
        ),
        bad(
            "POST 3:traces/search",
            {"locations": [PLACE], "order_by": ["color"]},
            "INVALID_PARAMETER_VALUE: Invalid attribute key 'color' specified. Valid keys are '",
        ),
        bad(
            "POST 3:traces/search",
            {"locations": [PLACE], "page_token": "%%"},
            "INVALID_PARAMETER_VALUE: Invalid page token, decoded value=b''",
        ),
        ok("POST 3:traces/batchGetInfos", {"trace_ids": ["tr-one", "tr-none"]}, has={"trace_infos.#": 1}),
        bad(
            "POST 3:traces/delete-traces",
            {"experiment_id": "{exp}"},
            "INVALID_PARAMETER_VALUE: Either `max_timestamp_millis` or `trace_ids` must be specified.",
        ),
        bad(
            "POST 3:traces/delete-traces",
            {"request_ids": ["tr-one"]},
            "INVALID_PARAMETER_VALUE: Missing value for required parameter 'experiment_id'. See the API docs for more",
        ),
        ok(
            "POST 3:traces/delete-traces",
            {"experiment_id": "{exp}", "request_ids": ["tr-two"]},
            has={"traces_deleted": 1},
        ),
        ok("POST 3:traces/delete-traces", {"experiment_id": "{exp}", "max_timestamp_millis": 5}),
    ),
    "assessments": (
        ok("POST experiments/create", {"name": "assessed"}, exp="experiment_id"),
        ok("POST 3:traces", info("tr-assessed")),
        ok(
            "POST 3:traces/tr-assessed/assessments",
            feedback("good", "tr-assessed"),
            one="assessment.assessment_id",
        ),
        ok("GET 3:traces/tr-assessed/assessments/{one}", has={"assessment.assessment_name": "good"}),
        ok(
            "PATCH 3:traces/tr-assessed/assessments/{one}",
            {
                "assessment": {"assessment_id": "{one}", "trace_id": "tr-assessed", "feedback": {"value": 0}},
                "update_mask": "feedback",
            },
            has={"assessment.feedback.value": 0},
        ),
        bad(
            "GET 3:traces/tr-assessed/assessments/a-none",
            None,
            "RESOURCE_DOES_NOT_EXIST: Assessment with ID 'a-none' not found for trace 'tr-assessed'",
        ),
        bad(
            "POST 3:traces/tr-none/assessments",
            feedback("good", "tr-none"),
            "RESOURCE_DOES_NOT_EXIST: Trace with ID 'tr-none' not found.",
        ),
        bad(
            "POST 3:traces/tr-assessed/assessments",
            {},
            "INVALID_PARAMETER_VALUE: Missing value for required parameter 'assessment'. See the API docs for more",
        ),
        ok("GET 3:traces/tr-assessed", has={"trace.trace_info.assessments.#": 1}),
        ok("DELETE 3:traces/tr-assessed/assessments/{one}"),
        bad(
            "GET 3:traces/tr-assessed/assessments/{one}",
            None,
            "RESOURCE_DOES_NOT_EXIST: Assessment with ID '{one}' not found for trace 'tr-assessed'",
        ),
    ),
    "second": (
        ok("POST experiments/create", {"name": "old traces"}, exp="experiment_id"),
        ok(
            "POST traces",
            {
                "experiment_id": "{exp}",
                "timestamp_ms": 5,
                "request_metadata": [{"key": "a", "value": "b"}],
                "tags": [{"key": "t", "value": "u"}],
            },
            trace="trace_info.request_id",
            has={"trace_info.status": "IN_PROGRESS"},
        ),
        ok(
            "PATCH traces/{trace}",
            {"request_id": "{trace}", "timestamp_ms": 9, "status": "OK"},
            has={"trace_info.status": "OK"},
        ),
        ok("GET traces/{trace}/info", has={"trace_info.timestamp_ms": 5}),
        ok("PATCH traces/{trace}/tags", {"key": "k", "value": "v"}),
        ok("DELETE traces/{trace}/tags", {"key": "k"}),
        ok("GET traces", {"experiment_ids": "{exp}", "max_results": 5}, has={"traces.#": 1}),
        bad(
            "GET traces",
            {"experiment_ids": "{exp}", "filter": "color = 'x'"},
            "INVALID_PARAMETER_VALUE: Invalid attribute key 'color' specified. Valid keys are '",
        ),
        bad("GET traces/tr-none/info", None, "RESOURCE_DOES_NOT_EXIST: Trace with ID 'tr-none' not found."),
        bad("POST traces", {"timestamp_ms": 5}, "INTERNAL_ERROR: invalid literal for int() with base 10: ''"),
    ),
}
