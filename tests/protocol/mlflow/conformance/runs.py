"""Runs: creation and names, life cycle, what is logged and its limits, batches, histories, search."""

from tests.protocol.mlflow.conformance.stories import PAGE, Step, bad, ok

NO_RUN = "INVALID_PARAMETER_VALUE: Missing value for required parameter 'run_id'."
RUN = ok("POST runs/create", {"experiment_id": "{exp}", "start_time": 5}, run="run.info.run_id")


def metric(
    key: object = "m", value: object = 1, timestamp: object = 1, step: object = 0
) -> dict[str, object]:
    """One point as a batch has it."""
    return {"key": key, "value": value, "timestamp": timestamp, "step": step}


STORIES: dict[str, tuple[Step, ...]] = {
    "life": (
        ok("POST experiments/create", {"name": "runs life"}, exp="experiment_id"),
        ok(
            "POST runs/create",
            {"experiment_id": "{exp}", "run_name": "first", "user_id": "ada", "start_time": 1},
            has={
                "run.info.run_name": "first",
                "run.info.status": "RUNNING",
                "run.info.user_id": "ada",
                "run.info.end_time": None,
            },
            run="run.info.run_id",
        ),
        ok(
            "GET runs/get",
            {"run_id": "{run}"},
            has={"run.info.run_uuid": "{run}", "run.data.tags.0.value": "first"},
        ),
        ok("GET runs/get", {"run_uuid": "{run}"}, has={"run.info.run_id": "{run}"}),
        ok(
            "POST runs/update", {"run_id": "{run}", "run_name": "second"}, has={"run_info.run_name": "second"}
        ),
        ok("GET runs/get", {"run_id": "{run}"}, has={"run.data.tags.0.value": "second"}),
        ok("POST runs/set-tag", {"run_id": "{run}", "key": "mlflow.runName", "value": "third"}),
        ok("GET runs/get", {"run_id": "{run}"}, has={"run.info.run_name": "third"}),
        ok(
            "POST runs/update",
            {"run_id": "{run}", "status": "FINISHED", "end_time": 9},
            has={"run_info.status": "FINISHED", "run_info.end_time": 9, "run_info.run_name": "third"},
        ),
        ok("POST runs/log-metric", {"run_id": "{run}", "key": "late", "value": 1, "timestamp": 1}),
        ok("POST runs/update", {"run_id": "{run}", "status": "DANCING"}, has={"run_info.status": "FINISHED"}),
        ok("POST runs/delete", {"run_id": "{run}"}),
        ok("GET runs/get", {"run_id": "{run}"}, has={"run.info.lifecycle_stage": "deleted"}),
        bad(
            "POST runs/log-metric",
            {"run_id": "{run}", "key": "m", "value": 1, "timestamp": 1},
            "INVALID_PARAMETER_VALUE: The run {run} must be in the 'active' state. Current state is deleted.",
        ),
        bad(
            "POST runs/log-parameter",
            {"run_id": "{run}", "key": "p", "value": "1"},
            "INVALID_PARAMETER_VALUE: The run {run} must be in the 'active' state. Current state is deleted.",
        ),
        bad(
            "POST runs/set-tag",
            {"run_id": "{run}", "key": "t", "value": "1"},
            "INVALID_PARAMETER_VALUE: The run {run} must be in the 'active' state. Current state is deleted.",
        ),
        bad(
            "POST runs/log-batch",
            {"run_id": "{run}", "metrics": [metric()]},
            "INVALID_PARAMETER_VALUE: The run {run} must be in the 'active' state. Current state is deleted.",
        ),
        bad(
            "POST runs/update",
            {"run_id": "{run}", "status": "FINISHED"},
            "INVALID_PARAMETER_VALUE: The run {run} must be in the 'active' state. Current state is deleted.",
        ),
        ok("POST runs/delete", {"run_id": "{run}"}),
        ok("POST runs/restore", {"run_id": "{run}"}),
        ok("POST runs/restore", {"run_id": "{run}"}),
        ok("POST runs/create", {"experiment_id": "{exp}"}, other="run.info.run_id"),
        ok(
            "POST runs/create",
            {"experiment_id": "{exp}", "tags": [{"key": "mlflow.runName", "value": "by tag"}]},
            has={"run.info.run_name": "by tag"},
        ),
        ok(
            "POST runs/create",
            {
                "experiment_id": "{exp}",
                "run_name": "same",
                "tags": [{"key": "mlflow.runName", "value": "same"}],
            },
        ),
        bad(
            "POST runs/create",
            {"experiment_id": "{exp}", "run_name": "a", "tags": [{"key": "mlflow.runName", "value": "b"}]},
            "INVALID_PARAMETER_VALUE: Both 'run_name' argument and 'mlflow.runName' tag are specified, but with",
        ),
        bad(
            "POST runs/create",
            {"experiment_id": "99999999"},
            "RESOURCE_DOES_NOT_EXIST: No Experiment with id=99999999 exists",
        ),
        bad(
            "POST runs/create",
            {"experiment_id": "{exp}", "start_time": "soon"},
            "INVALID_PARAMETER_VALUE: Invalid value \"soon\" for parameter 'start_time' supplied:  Hint: Value was of",
        ),
        ok("POST runs/create", {"experiment_id": "{exp}", "tags": [{"key": "../x", "value": "b"}]}),
        *(
            bad(
                f"POST runs/{verb}",
                {"run_id": "00000000000000000000000000000000"},
                "RESOURCE_DOES_NOT_EXIST: Run with id=00000000000000000000000000000000 not found",
            )
            for verb in ("delete", "restore", "update", "log-batch")
        ),
        bad(
            "GET runs/get",
            {"run_id": "00000000000000000000000000000000"},
            "RESOURCE_DOES_NOT_EXIST: Run with id=",
        ),
        bad(
            "GET runs/get",
            {},
            "INVALID_PARAMETER_VALUE: Missing value for required parameter 'run_id'. See the API docs for more",
        ),
        bad(
            "POST runs/delete",
            {},
            "INVALID_PARAMETER_VALUE: Missing value for required parameter 'run_id'. See the API docs for more",
        ),
        bad(
            "POST runs/update",
            {"status": "FINISHED"},
            "INVALID_PARAMETER_VALUE: Missing value for required parameter 'run_id'. See the API docs for more",
        ),
    ),
    "logging": (
        ok("POST experiments/create", {"name": "runs logging"}, exp="experiment_id"),
        RUN,
        ok("POST runs/log-parameter", {"run_id": "{run}", "key": "p", "value": "1"}),
        ok("POST runs/log-parameter", {"run_id": "{run}", "key": "p", "value": "1"}),
        bad(
            "POST runs/log-parameter",
            {"run_id": "{run}", "key": "p", "value": "2"},
            "INVALID_PARAMETER_VALUE: Changing param values is not allowed. Param with key='p' was already logged",
        ),
        ok("POST runs/log-parameter", {"run_id": "{run}", "key": "long", "value": "{long:6005}"}),
        bad(
            "POST runs/log-parameter",
            {"run_id": "{run}", "value": "2"},
            "INVALID_PARAMETER_VALUE: Missing value for required parameter 'key'. See the API docs for more",
        ),
        ok("POST runs/set-tag", {"run_id": "{run}", "key": "t", "value": "1"}),
        ok("POST runs/set-tag", {"run_id": "{run}", "key": "t", "value": "2"}),
        ok("POST runs/set-tag", {"run_id": "{run}", "key": "long", "value": "{long:8005}"}),
        ok("GET runs/get", {"run_id": "{run}"}, has={"run.data.params.#": 2, "run.data.tags.#": 3}),
        ok("POST runs/delete-tag", {"run_id": "{run}", "key": "long"}),
        bad(
            "POST runs/delete-tag",
            {"run_id": "{run}", "key": "none"},
            "RESOURCE_DOES_NOT_EXIST: No tag with name: none in run with id {run}",
        ),
        bad(
            "POST runs/delete-tag",
            {"run_id": "{run}"},
            "INVALID_PARAMETER_VALUE: Missing value for required parameter 'key'. See the API docs for more",
        ),
        bad(
            "POST runs/set-tag",
            {"run_id": "{run}", "value": "x"},
            "INVALID_PARAMETER_VALUE: Missing value for required parameter 'key'. See the API docs for more",
        ),
        ok("POST runs/log-metric", {"run_id": "{run}", "key": "a", "value": "NaN", "timestamp": 1}),
        ok("POST runs/log-metric", {"run_id": "{run}", "key": "b", "value": "Infinity", "timestamp": 1}),
        ok(
            "POST runs/log-metric",
            {"run_id": "{run}", "key": "c", "value": "-Infinity", "timestamp": "7", "step": "-3"},
        ),
        ok("POST runs/log-metric", b'{"run_id": "{run}", "key": "d", "value": NaN, "timestamp": 1}'),
        ok("POST runs/log-metric", b'{"run_id": "{run}", "key": "e", "value": Infinity, "timestamp": 1}'),
        bad("POST runs/log-metric", {"runId": "{run}", "key": "f", "value": 0.1, "timestamp": 1}, NO_RUN),
        ok(
            "POST runs/log-metric",
            {"run_id": "{run}", "key": "f", "value": True, "timestamp": 1.5, "step": 1.5, "unknown": 5},
        ),
        ok("POST runs/log-metric", {"run_uuid": "{run}", "key": "g", "value": 3, "timestamp": 1}),
        ok("GET runs/get", {"run_id": "{run}"}, has={"run.data.metrics.#": 7}),
        *(
            bad("POST runs/log-metric", {"run_id": "{run}", **metric(**wrong)}, said)
            for wrong, said in (
                (
                    {"value": "much"},
                    "INVALID_PARAMETER_VALUE: Invalid value \"much\" for parameter 'value' supplied:  Hint: Value was of type",
                ),
                (
                    {"value": None},
                    "INVALID_PARAMETER_VALUE: Missing value for required parameter 'value'. See the API docs for more",
                ),
                (
                    {"timestamp": "now"},
                    "INVALID_PARAMETER_VALUE: Invalid value \"now\" for parameter 'timestamp' supplied:  Hint: Value was of",
                ),
                (
                    {"timestamp": None},
                    "INVALID_PARAMETER_VALUE: Missing value for required parameter 'timestamp'. See the API docs for more",
                ),
                (
                    {"timestamp": -1},
                    "INVALID_PARAMETER_VALUE: Invalid value -1 for parameter 'timestamp' supplied: metric 'm' (value=1.0).",
                ),
                (
                    {"step": "x"},
                    "INVALID_PARAMETER_VALUE: Invalid value \"x\" for parameter 'step' supplied:  Hint: Value was of type",
                ),
                (
                    {"key": "{long:251}"},
                    "INVALID_PARAMETER_VALUE: 'Metric name' exceeds the maximum length of 250 characters",
                ),
                (
                    {"key": "a/../b"},
                    "INVALID_PARAMETER_VALUE: Invalid value \"a/../b\" for parameter 'name' supplied: Names may be treated as",
                ),
                (
                    {"key": "/a"},
                    "INVALID_PARAMETER_VALUE: Invalid value \"/a\" for parameter 'name' supplied: Names may be treated as files",
                ),
                (
                    {"key": "."},
                    "INVALID_PARAMETER_VALUE: Invalid value \".\" for parameter 'name' supplied: Names may be treated as files",
                ),
                (
                    {"key": "a$b"},
                    "INVALID_PARAMETER_VALUE: Invalid value \"a$b\" for parameter 'name' supplied: Names may only contain",
                ),
                (
                    {"key": ""},
                    "INVALID_PARAMETER_VALUE: Missing value for required parameter 'key'. See the API docs for more",
                ),
                (
                    {"key": 5},
                    "INVALID_PARAMETER_VALUE: Invalid value 5 for parameter 'key' supplied:  Hint: Value was of type 'int'.",
                ),
                (
                    {"key": None},
                    "INVALID_PARAMETER_VALUE: Missing value for required parameter 'key'. See the API docs for more",
                ),
            )
        ),
        *(
            bad("POST runs/log-parameter", {"run_id": "{run}", "key": key, "value": "1"}, said)
            for key, said in (
                (
                    "{long:251}",
                    "INVALID_PARAMETER_VALUE: 'Param key' exceeds the maximum length of 250 characters",
                ),
                (
                    "../b",
                    "INVALID_PARAMETER_VALUE: Invalid value \"../b\" for parameter 'key' supplied: Names may be treated as",
                ),
                (
                    "a#b",
                    "INVALID_PARAMETER_VALUE: Invalid value \"a#b\" for parameter 'key' supplied: Names may only contain",
                ),
                (
                    5,
                    "INVALID_PARAMETER_VALUE: Invalid value 5 for parameter 'key' supplied:  Hint: Value was of type 'int'.",
                ),
            )
        ),
        bad(
            "POST runs/set-tag",
            {"run_id": "{run}", "key": "{long:251}", "value": "1"},
            "INVALID_PARAMETER_VALUE: 'key' exceeds the maximum length of 250 characters",
        ),
        bad(
            "POST runs/set-tag",
            {"run_id": "{run}", "key": "a//b", "value": "1"},
            "INVALID_PARAMETER_VALUE: Invalid value \"a//b\" for parameter 'key' supplied: Names may be treated as",
        ),
    ),
    "parsing": (
        ok("POST experiments/create", {"name": "runs parsing"}, exp="experiment_id"),
        RUN,
        ok("POST runs/set-tag", '{"run_id": "{run}", "key": "twice", "value": "encoded"}'),
        bad("POST runs/log-batch", {"runId": "{run}", "params": [{"key": "camel", "value": "case"}]}, NO_RUN),
        ok(
            "GET /ajax-api/2.0/mlflow/runs/get",
            {"run_id": "{run}", "unknown": "field"},
            has={"run.info.run_id": "{run}"},
        ),
        bad(
            "POST runs/set-tag",
            b"",
            "INVALID_PARAMETER_VALUE: Missing value for required parameter 'run_id'. See the API docs for more",
        ),
        bad(
            "POST runs/set-tag",
            b"{",
            "INVALID_PARAMETER_VALUE: Missing value for required parameter 'run_id'. See the API docs for more",
        ),
        bad("POST runs/set-tag", b"[1]", "500", ours="INVALID_PARAMETER_VALUE", why=PAGE),
        bad(
            "POST runs/set-tag",
            b"null",
            "INVALID_PARAMETER_VALUE: Missing value for required parameter 'run_id'. See the API docs for more",
        ),
        bad("POST runs/set-tag", b'"text"', "500", ours="INVALID_PARAMETER_VALUE", why=PAGE),
        bad(
            "POST runs/log-metric",
            {"run_id": "{run}", **metric(value=[1])},
            "500",
            ours="INVALID_PARAMETER_VALUE",
            why=PAGE,
        ),
    ),
}
