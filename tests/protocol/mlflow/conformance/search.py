"""Searching runs: the filter grammar, order and pages."""

from tests.protocol.mlflow.conformance.stories import Step, bad, ok


def found(text: str, count: int) -> Step:
    """A filter and how many of the three active runs it finds."""
    body = {"experiment_ids": ["{exp}"], "filter": text, "order_by": ["attribute.start_time ASC"]}
    return ok("POST runs/search", body, has={"runs.#": count})


def refused(text: str, says: str) -> Step:
    """A filter that is none."""
    return bad("POST runs/search", {"experiment_ids": ["{exp}"], "filter": text}, says)


def ordered(by: list[str], first: str) -> Step:
    """An order and the name of its first run."""
    body = {"experiment_ids": ["{exp}"], "order_by": by}
    return ok("POST runs/search", body, has={"runs.0.info.run_name": first})


def run(name: str, start: int, value: object, param: str, **keeps: str) -> tuple[Step, Step]:
    """A run with a metric, a param and a tag."""
    logged = {
        "run_id": f"{{{name}}}",
        "metrics": [{"key": "val loss", "value": value, "timestamp": 1, "step": 0}],
        "params": [{"key": "lr", "value": param}],
        "tags": [{"key": "team", "value": f"Team {name}"}],
    }
    body = {"experiment_id": "{exp}", "run_name": name, "start_time": start, "user_id": "ada"}
    return ok("POST runs/create", body, **{name: "run.info.run_id"}), ok("POST runs/log-batch", logged)


STORIES: dict[str, tuple[Step, ...]] = {
    "runs": (
        ok("POST experiments/create", {"name": "search"}, exp="experiment_id"),
        *run("one", 10, 0.5, "0.1"),
        *run("two", 20, "NaN", "0.2"),
        *run("three", 30, 2, "0.1"),
        ok(
            "POST runs/create",
            {"experiment_id": "{exp}", "run_name": "gone", "start_time": 40},
            gone="run.info.run_id",
        ),
        ok("POST runs/delete", {"run_id": "{gone}"}),
        ok("POST runs/update", {"run_id": "{three}", "status": "FINISHED", "end_time": 99}),
        found("", 3),
        found("metrics.`val loss` > 0.6", 1),
        found('metrics."val loss" <= 0.5', 1),
        found("metric.`val loss` != 2", 2),
        found("metrics.none > 0", 0),
        found("params.lr = '0.1'", 2),
        found("parameters.lr != '0.1'", 1),
        found("param.lr LIKE '0._'", 3),
        found("params.none != 'x'", 0),
        found("params.lr IS NOT NULL", 3),
        found("params.none IS NULL", 3),
        found("tags.team = 'Team one'", 1),
        found("tag.team LIKE 'team%'", 0),
        found("tags.team ILIKE 'team%'", 3),
        found("tags.`mlflow.runName` = 'two'", 1),
        found("attributes.status = 'FINISHED'", 1),
        found("status != 'FINISHED'", 2),
        found("run_name LIKE 't%'", 2),
        found("attributes.`run name` = 'one'", 1),
        found("run_id = '{one}'", 1),
        found("run_id IN ('{one}', '{two}')", 2),
        found("run_id NOT IN ('{one}')", 2),
        found("start_time > 10 AND start_time <= 30", 2),
        found("attr.end_time = 99", 1),
        found("user_id = 'ada' AND params.lr = '0.1' AND metrics.`val loss` < 1", 1),
        found("dataset.name = 'x'", 0),
        found("artifact_uri LIKE 'mlflow-artifacts:/%'", 3),
        refused("metrics.a", "INVALID_PARAMETER_VALUE: Invalid clause(s) in filter string: 'metrics.a'"),
        refused(
            "metrics.a > 'x'", "INVALID_PARAMETER_VALUE: Expected numeric value type for metric. Found 'x'"
        ),
        refused(
            "metrics.a LIKE 'x'", "INVALID_PARAMETER_VALUE: Expected numeric value type for metric. Found 'x'"
        ),
        refused(
            "params.lr = 0.1",
            "INVALID_PARAMETER_VALUE: Expected a quoted string value for parameter (e.g. 'my-value'). Got value 0.1",
        ),
        refused("params.lr > '1'", "INVALID_PARAMETER_VALUE: Invalid comparator '>' not one of '"),
        refused(
            "params.lr = '1' OR params.lr = '2'",
            "INVALID_PARAMETER_VALUE: Invalid clause(s) in filter string: 'OR'",
        ),
        refused(
            "(params.lr = '1')",
            "INVALID_PARAMETER_VALUE: Invalid clause(s) in filter string: '(params.lr = '1')'",
        ),
        refused(
            "color.a = 'x'",
            "INVALID_PARAMETER_VALUE: Invalid entity type 'color'. Valid values are ['metric', 'parameter', 'tag',",
        ),
        refused(
            "attributes.color = 'x'",
            "INVALID_PARAMETER_VALUE: Invalid attribute key 'color' specified. Valid keys are '",
        ),
        refused(
            "status = RUNNING",
            "INVALID_PARAMETER_VALUE: Parameter value is either not quoted or unidentified quote types used for",
        ),
        refused(
            "status IN ('RUNNING')",
            "INVALID_PARAMETER_VALUE: Only ['run_id'] attributes support comparison with a list of quoted string",
        ),
        refused(
            "run_id IN ()",
            "INVALID_PARAMETER_VALUE: While parsing a list in the query, expected a non-empty list of string values,",
        ),
        refused(
            "start_time > 'x'",
            "INVALID_PARAMETER_VALUE: Expected numeric value type for numeric attribute: start_time. Found 'x'",
        ),
        found("params.lr = '1' AND", 0),
        refused(
            "params.lr = '1",
            "INVALID_PARAMETER_VALUE: Invalid clause(s) in filter string: 'params.lr', '=', ''', '1'",
        ),
        refused(
            "; DROP TABLE runs",
            "INVALID_PARAMETER_VALUE: Search filter contained multiple expression '; DROP TABLE runs'. Provide AND-ed",
        ),
        ordered([], "three"),
        ordered(["attributes.start_time ASC"], "one"),
        ordered(["start_time"], "one"),
        ordered(["metrics.`val loss` ASC"], "one"),
        ordered(["metrics.`val loss` DESC"], "three"),
        ordered(["params.lr DESC"], "two"),
        ordered(["tags.team"], "one"),
        ordered(["metrics.none", "run_name DESC"], "two"),
        ordered(["end_time DESC"], "three"),
        ordered(["created ASC"], "one"),
        bad(
            "POST runs/search",
            {"experiment_ids": ["{exp}"], "order_by": ["start_time", "start_time"]},
            "INTERNAL_ERROR: `order_by` contains duplicate fields: ['start_time', 'start_time']",
        ),
        bad(
            "POST runs/search",
            {"experiment_ids": ["{exp}"], "order_by": ["color"]},
            "INVALID_PARAMETER_VALUE: Invalid attribute key 'color' specified. Valid keys are '",
        ),
        bad(
            "POST runs/search",
            {"experiment_ids": ["{exp}"], "order_by": ["metrics.a UPWARD"]},
            "INVALID_PARAMETER_VALUE: Invalid ordering key in order_by clause 'metrics.a UPWARD'.",
        ),
        bad(
            "POST runs/search",
            {"experiment_ids": ["{exp}"], "order_by": "start_time"},
            "INVALID_PARAMETER_VALUE: Invalid value \"start_time\" for parameter 'order_by' supplied:  Hint: Value was",
        ),
        bad(
            "POST runs/search",
            {"experiment_ids": ["{exp}"], "max_results": 50001},
            "INVALID_PARAMETER_VALUE: Invalid value 50001 for parameter 'max_results' supplied:  Hint: Value was of",
        ),
        bad(
            "POST runs/search",
            {"experiment_ids": ["{exp}"], "max_results": -1},
            "INVALID_PARAMETER_VALUE: Invalid value -1 for parameter 'max_results' supplied. It must be a positive",
        ),
        bad(
            "POST runs/search",
            {"experiment_ids": ["{exp}"], "max_results": "x"},
            "INVALID_PARAMETER_VALUE: Invalid value \"x\" for parameter 'max_results' supplied:  Hint: Value was of",
        ),
        bad(
            "POST runs/search",
            {"experiment_ids": ["{exp}"], "page_token": "%%"},
            "INVALID_PARAMETER_VALUE: Invalid page token, decoded value=b''",
        ),
        ok("POST runs/search", {"experiment_ids": ["{exp}"], "run_view_type": "SOME"}, has={"runs.#": 3}),
        bad(
            "POST runs/search",
            {"experiment_ids": "{exp}"},
            "INVALID_PARAMETER_VALUE: Invalid value \"{exp}\" for parameter 'experiment_ids' supplied:  Hint: Value was",
        ),
        ok("POST runs/search", {"experiment_ids": ["{exp}"], "run_view_type": "ALL"}, has={"runs.#": 4}),
        ok(
            "POST runs/search",
            {"experiment_ids": ["{exp}"], "run_view_type": "DELETED_ONLY"},
            has={"runs.#": 1, "runs.0.info.run_name": "gone"},
        ),
        ok(
            "POST runs/search",
            {"experiment_ids": ["{exp}"], "max_results": 2},
            has={"runs.#": 2},
            token="next_page_token",
        ),
        ok(
            "POST runs/search",
            {"experiment_ids": ["{exp}"], "max_results": 2, "page_token": "{token}"},
            has={"runs.#": 1, "next_page_token": None},
        ),
        ok(
            "POST runs/search",
            {"experiment_ids": ["{exp}"], "max_results": 3},
            has={"runs.#": 3, "next_page_token": None},
        ),
        ok("POST runs/search", {"experiment_ids": []}, has={"runs": None}),
        ok(
            "POST runs/search",
            {"experiment_ids": ["{exp}", "99999999"]},
            has={"runs.#": 3},
            why="an experiment that the project does not have is skipped by stock",
        ),
    ),
}
