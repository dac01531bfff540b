"""Scorers, and the queries of MLflow's pages in GraphQL."""

import json

from tests.protocol.mlflow.conformance.stories import PAGE, Step, bad, ok

RUN = ok("POST runs/create", {"experiment_id": "{exp}", "run_name": "r"}, run="run.info.run_id")


def judge(text: str) -> str:
    """A scorer as a client writes it."""
    return json.dumps({"name": "judge", "instructions_judge_pydantic_data": {"instructions": text}})


def query(text: str, **has: object) -> Step:
    """A query; what must be at places below its data, ``__`` for a dot."""
    places = {f"data.{name.replace('__', '.')}": value for name, value in has.items()}
    return ok("POST /graphql", {"query": f"query Q {{ {text} }}", "operationName": "Q"}, has=places)


STORIES: dict[str, tuple[Step, ...]] = {
    "scorers": (
        ok("POST experiments/create", {"name": "scorers"}, exp="experiment_id"),
        ok(
            "POST 3:scorers/register",
            {"experiment_id": "{exp}", "name": "judge", "serialized_scorer": judge("first")},
            has={"version": 1},
            scorer="scorer_id",
        ),
        ok(
            "POST 3:scorers/register",
            {"experiment_id": "{exp}", "name": "judge", "serialized_scorer": judge("second")},
            has={"version": 2, "scorer_id": "{scorer}"},
        ),
        ok("GET 3:scorers/list", {"experiment_id": "{exp}"}, has={"scorers.#": 1}),
        ok("GET 3:scorers/list", {"experiment_ids": ["{exp}"]}, has={"scorers.#": 1}),
        ok("GET 3:scorers/versions", {"experiment_id": "{exp}", "name": "judge"}, has={"scorers.#": 2}),
        ok(
            "GET 3:scorers/get",
            {"experiment_id": "{exp}", "name": "judge"},
            has={"scorer.scorer_version": 2},
        ),
        ok(
            "GET 3:scorers/get",
            {"experiment_id": "{exp}", "name": "judge", "version": 1},
            has={"scorer.serialized_scorer": judge("first")},
        ),
        bad(
            "GET 3:scorers/list",
            {"experiment_id": "{exp}", "experiment_ids": ["{exp}"]},
            "INVALID_PARAMETER_VALUE: Cannot specify both 'experiment_id' and 'experiment_ids'.",
        ),
        bad(
            "GET 3:scorers/get",
            {"experiment_id": "{exp}", "name": "none"},
            "RESOURCE_DOES_NOT_EXIST: Scorer with name 'none' not found for experiment {exp}.",
        ),
        bad(
            "GET 3:scorers/get",
            {"experiment_id": "{exp}", "name": "judge", "version": 9},
            "RESOURCE_DOES_NOT_EXIST: Scorer with name 'judge' and version 9 not found for experiment {exp}.",
        ),
        bad(
            "POST 3:scorers/register",
            {"experiment_id": "{exp}", "name": "judge"},
            "INVALID_PARAMETER_VALUE: Missing value for required parameter 'serialized_scorer'. See the API docs",
        ),
        bad(
            "POST 3:scorers/register",
            {"experiment_id": "{exp}", "name": "judge", "serialized_scorer": "x"},
            "INVALID_PARAMETER_VALUE",
        ),
        bad(
            "POST 3:scorers/register",
            {"experiment_id": "99999999", "name": "judge", "serialized_scorer": judge("x")},
            "RESOURCE_DOES_NOT_EXIST: No Experiment with id=99999999 exists",
        ),
        ok("GET 3:scorers/online-configs", {"scorer_ids": ["{scorer}"]}),
        bad(
            "PUT 3:scorers/online-config",
            {"experiment_id": "{exp}", "name": "judge", "sample_rate": 2},
            "INVALID_PARAMETER_VALUE: sample_rate must be between 0.0 and 1.0",
        ),
        bad(
            "PUT 3:scorers/online-config",
            {"experiment_id": "{exp}", "name": "judge"},
            "INVALID_PARAMETER_VALUE: Missing value for required parameter 'sample_rate'. See the API docs",
        ),
        ok("DELETE 3:scorers/delete", {"experiment_id": "{exp}", "name": "judge", "version": 1}),
        ok("GET 3:scorers/versions", {"experiment_id": "{exp}", "name": "judge"}, has={"scorers.#": 1}),
        ok("DELETE 3:scorers/delete", {"experiment_id": "{exp}", "name": "judge"}),
        ok("GET 3:scorers/list", {"experiment_id": "{exp}"}, has={"scorers": None}),
        bad(
            "DELETE 3:scorers/delete",
            {"experiment_id": "{exp}", "name": "judge"},
            "RESOURCE_DOES_NOT_EXIST: Scorer with name 'judge' not found for experiment {exp}.",
        ),
    ),
    "graphql": (
        ok("POST experiments/create", {"name": "graphql"}, exp="experiment_id"),
        RUN,
        ok(
            "POST runs/log-batch",
            {
                "run_id": "{run}",
                "metrics": [
                    {"key": "loss", "value": 1 / step, "timestamp": step, "step": step} for step in (1, 2, 3)
                ],
                "params": [{"key": "lr", "value": "1"}],
            },
        ),
        query(
            'mlflowGetRun(input:{runId:"{run}"}){run{info{runName status} data{params{key value}}}}',
            mlflowGetRun__run__info__runName="r",
        ),
        query(
            'mlflowGetExperiment(input:{experimentId:"{exp}"}){experiment{name}}',
            mlflowGetExperiment__experiment__name="graphql",
        ),
        query('mlflowSearchRuns(input:{experimentIds:["{exp}"]}){runs{info{runName}}}'),
        query('mlflowListArtifacts(input:{runId:"{run}"}){files{path}}'),
        query(
            'mlflowGetMetricHistoryBulkInterval(input:{runIds:["{run}"],metricKey:"loss",maxResults:10})'
            "{metrics{key value step}}"
        ),
        query("mlflowSearchModelVersions(input:{filter:\"run_id='{run}'\"}){modelVersions{name}}"),
        query('mlflowGetRun(input:{runId:"none"}){run{info{runName}} apiError{code message}}'),
        query(
            'mlflowGetExperiment(input:{experimentId:"99999999"}){experiment{name} apiError{code message}}'
        ),
        query("nonsense"),
        query('test(inputString:"x"){output}'),
        query(
            "".join(
                f'a{n}: mlflowGetRun(input:{{runId:"none"}}){{run{{info{{runName}}}}}} ' for n in range(20)
            )
        ),
        bad("POST /graphql", {"query": "{"}, "500", ours="INVALID_PARAMETER_VALUE: Syntax Error", why=PAGE),
        bad("POST /graphql", {}, "500", ours="INVALID_PARAMETER_VALUE", why=PAGE),
    ),
}
