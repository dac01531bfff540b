"""Logged models, data sets of runs and of evaluations, scorers, GraphQL."""

from tests.protocol.mlflow.conformance.stories import PAGE, Step, bad, ok

EXPERIMENT = ok("POST experiments/create", {"name": "models"}, exp="experiment_id")
RUN = ok("POST runs/create", {"experiment_id": "{exp}", "run_name": "r"}, run="run.info.run_id")
DATASET = {
    "name": "train",
    "digest": "d1",
    "source_type": "local",
    "source": "/x",
    "schema": "s",
    "profile": "p",
}

STORIES: dict[str, tuple[Step, ...]] = {
    "logged": (
        EXPERIMENT,
        RUN,
        ok(
            "POST logged-models",
            {
                "experiment_id": "{exp}",
                "name": "net",
                "source_run_id": "{run}",
                "model_type": "a",
                "params": [{"key": "p", "value": "1"}],
                "tags": [{"key": "t", "value": "u"}],
            },
            model="model.info.model_id",
            has={"model.info.status": "LOGGED_MODEL_PENDING", "model.info.name": "net"},
        ),
        ok("GET logged-models/{model}", has={"model.data.params.0.value": "1"}),
        ok(
            "PATCH logged-models/{model}",
            {"model_id": "{model}", "status": "LOGGED_MODEL_READY"},
            has={"model.info.status": "LOGGED_MODEL_READY"},
        ),
        ok(
            "POST logged-models/{model}/params",
            {"model_id": "{model}", "params": [{"key": "q", "value": "2"}]},
        ),
        ok("PATCH logged-models/{model}/tags", {"tags": [{"key": "t", "value": "w"}]}),
        ok("DELETE logged-models/{model}/tags/t"),
        bad(
            "DELETE logged-models/{model}/tags/none",
            None,
            "RESOURCE_DOES_NOT_EXIST: No tag with key 'none' found for model with ID '{model}'.",
        ),
        ok("POST runs/outputs", {"run_id": "{run}", "models": [{"model_id": "{model}", "step": 3}]}),
        ok(
            "POST runs/log-metric",
            {"run_id": "{run}", "key": "acc", "value": 0.5, "timestamp": 1, "model_id": "{model}"},
        ),
        ok("GET runs/get", {"run_id": "{run}"}, has={"run.outputs.model_outputs.#": 1}),
        ok("GET logged-models/{model}", has={"model.data.metrics.0.value": 0.5}),
        bad(
            "GET logged-models/m-none",
            None,
            "RESOURCE_DOES_NOT_EXIST: Logged model with ID 'm-none' not found.",
        ),
        bad(
            "POST logged-models",
            {},
            "INVALID_PARAMETER_VALUE: Missing value for required parameter 'experiment_id'. See the API docs for more",
        ),
        bad(
            "POST logged-models",
            {"experiment_id": "99999999", "name": "x"},
            "RESOURCE_DOES_NOT_EXIST: No Experiment with id=99999999 exists",
        ),
        bad(
            "POST logged-models",
            {"experiment_id": "{exp}", "name": "a/b"},
            "INVALID_PARAMETER_VALUE: Invalid model name ('a/b') provided. Model name must be a non-empty string and",
        ),
        *(
            ok(
                "POST logged-models/search",
                {"experiment_ids": ["{exp}"], "filter": text},
                has={"models.#": count},
            )
            for text, count in (
                ("", 1),
                ("name = 'net'", 1),
                ("name LIKE 'n%'", 1),
                ("params.p = '1'", 1),
                ("metrics.acc > 0.4", 1),
                ("source_run_id = '{run}'", 1),
            )
        ),
        ok(
            "POST logged-models/search",
            {"experiment_ids": ["{exp}"], "filter": "name = 'other'"},
            has={"models": None},
        ),
        bad(
            "POST logged-models/search",
            {"experiment_ids": ["{exp}"], "filter": "color = 'x'"},
            "INTERNAL_ERROR: type object 'SqlLoggedModel' has no attribute 'color'",
        ),
        bad(
            "POST logged-models/search",
            {"experiment_ids": ["{exp}"], "order_by": [{"field_name": "color"}]},
            "INVALID_PARAMETER_VALUE: Invalid order by field name: color",
        ),
        bad(
            "POST logged-models/search",
            {},
            "INVALID_PARAMETER_VALUE: Missing value for required parameter 'experiment_ids'. See the API docs for",
        ),
        ok("DELETE logged-models/{model}"),
        bad(
            "GET logged-models/{model}",
            None,
            "RESOURCE_DOES_NOT_EXIST: Logged model with ID '{model}' not found.",
        ),
    ),
    "inputs": (
        ok("POST experiments/create", {"name": "inputs"}, exp="experiment_id"),
        RUN,
        ok(
            "POST runs/log-inputs",
            {"run_id": "{run}", "datasets": [{"dataset": DATASET, "tags": [{"key": "c", "value": "x"}]}]},
        ),
        ok("POST runs/log-inputs", {"run_id": "{run}", "datasets": [{"dataset": DATASET}]}),
        ok("GET runs/get", {"run_id": "{run}"}, has={"run.inputs.dataset_inputs.0.dataset.name": "train"}),
        ok(
            "POST runs/search",
            {"experiment_ids": ["{exp}"], "filter": "dataset.name = 'train'"},
            has={"runs.#": 1},
        ),
        ok(
            "POST runs/search",
            {"experiment_ids": ["{exp}"], "filter": "datasets.digest IN ('d1')"},
            has={"runs.#": 1},
        ),
        ok(
            "POST /ajax-api/2.0/mlflow/experiments/search-datasets",
            {"experiment_ids": ["{exp}"]},
            has={"dataset_summaries.#": 1},
        ),
        bad(
            "POST runs/log-inputs",
            {"run_id": "{run}", "datasets": "x"},
            "INVALID_PARAMETER_VALUE: Invalid value \"x\" for parameter 'datasets' supplied:  Hint: Value was of type",
        ),
        bad(
            "POST runs/log-inputs",
            {"run_id": "{run}", "datasets": [{"dataset": {**DATASET, "name": "{long:501}"}}]},
            "INVALID_PARAMETER_VALUE: 'name' exceeds the maximum length of 500 characters",
        ),
        bad(
            "POST runs/log-inputs",
            {"run_id": "{run}", "datasets": [{"dataset": {**DATASET, "digest": "{long:37}"}}]},
            "INVALID_PARAMETER_VALUE: 'digest' exceeds the maximum length of 36 characters",
        ),
        bad(
            "POST runs/log-inputs",
            {"datasets": []},
            "INVALID_PARAMETER_VALUE: Missing value for required parameter 'run_id'. See the API docs for more",
        ),
    ),
    "evaluation": (
        ok("POST experiments/create", {"name": "evaluation"}, exp="experiment_id"),
        ok(
            "POST 3:datasets/create",
            {"name": "eval", "experiment_ids": ["{exp}"], "tags": '{"k": "v"}'},
            set="dataset.dataset_id",
        ),
        ok("GET 3:datasets/{set}", has={"dataset.name": "eval"}),
        ok(
            "POST 3:datasets/{set}/records",
            {"records": '[{"inputs": {"q": "a"}, "expectations": {"a": 1}}]'},
            has={"inserted_count": 1},
        ),
        ok(
            "POST 3:datasets/{set}/records",
            {"records": '[{"inputs": {"q": "a"}, "expectations": {"a": 2}}]'},
            has={"updated_count": 1},
        ),
        ok("GET 3:datasets/{set}/experiment-ids", has={"experiment_ids": ["{exp}"]}),
        ok("PATCH 3:datasets/{set}/tags", {"tags": '{"k": "w"}'}),
        ok("POST 3:datasets/search", {"experiment_ids": ["{exp}"], "max_results": 5}, has={"datasets.#": 1}),
        bad(
            "POST 3:datasets/create",
            {},
            "INVALID_PARAMETER_VALUE: Missing value for required parameter 'name'. See the API docs for more",
        ),
        bad(
            "GET 3:datasets/d-none",
            None,
            "RESOURCE_DOES_NOT_EXIST: Evaluation dataset with id 'd-none' not found",
        ),
        bad(
            "POST 3:datasets/{set}/records", {"records": "x"}, "500", ours="INVALID_PARAMETER_VALUE", why=PAGE
        ),
        ok("DELETE 3:datasets/{set}"),
        bad(
            "GET 3:datasets/{set}",
            None,
            "RESOURCE_DOES_NOT_EXIST: Evaluation dataset with id '{set}' not found",
        ),
    ),
    "graphql": (
        ok("POST experiments/create", {"name": "graphql"}, exp="experiment_id"),
        RUN,
        ok(
            "POST /graphql",
            {
                "query": 'query Q { mlflowGetRun(input:{runId:"{run}"}){run{info{runName status}}} }',
                "operationName": "Q",
            },
            has={"data.mlflowGetRun.run.info.runName": "r"},
        ),
        ok(
            "POST /graphql",
            {
                "query": 'query Q { mlflowGetExperiment(input:{experimentId:"{exp}"}){experiment{name}} }',
                "operationName": "Q",
            },
            has={"data.mlflowGetExperiment.experiment.name": "graphql"},
        ),
        ok(
            "POST /graphql",
            {
                "query": 'query Q { mlflowSearchRuns(input:{experimentIds:["{exp}"]}){runs{info{runName}}} }',
                "operationName": "Q",
            },
            has={"data.mlflowSearchRuns.runs.#": 1},
        ),
    ),
}
