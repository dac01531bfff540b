"""Experiments: names, life cycle, tags."""

from tests.protocol.mlflow.conformance.stories import STATEMENT, Step, bad, ok

OWN_STORAGE = "Ropewalk keeps artifacts in the project's own storage, so nobody chooses a location"

STORIES: dict[str, tuple[Step, ...]] = {
    "taken": (
        ok("POST experiments/create", {"name": "mine"}, exp_mine="experiment_id"),
        ok("POST experiments/create", {"name": "yours"}, exp="experiment_id"),
        bad(
            "POST experiments/update",
            {"experiment_id": "{exp}", "new_name": "mine"},
            "BAD_REQUEST: (psycopg.errors.UniqueViolation)",
            ours="BAD_REQUEST: Another one has this name or key already.",
            why=STATEMENT,
        ),
        ok("GET experiments/get", {"experiment_id": "{exp}"}, has={"experiment.name": "yours"}),
    ),
    "life": (
        ok(
            "POST experiments/create",
            {"name": "life", "tags": [{"key": "a", "value": "one"}]},
            exp="experiment_id",
        ),
        ok(
            "GET experiments/get",
            {"experiment_id": "{exp}"},
            has={
                "experiment.name": "life",
                "experiment.lifecycle_stage": "active",
                "experiment.tags.0.value": "one",
                "experiment.artifact_location": "mlflow-artifacts:/{exp}",
            },
        ),
        ok(
            "GET experiments/get-by-name",
            {"experiment_name": "life"},
            has={"experiment.experiment_id": "{exp}"},
        ),
        ok(
            "GET /ajax-api/2.0/mlflow/experiments/get",
            {"experiment_id": "{exp}"},
            has={"experiment.name": "life"},
        ),
        bad(
            "POST experiments/create",
            {"name": "life"},
            "RESOURCE_ALREADY_EXISTS: Experiment(name=life) already exists. Error: (psycopg.errors.UniqueViolation)",
            ours="RESOURCE_ALREADY_EXISTS: Experiment(name=life) already exists.",
            why=STATEMENT,
        ),
        ok("POST experiments/update", {"experiment_id": "{exp}", "new_name": "later"}),
        bad(
            "GET experiments/get-by-name",
            {"experiment_name": "life"},
            "RESOURCE_DOES_NOT_EXIST: Could not find experiment with name 'life'",
        ),
        ok("POST runs/create", {"experiment_id": "{exp}"}, run="run.info.run_id"),
        ok("POST experiments/delete", {"experiment_id": "{exp}"}),
        ok("GET experiments/get", {"experiment_id": "{exp}"}, has={"experiment.lifecycle_stage": "deleted"}),
        ok(
            "GET experiments/get-by-name",
            {"experiment_name": "later"},
            has={"experiment.lifecycle_stage": "deleted"},
        ),
        ok("GET runs/get", {"run_id": "{run}"}, has={"run.info.lifecycle_stage": "deleted"}),
        bad(
            "POST experiments/create",
            {"name": "later"},
            "RESOURCE_ALREADY_EXISTS: Experiment(name=later) already exists. Error: (psycopg.errors.UniqueViolation)",
            ours="RESOURCE_ALREADY_EXISTS: Experiment(name=later) already exists.",
            why=STATEMENT,
        ),
        bad(
            "POST experiments/update",
            {"experiment_id": "{exp}", "new_name": "x"},
            "INVALID_STATE: Cannot rename a non-active experiment.",
        ),
        bad(
            "POST experiments/delete",
            {"experiment_id": "{exp}"},
            "RESOURCE_DOES_NOT_EXIST: No Experiment with id={exp} exists",
        ),
        bad(
            "POST runs/create",
            {"experiment_id": "{exp}"},
            "INVALID_PARAMETER_VALUE: The experiment {exp} must be in the 'active' state. Current state is deleted.",
        ),
        bad(
            "POST experiments/set-experiment-tag",
            {"experiment_id": "{exp}", "key": "k", "value": "v"},
            "INVALID_PARAMETER_VALUE: The experiment {exp} must be in the 'active' state. Current state is deleted.",
        ),
        ok("POST experiments/restore", {"experiment_id": "{exp}"}),
        bad(
            "POST experiments/restore",
            {"experiment_id": "{exp}"},
            "RESOURCE_DOES_NOT_EXIST: No Experiment with id={exp} exists",
        ),
        ok("GET runs/get", {"run_id": "{run}"}, has={"run.info.lifecycle_stage": "active"}),
    ),
    "refused": (
        bad(
            "POST experiments/create",
            {},
            "INVALID_PARAMETER_VALUE: Missing value for required parameter 'name'. See the API docs for more",
        ),
        bad(
            "POST experiments/create",
            {"name": ""},
            "INVALID_PARAMETER_VALUE: Missing value for required parameter 'name'. See the API docs for more",
        ),
        bad(
            "POST experiments/create",
            {"name": None},
            "INVALID_PARAMETER_VALUE: Missing value for required parameter 'name'. See the API docs for more",
        ),
        bad(
            "POST experiments/create",
            {"name": 5},
            "INVALID_PARAMETER_VALUE: Invalid value 5 for parameter 'name' supplied:  Hint: Value was of type 'int'.",
        ),
        bad(
            "POST experiments/create",
            {"name": ["a"]},
            "INVALID_PARAMETER_VALUE: Invalid value [\"a\"] for parameter 'name' supplied:  Hint: Value was of type",
        ),
        bad(
            "POST experiments/create",
            {"name": "{long:501}"},
            "INVALID_PARAMETER_VALUE: 'name' exceeds the maximum length of 500 characters",
        ),
        bad(
            "POST experiments/create",
            {"name": "t", "tags": "x"},
            "INVALID_PARAMETER_VALUE: Invalid value \"x\" for parameter 'tags' supplied:  Hint: Value was of type",
        ),
        bad(
            "POST experiments/create",
            {"name": "t", "tags": [{"key": "{long:251}", "value": "x"}]},
            "INVALID_PARAMETER_VALUE: 'key' exceeds the maximum length of 250 characters",
        ),
        bad(
            "POST experiments/create",
            {"name": "t", "tags": [{"key": "k", "value": "{long:20001}"}]},
            "INVALID_PARAMETER_VALUE: 'value' exceeds the maximum length of 20000 characters",
        ),
        bad(
            "POST experiments/create",
            {"name": "u", "artifact_location": "runs:/a/b"},
            "INVALID_PARAMETER_VALUE: Artifact location cannot be a runs:/ URI. Given: 'runs:/a/b'",
        ),
        bad(
            "POST experiments/create",
            {"name": "u", "artifact_location": "s3://b/x"},
            "200",
            ours="INVALID_PARAMETER_VALUE: artifact_location cannot be chosen here",
            why=OWN_STORAGE,
        ),
        bad(
            "GET experiments/get",
            {},
            "INVALID_PARAMETER_VALUE: Missing value for required parameter 'experiment_id'. See the API docs for more",
        ),
        bad(
            "GET experiments/get",
            {"experiment_id": ""},
            "INVALID_PARAMETER_VALUE: Missing value for required parameter 'experiment_id'. See the API docs for more",
        ),
        bad(
            "GET experiments/get",
            {"experiment_id": "99999999"},
            "RESOURCE_DOES_NOT_EXIST: No Experiment with id=99999999 exists",
        ),
        bad(
            "GET experiments/get",
            {"experiment_id": "a b"},
            "INVALID_PARAMETER_VALUE: Invalid experiment ID 'a b'. Experiment ID must be a valid integer.",
        ),
        bad(
            "GET experiments/get-by-name",
            {},
            "INVALID_PARAMETER_VALUE: Missing value for required parameter 'experiment_name'. See the API docs for",
        ),
        bad(
            "GET experiments/get-by-name",
            {"experiment_name": "no such"},
            "RESOURCE_DOES_NOT_EXIST: Could not find experiment with name 'no such'",
        ),
        bad(
            "POST experiments/update",
            {"experiment_id": "99999999", "new_name": "x"},
            "RESOURCE_DOES_NOT_EXIST: No Experiment with id=99999999 exists",
        ),
        bad(
            "POST experiments/update",
            {"new_name": "x"},
            "INVALID_PARAMETER_VALUE: Missing value for required parameter 'experiment_id'. See the API docs for more",
        ),
        bad(
            "POST experiments/delete",
            {},
            "INVALID_PARAMETER_VALUE: Missing value for required parameter 'experiment_id'. See the API docs for more",
        ),
        bad(
            "POST experiments/delete",
            {"experiment_id": "99999999"},
            "RESOURCE_DOES_NOT_EXIST: No Experiment with id=99999999 exists",
        ),
        bad(
            "POST experiments/restore",
            {"experiment_id": "99999999"},
            "RESOURCE_DOES_NOT_EXIST: No Experiment with id=99999999 exists",
        ),
        bad(
            "POST experiments/set-experiment-tag",
            {"experiment_id": "99999999", "key": "k", "value": "v"},
            "RESOURCE_DOES_NOT_EXIST: No Experiment with id=99999999 exists",
        ),
        bad(
            "POST experiments/set-experiment-tag",
            {"key": "k", "value": "v"},
            "INVALID_PARAMETER_VALUE: Missing value for required parameter 'experiment_id'. See the API docs for more",
        ),
    ),
    "tags": (
        ok("POST experiments/create", {"name": "tags"}, exp="experiment_id"),
        ok("POST experiments/set-experiment-tag", {"experiment_id": "{exp}", "key": "k", "value": "v"}),
        ok("POST experiments/set-experiment-tag", {"experiment_id": "{exp}", "key": "k", "value": "w"}),
        ok(
            "POST experiments/set-experiment-tag",
            {"experiment_id": "{exp}", "key": "{long:250}", "value": "{long:20000}"},
        ),
        bad(
            "POST experiments/set-experiment-tag",
            {"experiment_id": "{exp}", "value": "v"},
            "INVALID_PARAMETER_VALUE: Missing value for required parameter 'key'. See the API docs for more",
        ),
        bad(
            "POST experiments/set-experiment-tag",
            {"experiment_id": "{exp}", "key": "{long:251}", "value": "v"},
            "INVALID_PARAMETER_VALUE: 'key' exceeds the maximum length of 250 characters",
        ),
        bad(
            "POST experiments/set-experiment-tag",
            {"experiment_id": "{exp}", "key": "k", "value": "{long:20001}"},
            "INVALID_PARAMETER_VALUE: 'value' exceeds the maximum length of 20000 characters",
        ),
        bad(
            "POST experiments/set-experiment-tag",
            {"experiment_id": "{exp}", "key": "../k", "value": "v"},
            "INVALID_PARAMETER_VALUE: Invalid value \"../k\" for parameter 'key' supplied: Names may be treated as",
        ),
        bad(
            "POST experiments/set-experiment-tag",
            {"experiment_id": "{exp}", "key": "k", "value": 5},
            "INVALID_PARAMETER_VALUE: Invalid value 5 for parameter 'value' supplied:  Hint: Value was of type",
        ),
        ok("POST experiments/delete-experiment-tag", {"experiment_id": "{exp}", "key": "{long:250}"}),
        ok(
            "GET experiments/get",
            {"experiment_id": "{exp}"},
            has={"experiment.tags.#": 1, "experiment.tags.0.value": "w"},
        ),
        bad(
            "POST experiments/delete-experiment-tag",
            {"experiment_id": "{exp}", "key": "none"},
            "RESOURCE_DOES_NOT_EXIST: No tag with name: none in experiment with id {exp}",
        ),
    ),
}
