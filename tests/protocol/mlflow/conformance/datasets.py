"""Data sets: those that a run was given, and those of evaluations with their records."""

import json

from tests.protocol.mlflow.conformance.stories import PAGE, STATEMENT, Step, bad, ok

UNTYPED = "stock compares a number with a text, which PostgreSQL refuses"
RUN = ok("POST runs/create", {"experiment_id": "{exp}", "run_name": "r"}, run="run.info.run_id")
DATASET = {
    "name": "train",
    "digest": "d1",
    "source_type": "local",
    "source": "/x",
    "schema": "s",
    "profile": "p",
}
OTHER = {"name": "test", "digest": "d2", "source_type": "code", "source": "{}"}


def given(dataset: dict[str, str], **tags: str) -> dict[str, object]:
    """A data set as an input, with tags on it."""
    return {
        "dataset": dataset,
        "tags": [{"key": key.replace("_", "."), "value": value} for key, value in tags.items()],
    }


def records(*rows: object) -> dict[str, object]:
    """Records, which travel as JSON within the JSON."""
    return {"records": json.dumps(rows)}


def filtered(text: str, count: int) -> Step:
    """A search of the story's experiment, with how many runs it must find."""
    return ok(
        "POST runs/search",
        {"experiment_ids": ["{exp}"], "filter": text},
        has={"runs.#": count},
    )


STORIES: dict[str, tuple[Step, ...]] = {
    "inputs": (
        ok("POST experiments/create", {"name": "inputs"}, exp="experiment_id"),
        RUN,
        ok(
            "POST runs/create",
            {"experiment_id": "{exp}", "run_name": "none", "start_time": 9},
            bare="run.info.run_id",
        ),
        ok(
            "POST runs/log-inputs",
            {"run_id": "{run}", "datasets": [given(DATASET, mlflow_data_context="training", c="x")]},
        ),
        ok("POST runs/log-inputs", {"run_id": "{run}", "datasets": [given(DATASET)]}),
        ok("GET runs/get", {"run_id": "{run}"}, has={"run.inputs.dataset_inputs.0.dataset.name": "train"}),
        ok("GET runs/get", {"run_id": "{bare}"}),
        filtered("dataset.name = 'train'", 1),
        filtered("datasets.digest IN ('d1')", 1),
        filtered("dataset.context = 'training'", 1),
        filtered("dataset.context LIKE 'test%'", 0),
        filtered("dataset.name != 'train'", 0),
        filtered("dataset.name ILIKE 'TR%'", 1),
        filtered("", 2),
        ok(
            "POST runs/log-inputs",
            {"run_id": "{run}", "datasets": [given(OTHER, c="y"), given(OTHER, c="z")]},
        ),
        ok("GET runs/get", {"run_id": "{run}"}, has={"run.inputs.dataset_inputs.#": 2}),
        filtered("dataset.name = 'test'", 1),
        ok(
            "POST logged-models",
            {"experiment_id": "{exp}", "name": "net", "source_run_id": "{run}"},
            model="model.info.model_id",
        ),
        ok("POST runs/log-inputs", {"run_id": "{run}", "models": [{"model_id": "{model}"}]}),
        ok("POST runs/outputs", {"run_id": "{run}", "models": [{"model_id": "{model}", "step": 2}]}),
        ok(
            "GET runs/get",
            {"run_id": "{run}"},
            has={"run.inputs.model_inputs.#": 1, "run.outputs.model_outputs.0.step": 2},
        ),
        filtered("dataset.digest = 'd2'", 1),
        ok(
            "POST /ajax-api/2.0/mlflow/experiments/search-datasets",
            {"experiment_ids": ["{exp}"]},
            has={"dataset_summaries.#": 2},
        ),
        bad(
            "POST /ajax-api/2.0/mlflow/experiments/search-datasets",
            {},
            "INVALID_PARAMETER_VALUE: SearchDatasets request must specify at least one experiment_id.",
        ),
        bad(
            "POST runs/search",
            {"experiment_ids": ["{exp}"], "filter": "dataset.colour = 'x'"},
            "INVALID_PARAMETER_VALUE: Invalid dataset key 'colour' specified. Valid keys are",
        ),
        bad(
            "POST runs/log-inputs",
            {"run_id": "{run}", "datasets": "x"},
            "INVALID_PARAMETER_VALUE: Invalid value \"x\" for parameter 'datasets' supplied:  Hint: Value was of type",
        ),
        *(
            bad(
                "POST runs/log-inputs",
                {"run_id": "{run}", "datasets": [given(DATASET | {name: f"{{long:{limit + 1}}}"})]},
                f"INVALID_PARAMETER_VALUE: '{name}' exceeds the maximum length of {limit} characters",
            )
            for name, limit in (("name", 500), ("digest", 36), ("source", 65535))
        ),
        ok("POST runs/log-inputs", {"run_id": "{run}", "datasets": [given({"name": "train"})]}),
        bad(
            "POST runs/log-inputs",
            {"datasets": []},
            "INVALID_PARAMETER_VALUE: Missing value for required parameter 'run_id'. See the API docs for more",
        ),
        bad(
            "POST runs/log-inputs",
            {"run_id": "00000000000000000000000000000000", "datasets": [given(DATASET)]},
            "RESOURCE_DOES_NOT_EXIST: Run with id=",
        ),
        ok("POST runs/delete", {"run_id": "{run}"}),
        bad(
            "POST runs/log-inputs",
            {"run_id": "{run}", "datasets": [given(DATASET)]},
            "INVALID_PARAMETER_VALUE: The run {run} must be in the 'active' state.",
        ),
    ),
    "evaluation": (
        ok("POST experiments/create", {"name": "evaluation"}, exp="experiment_id"),
        ok("POST experiments/create", {"name": "evaluation too"}, exp_two="experiment_id"),
        ok(
            "POST 3:datasets/create",
            {"name": "eval", "experiment_ids": ["{exp}"], "tags": '{"k": "v"}'},
            set="dataset.dataset_id",
        ),
        ok("GET 3:datasets/{set}", has={"dataset.name": "eval"}),
        ok(
            "POST 3:datasets/{set}/records",
            records(
                {"inputs": {"q": "a"}, "expectations": {"a": 1}},
                {"inputs": {"q": "b"}, "tags": {"t": "u"}},
            ),
            has={"inserted_count": 2},
        ),
        ok(
            "POST 3:datasets/{set}/records",
            records({"inputs": {"q": "a"}, "expectations": {"a": 2}}),
            has={"updated_count": 1},
        ),
        ok("GET 3:datasets/{set}/experiment-ids", has={"experiment_ids": ["{exp}"]}),
        bad(
            "POST 3:datasets/{set}/add-experiments",
            {"experiment_ids": ["{exp_two}"]},
            "BAD_REQUEST: (psycopg.errors.UndefinedFunction) operator does not exist: integer = character varying",
            ours="200",
            why=UNTYPED,
        ),
        ok("GET 3:datasets/{set}/experiment-ids", why=UNTYPED),
        ok("POST 3:datasets/{set}/remove-experiments", {"experiment_ids": ["{exp_two}"]}),
        ok("GET 3:datasets/{set}/experiment-ids", has={"experiment_ids": ["{exp}"]}),
        ok("PATCH 3:datasets/{set}/tags", {"tags": '{"k": "w", "l": "m"}'}),
        ok("DELETE 3:datasets/{set}/tags/l"),
        ok("GET 3:datasets/{set}", has={"dataset.tags": '{"k": "w"}'}),
        ok(
            "POST 3:datasets/create",
            {"name": "second", "experiment_ids": ["{exp}"]},
            more="dataset.dataset_id",
        ),
        ok("POST 3:datasets/search", {"experiment_ids": ["{exp}"], "max_results": 5}, has={"datasets.#": 2}),
        ok(
            "POST 3:datasets/search",
            {"experiment_ids": ["{exp}"], "max_results": 1, "order_by": ["name DESC"]},
            has={"datasets.0.name": "second"},
            page="next_page_token",
        ),
        ok(
            "POST 3:datasets/search",
            {
                "experiment_ids": ["{exp}"],
                "max_results": 1,
                "order_by": ["name DESC"],
                "page_token": "{page}",
            },
            has={"datasets.0.name": "eval"},
        ),
        *(
            ok(
                "POST 3:datasets/search",
                {"experiment_ids": ["{exp}"], "filter_string": text},
                has={"datasets.#": count},
            )
            for text, count in (
                ("name = 'eval'", 1),
                ("name LIKE 's%'", 1),
                ("tags.k = 'w'", 1),
                ("tags.k = 'v'", 0),
            )
        ),
        bad(
            "POST 3:datasets/search",
            {"experiment_ids": ["{exp}"], "filter_string": "colour = 'x'"},
            "INVALID_PARAMETER_VALUE: Invalid attribute key 'colour' specified. Valid keys are",
        ),
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
        bad(
            "DELETE 3:datasets/{set}",
            None,
            "200",
            ours="RESOURCE_DOES_NOT_EXIST: Evaluation dataset with id '{set}' not found",
            why="one that is gone is told as one of another project, as on every route here",
        ),
    ),
    "records": (
        ok("POST experiments/create", {"name": "records"}, exp="experiment_id"),
        ok("POST 3:datasets/create", {"name": "rows", "experiment_ids": ["{exp}"]}, set="dataset.dataset_id"),
        ok("GET 3:datasets/{set}/records", has={"records": "[]"}),
        ok("POST 3:datasets/{set}/records", records({"inputs": {"q": "a"}})),
        ok("GET 3:datasets/{set}", has={"dataset.name": "rows"}),
        ok("GET 3:datasets/{set}/records", {"max_results": 1}, why="a record's id and times are in a text"),
        ok("DELETE 3:datasets/{set}/records", {"dataset_record_ids": ["dr-none"]}, has={"deleted_count": 0}),
        bad(
            "POST 3:datasets/d-none/records",
            records({"inputs": {"q": "a"}}),
            "BAD_REQUEST: (raised as a result of Query-invoked autoflush",
            ours="RESOURCE_DOES_NOT_EXIST: Evaluation dataset with id 'd-none' not found",
            why=STATEMENT,
        ),
        bad(
            "POST 3:datasets/{set}/records",
            {},
            "INVALID_PARAMETER_VALUE: Missing value for required parameter 'records'. See the API docs for more",
        ),
    ),
}
