"""Logged models: their life, their artifacts, search."""

from tests.protocol.mlflow.conformance.stories import Step, bad, ok

EXPERIMENT = ok("POST experiments/create", {"name": "models"}, exp="experiment_id")
RUN = ok("POST runs/create", {"experiment_id": "{exp}", "run_name": "r"}, run="run.info.run_id")

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
}
