"""Batches, their limits and their repetition; the latest metric; histories and their pages."""

from tests.protocol.mlflow.conformance.runs import RUN, metric
from tests.protocol.mlflow.conformance.stories import PAGE, Step, bad, ok


def many(name: str, count: int) -> list[dict[str, object]]:
    """That many params, tags or metrics."""
    return [
        metric(f"{name}{n}") if name == "m" else {"key": f"{name}{n}", "value": "v"} for n in range(count)
    ]


STORIES: dict[str, tuple[Step, ...]] = {
    "batches": (
        ok("POST experiments/create", {"name": "batches"}, exp="experiment_id"),
        RUN,
        ok("POST runs/log-batch", {"run_id": "{run}"}),
        ok("POST runs/log-batch", {"run_id": "{run}", "metrics": many("m", 1000)}),
        ok("POST runs/log-batch", {"run_id": "{run}", "params": many("p", 100), "tags": many("t", 100)}),
        ok("POST runs/log-batch", {"run_id": "{run}", "params": many("p", 100), "tags": many("t", 100)}),
        bad(
            "POST runs/log-batch",
            {"run_id": "{run}", "metrics": many("m", 1001)},
            "INVALID_PARAMETER_VALUE: A batch logging request can contain at most 1000 metrics. Got 1001 metrics.",
        ),
        bad(
            "POST runs/log-batch",
            {"run_id": "{run}", "params": many("p", 101)},
            "INVALID_PARAMETER_VALUE: A batch logging request can contain at most 100 params. Got 101 params. Please",
        ),
        bad(
            "POST runs/log-batch",
            {"run_id": "{run}", "tags": many("t", 101)},
            "INVALID_PARAMETER_VALUE: A batch logging request can contain at most 100 tags. Got 101 tags. Please",
        ),
        bad(
            "POST runs/log-batch",
            {"run_id": "{run}", "metrics": many("m", 950), "params": many("p", 51)},
            "INVALID_PARAMETER_VALUE: A batch logging request can contain at most 1000 metrics, params, and tags. Got",
        ),
        bad(
            "POST runs/log-batch",
            {"run_id": "{run}", "params": [{"key": "p1", "value": "w"}]},
            "INVALID_PARAMETER_VALUE: Changing param values is not allowed. Params were already logged='[",
        ),
        bad(
            "POST runs/log-batch",
            {"run_id": "{run}", "params": [{"key": "q", "value": "1"}, {"key": "q", "value": "2"}]},
            "INVALID_PARAMETER_VALUE: Duplicate parameter keys have been submitted: ['q']. Please ensure the request",
        ),
        bad(
            "POST runs/log-batch",
            {"run_id": "{run}", "params": [{"key": "r", "value": "1"}, {"key": "r", "value": "1"}]},
            "INVALID_PARAMETER_VALUE: Duplicate parameter keys have been submitted: ['r'].",
        ),
        ok(
            "POST runs/log-batch",
            {"run_id": "{run}", "tags": [{"key": "t0", "value": "1"}, {"key": "t0", "value": "2"}]},
        ),
        ok("POST runs/log-batch", {"run_id": "{run}", "params": [{"key": "long", "value": "{long:6001}"}]}),
        bad(
            "POST runs/log-batch",
            {"run_id": "{run}", "metrics": "x"},
            "INVALID_PARAMETER_VALUE: Invalid value \"x\" for parameter 'metrics' supplied:  Hint: Value was of type",
        ),
        bad(
            "POST runs/log-batch",
            {"run_id": "{run}", "metrics": ["x"]},
            "500",
            ours="INVALID_PARAMETER_VALUE",
            why=PAGE,
        ),
        bad(
            "POST runs/log-batch",
            {"run_id": "{run}", "metrics": [{"key": "k"}]},
            "INVALID_PARAMETER_VALUE: Missing value for required parameter 'metrics[0].value'. See the API docs for",
        ),
        bad(
            "POST runs/log-batch",
            {"run_id": "{run}", "metrics": [{"value": 1, "timestamp": 1}]},
            "INVALID_PARAMETER_VALUE: Missing value for required parameter 'metrics[0].key'. See the API docs for",
        ),
        ok("POST runs/log-batch", {"run_id": "{run}", "metrics": [metric(value="much")]}),
        bad(
            "POST runs/log-batch",
            {"run_id": "{run}", "metrics": [metric(), metric("a$")]},
            "INVALID_PARAMETER_VALUE: Invalid value \"a$\" for parameter 'metrics[1].name' supplied: Names may only",
        ),
        bad(
            "POST runs/log-batch",
            {"run_id": "{run}", "params": [{"key": "../x", "value": "1"}]},
            "INVALID_PARAMETER_VALUE: Invalid value \"../x\" for parameter 'params[0].key' supplied: Names may be",
        ),
        bad(
            "POST runs/log-batch",
            {"run_id": "{run}", "params": [{"value": "1"}]},
            "INVALID_PARAMETER_VALUE: Missing value for required parameter 'params[0].key'. See the API docs for more",
        ),
        bad(
            "POST runs/log-batch",
            {"run_id": "{run}", "tags": [{"key": "{long:251}", "value": "1"}]},
            "INVALID_PARAMETER_VALUE: 'tags[0].key' exceeds the maximum length of 250 characters",
        ),
        bad(
            "POST runs/log-batch",
            {"metrics": [metric()]},
            "INVALID_PARAMETER_VALUE: Missing value for required parameter 'run_id'. See the API docs for more",
        ),
        bad(
            "POST runs/log-batch",
            {},
            "INVALID_PARAMETER_VALUE: Missing value for required parameter 'run_id'. See the API docs for more",
        ),
        ok("GET runs/get", {"run_id": "{run}"}, has={"run.data.metrics.#": 1001, "run.data.params.#": 101}),
    ),
    "histories": (
        ok("POST experiments/create", {"name": "histories"}, exp="experiment_id"),
        RUN,
        ok(
            "POST runs/log-batch",
            {
                "run_id": "{run}",
                "metrics": [
                    metric("loss", 3, 30, 0),
                    metric("loss", 2, 20, 1),
                    metric("loss", 1, 20, 1),
                    metric("loss", 2, 20, 1),
                    metric("loss", "NaN", 40, 2),
                    metric("loss", 5, 10, 3),
                    metric("loss", 4, 10, 3),
                    metric("other", 1, 1, -1),
                ],
            },
        ),
        ok("POST runs/log-metric", {"run_id": "{run}", **metric("loss", 5, 10, 3)}),
        ok("GET runs/get", {"run_id": "{run}"}),
        ok(
            "GET metrics/get-history",
            {"run_id": "{run}", "metric_key": "loss"},
            has={"metrics.#": 6, "metrics.0.value": 4},
        ),
        ok("GET metrics/get-history", {"run_uuid": "{run}", "metric_key": "loss"}, has={"metrics.#": 6}),
        ok(
            "GET metrics/get-history",
            {"run_id": "{run}", "metric_key": "loss", "max_results": 4},
            has={"metrics.#": 4},
            token="next_page_token",
        ),
        ok(
            "GET metrics/get-history",
            {"run_id": "{run}", "metric_key": "loss", "max_results": 4, "page_token": "{token}"},
            has={"metrics.#": 2, "next_page_token": None},
        ),
        ok("GET metrics/get-history", {"run_id": "{run}", "metric_key": "none"}, has={"metrics": None}),
        bad(
            "GET metrics/get-history",
            {"run_id": "{run}"},
            "INVALID_PARAMETER_VALUE: Missing value for required parameter 'metric_key'. See the API docs for more",
        ),
        bad(
            "GET metrics/get-history",
            {"metric_key": "loss"},
            "INVALID_PARAMETER_VALUE: Missing value for required parameter 'run_id'. See the API docs for more",
        ),
        bad(
            "GET metrics/get-history",
            {"run_id": "{run}", "metric_key": "loss", "max_results": 0},
            "INVALID_PARAMETER_VALUE: Invalid value 0 for parameter 'max_results' supplied. It must be a positive",
        ),
        bad(
            "GET metrics/get-history",
            {"run_id": "{run}", "metric_key": "loss", "max_results": -5},
            "INVALID_PARAMETER_VALUE: Invalid value -5 for parameter 'max_results' supplied. It must be a positive",
        ),
        ok(
            "GET metrics/get-history",
            {"run_id": "{run}", "metric_key": "loss", "max_results": "x"},
            has={"metrics.#": 6},
        ),
        bad(
            "GET metrics/get-history",
            {"run_id": "{run}", "metric_key": "loss", "max_results": 2, "page_token": "%"},
            "INVALID_PARAMETER_VALUE: Invalid page token, decoded value=b''",
        ),
        bad(
            "GET metrics/get-history",
            {"run_id": "00000000000000000000000000000000", "metric_key": "loss"},
            "200",
            ours="RESOURCE_DOES_NOT_EXIST",
            why="an unknown run and another project's are answered alike",
        ),
        ok(
            "GET /ajax-api/2.0/mlflow/metrics/get-history-bulk",
            {"run_id": "{run}", "metric_key": "loss", "max_results": 10},
            has={"metrics.#": 6},
        ),
        ok(
            "GET /ajax-api/2.0/mlflow/metrics/get-history-bulk-interval",
            {"run_ids": "{run}", "metric_key": "loss", "max_results": 2},
        ),
        ok(
            "GET /ajax-api/2.0/mlflow/metrics/get-history-bulk-interval",
            {"run_ids": "{run}", "metric_key": "loss", "start_step": 1, "end_step": 2, "max_results": 100},
        ),
        bad(
            "GET /ajax-api/2.0/mlflow/metrics/get-history-bulk-interval",
            {"run_ids": "{run}", "metric_key": "loss", "start_step": 1, "max_results": 100},
            "INVALID_PARAMETER_VALUE: If either start step or end step are specified, both must be specified.",
        ),
        bad(
            "GET /ajax-api/2.0/mlflow/metrics/get-history-bulk-interval",
            {"run_ids": "{run}", "metric_key": "loss", "start_step": 3, "end_step": 2, "max_results": 100},
            "INVALID_PARAMETER_VALUE: end_step must be greater than start_step. Found start_step=3 and end_step=2.",
        ),
        bad(
            "GET /ajax-api/2.0/mlflow/metrics/get-history-bulk-interval",
            {"run_ids": "{run}", "metric_key": "loss", "max_results": 2501},
            "INVALID_PARAMETER_VALUE: max_results must be between 1 and 2500. See the API docs for more information",
        ),
        bad(
            "GET /ajax-api/2.0/mlflow/metrics/get-history-bulk-interval",
            {"run_ids": "{run}", "max_results": 5},
            "INVALID_PARAMETER_VALUE: Missing value for required parameter 'metric_key'. See the API docs for more",
        ),
    ),
}
