"""The model registry: models, versions, stages, aliases, tags, search, and sources (tightened after 3.12)."""

from tests.protocol.mlflow.conformance.stories import STATEMENT, Step, bad, ok

STORIES: dict[str, tuple[Step, ...]] = {
    "models": (
        ok(
            "POST registered-models/create",
            {"name": "reg-a", "description": "d", "tags": [{"key": "k", "value": "v"}]},
        ),
        ok("POST registered-models/create", {"name": "reg-b"}),
        bad(
            "POST registered-models/create",
            {"name": "reg-a"},
            "RESOURCE_ALREADY_EXISTS: Registered Model (name=reg-a) already exists.",
        ),
        bad(
            "POST registered-models/create",
            {},
            "INVALID_PARAMETER_VALUE: Missing value for required parameter 'name'. See the API docs for more",
        ),
        bad(
            "POST registered-models/create",
            {"name": ""},
            "INVALID_PARAMETER_VALUE: Missing value for required parameter 'name'. See the API docs for more",
        ),
        bad(
            "POST registered-models/create",
            {"name": "a/b"},
            "INVALID_PARAMETER_VALUE: Invalid model name 'a/b'. Names cannot contain '/' or ':'.",
        ),
        bad(
            "POST registered-models/create",
            {"name": "a:b"},
            "INVALID_PARAMETER_VALUE: Invalid model name 'a:b'. Names cannot contain '/' or ':'.",
        ),
        bad(
            "POST registered-models/create",
            {"name": ".."},
            "INVALID_PARAMETER_VALUE: Invalid value \"..\" for parameter 'name' supplied: Names may be treated as files",
        ),
        bad(
            "POST registered-models/create",
            {"name": 5},
            "INVALID_PARAMETER_VALUE: Invalid value 5 for parameter 'name' supplied:  Hint: Value was of type 'int'.",
        ),
        ok("GET registered-models/get", {"name": "reg-a"}, has={"registered_model.description": "d"}),
        bad(
            "GET registered-models/get",
            {"name": "reg-none"},
            "RESOURCE_DOES_NOT_EXIST: Registered Model with name=reg-none not found",
        ),
        bad(
            "GET registered-models/get",
            {},
            "INVALID_PARAMETER_VALUE: Missing value for required parameter 'name'. See the API docs for more",
        ),
        ok(
            "PATCH registered-models/update",
            {"name": "reg-a", "description": "e"},
            has={"registered_model.description": "e"},
        ),
        bad(
            "PATCH registered-models/update",
            {"name": "reg-none", "description": "e"},
            "RESOURCE_DOES_NOT_EXIST: Registered Model with name=reg-none not found",
        ),
        ok("POST registered-models/set-tag", {"name": "reg-a", "key": "k", "value": "w"}),
        bad(
            "POST registered-models/set-tag",
            {"name": "reg-a", "key": "{long:251}", "value": "w"},
            "INVALID_PARAMETER_VALUE: 'key' exceeds the maximum length of 250 characters",
        ),
        bad(
            "POST registered-models/set-tag",
            {"name": "reg-a", "key": "k", "value": "{long:100001}"},
            "INVALID_PARAMETER_VALUE: 'value' exceeds the maximum length of 100000 characters",
        ),
        bad(
            "POST registered-models/set-tag",
            {"name": "reg-none", "key": "k", "value": "w"},
            "RESOURCE_DOES_NOT_EXIST: Registered Model with name=reg-none not found",
        ),
        ok("DELETE registered-models/delete-tag", {"name": "reg-a", "key": "k"}),
        ok("DELETE registered-models/delete-tag", {"name": "reg-a", "key": "none"}),
        ok("GET registered-models/search", {"filter": "name LIKE 'reg-%'"}, has={"registered_models.#": 2}),
        ok("GET registered-models/search", {"filter": "name ILIKE 'REG-A'"}, has={"registered_models.#": 1}),
        ok(
            "GET registered-models/search",
            {"filter": "name LIKE 'reg-%'", "order_by": "name DESC", "max_results": 1},
            has={"registered_models.0.name": "reg-b"},
            token="next_page_token",
        ),
        ok(
            "GET registered-models/search",
            {
                "filter": "name LIKE 'reg-%'",
                "order_by": "name DESC",
                "max_results": 1,
                "page_token": "{token}",
            },
            has={"registered_models.0.name": "reg-a", "next_page_token": None},
        ),
        bad(
            "GET registered-models/search",
            {"filter": "color = 'x'"},
            "INVALID_PARAMETER_VALUE: Invalid attribute key 'color' specified. Valid keys are",
        ),
        bad(
            "GET registered-models/search",
            {"filter": "name > 'x'"},
            "INVALID_PARAMETER_VALUE: Invalid comparator for attribute: >",
        ),
        bad(
            "GET registered-models/search",
            {"filter": "name"},
            "INVALID_PARAMETER_VALUE: Invalid clause(s) in filter string: name",
        ),
        bad(
            "GET registered-models/search",
            {"order_by": "color"},
            "INVALID_PARAMETER_VALUE: Invalid order by key 'color' specified. Valid keys are",
        ),
        bad(
            "GET registered-models/search",
            {"max_results": 1001},
            "INVALID_PARAMETER_VALUE: Invalid value \"1001\" for parameter 'max_results' supplied:  Hint: Value was of",
        ),
        ok("GET registered-models/search", {"filter": "name = 'reg-a'", "max_results": -1}),
        ok(
            "POST registered-models/rename",
            {"name": "reg-b", "new_name": "reg-c"},
            has={"registered_model.name": "reg-c"},
        ),
        bad(
            "POST registered-models/rename",
            {"name": "reg-c", "new_name": "reg-a"},
            "RESOURCE_ALREADY_EXISTS: Registered Model (name=reg-a) already exists. Error: (raised as a result of",
            ours="RESOURCE_ALREADY_EXISTS: Registered Model (name=reg-a) already exists.",
            why=STATEMENT,
        ),
        bad(
            "POST registered-models/rename",
            {"name": "reg-c", "new_name": "a/b"},
            "INVALID_PARAMETER_VALUE: Invalid model name 'a/b'. Names cannot contain '/' or ':'.",
        ),
        bad(
            "POST registered-models/rename",
            {"name": "reg-none", "new_name": "reg-d"},
            "RESOURCE_DOES_NOT_EXIST: Registered Model with name=reg-none not found",
        ),
        ok("DELETE registered-models/delete", {"name": "reg-c"}),
        bad(
            "DELETE registered-models/delete",
            {"name": "reg-c"},
            "RESOURCE_DOES_NOT_EXIST: Registered Model with name=reg-c not found",
        ),
    ),
    "versions": (
        ok("POST experiments/create", {"name": "registry"}, exp="experiment_id"),
        ok("POST runs/create", {"experiment_id": "{exp}"}, run="run.info.run_id"),
        ok("POST registered-models/create", {"name": "ver"}),
        ok(
            "POST model-versions/create",
            {"name": "ver", "source": "runs:/{run}/model", "run_id": "{run}"},
            has={
                "model_version.version": "1",
                "model_version.current_stage": "None",
                "model_version.status": "READY",
            },
        ),
        ok(
            "POST model-versions/create",
            {
                "name": "ver",
                "source": "mlflow-artifacts:/{exp}/{run}/artifacts/model",
                "run_id": "{run}",
                "description": "two",
            },
            has={"model_version.version": "2"},
        ),
        bad(
            "POST model-versions/create",
            {"name": "ver", "source": "runs:/{run}/model"},
            "INVALID_PARAMETER_VALUE: Invalid model version source: 'runs:/{run}/model'. The run_id request parameter",
        ),
        bad(
            "POST model-versions/create",
            {"name": "ver", "source": "mlflow-artifacts:/{exp}/{run}/artifacts/../x", "run_id": "{run}"},
            "INVALID_PARAMETER_VALUE: Invalid model version source: 'mlflow-artifacts:/{exp}/{run}/artifacts/../x'.",
        ),
        bad(
            "POST model-versions/create",
            {"name": "ver", "source": "mlflow-artifacts:/elsewhere", "run_id": "{run}"},
            "INVALID_PARAMETER_VALUE: Invalid model version source: 'mlflow-artifacts:/elsewhere'. The run_id request",
        ),
        bad(
            "POST model-versions/create",
            {"name": "ver", "source": "/etc"},
            "INVALID_PARAMETER_VALUE: Invalid model version source: '/etc'. To use a local path as a model version",
        ),
        bad(
            "POST model-versions/create",
            {"name": "ver", "source": "file:///etc", "run_id": "{run}"},
            "INVALID_PARAMETER_VALUE: Invalid model version source: '/etc'. To use a local path as a model version",
        ),
        bad(
            "POST model-versions/create",
            {"name": "ver", "source": "models:/m-1"},
            "INVALID_PARAMETER_VALUE: Invalid model version source: 'models:/m-1'. The model_id request parameter",
        ),
        bad(
            "POST model-versions/create",
            {"name": "ver"},
            "INVALID_PARAMETER_VALUE: Missing value for required parameter 'source'. See the API docs for more",
        ),
        bad(
            "POST model-versions/create",
            {"name": "ver-none", "source": "s3://b/x"},
            "RESOURCE_DOES_NOT_EXIST: Registered Model with name=ver-none not found",
        ),
        ok("GET model-versions/get", {"name": "ver", "version": "1"}, has={"model_version.run_id": "{run}"}),
        bad(
            "GET model-versions/get",
            {"name": "ver", "version": "9"},
            "RESOURCE_DOES_NOT_EXIST: Model Version (name=ver, version=9) not found",
        ),
        bad(
            "GET model-versions/get",
            {"name": "ver", "version": "x"},
            "INVALID_PARAMETER_VALUE: Parameter 'version' must be an integer, got 'x'.",
        ),
        bad(
            "GET model-versions/get",
            {"name": "ver"},
            "INVALID_PARAMETER_VALUE: Missing value for required parameter 'version'. See the API docs for more",
        ),
        ok("GET model-versions/get-download-uri", {"name": "ver", "version": "2"}),
        ok("PATCH model-versions/update", {"name": "ver", "version": "1", "description": "x"}),
        ok(
            "POST model-versions/transition-stage",
            {"name": "ver", "version": "1", "stage": "production", "archive_existing_versions": False},
            has={"model_version.current_stage": "Production"},
        ),
        ok(
            "POST model-versions/transition-stage",
            {"name": "ver", "version": "2", "stage": "Production", "archive_existing_versions": False},
        ),
        ok(
            "GET model-versions/get",
            {"name": "ver", "version": "1"},
            has={"model_version.current_stage": "Production"},
        ),
        bad(
            "POST model-versions/transition-stage",
            {"name": "ver", "version": "1", "stage": "Attic", "archive_existing_versions": False},
            "INVALID_PARAMETER_VALUE: Invalid Model Version stage: Attic. Value must be one of None, Staging,",
        ),
        bad(
            "POST model-versions/transition-stage",
            {"name": "ver", "version": "1", "stage": "None", "archive_existing_versions": True},
            "INTERNAL_ERROR: Model version transition cannot archive existing model versions because 'None'",
        ),
        ok("GET registered-models/get-latest-versions", {"name": "ver"}),
        ok(
            "POST registered-models/get-latest-versions",
            {"name": "ver", "stages": ["Production"]},
            has={"model_versions.0.version": "2", "model_versions.#": 1},
        ),
        bad(
            "POST registered-models/get-latest-versions",
            {"name": "ver", "stages": ["Attic"]},
            "INVALID_PARAMETER_VALUE: Invalid Model Version stage: Attic. Value must be one of None, Staging,",
        ),
        ok("POST registered-models/alias", {"name": "ver", "alias": "best", "version": "1"}),
        ok(
            "GET registered-models/alias",
            {"name": "ver", "alias": "best"},
            has={"model_version.version": "1"},
        ),
        ok("POST registered-models/alias", {"name": "ver", "alias": "best", "version": "2"}),
        ok(
            "GET model-versions/get", {"name": "ver", "version": "2"}, has={"model_version.aliases": ["best"]}
        ),
        bad(
            "POST registered-models/alias",
            {"name": "ver", "alias": "latest", "version": "1"},
            "INVALID_PARAMETER_VALUE: 'latest' alias name (case insensitive) is reserved.",
        ),
        bad(
            "POST registered-models/alias",
            {"name": "ver", "alias": "v1", "version": "1"},
            "INVALID_PARAMETER_VALUE: Version alias name 'v1' is reserved.",
        ),
        bad(
            "POST registered-models/alias",
            {"name": "ver", "alias": "a b", "version": "1"},
            "INVALID_PARAMETER_VALUE: Invalid alias name: 'a b'. Names may only contain alphanumerics, underscores",
        ),
        bad(
            "POST registered-models/alias",
            {"name": "ver", "alias": "{long:256}", "version": "1"},
            "INVALID_PARAMETER_VALUE: 'Registered model alias name' exceeds the maximum length of 255 characters",
        ),
        bad(
            "POST registered-models/alias",
            {"name": "ver", "alias": "x", "version": "9"},
            "RESOURCE_DOES_NOT_EXIST: Model Version (name=ver, version=9) not found",
        ),
        bad(
            "GET registered-models/alias",
            {"name": "ver", "alias": "none"},
            "INVALID_PARAMETER_VALUE: Registered model alias none not found.",
        ),
        ok("POST model-versions/set-tag", {"name": "ver", "version": "1", "key": "k", "value": "v"}),
        bad(
            "POST model-versions/set-tag",
            {"name": "ver", "version": "9", "key": "k", "value": "v"},
            "RESOURCE_DOES_NOT_EXIST: Model Version (name=ver, version=9) not found",
        ),
        ok("GET model-versions/search", {"filter": "name = 'ver'"}, has={"model_versions.#": 2}),
        ok(
            "GET model-versions/search",
            {"filter": "run_id = '{run}'", "order_by": "version_number ASC"},
            has={"model_versions.0.version": "1"},
        ),
        ok(
            "GET model-versions/search",
            {"filter": "name = 'ver' AND tags.k = 'v'"},
            has={"model_versions.#": 1},
        ),
        ok(
            "GET model-versions/search",
            {"filter": "run_id IN ('{run}')", "max_results": 1},
            has={"model_versions.#": 1},
        ),
        bad(
            "GET model-versions/search",
            {"filter": "color = 'v'"},
            "INVALID_PARAMETER_VALUE: Invalid attribute key 'color' specified. Valid keys are '",
        ),
        bad(
            "GET model-versions/search",
            {"max_results": 200001},
            "INVALID_PARAMETER_VALUE: Invalid value \"200001\" for parameter 'max_results' supplied:  Hint: Value was",
        ),
        ok("DELETE model-versions/delete-tag", {"name": "ver", "version": "1", "key": "k"}),
        ok("DELETE registered-models/alias", {"name": "ver", "alias": "best"}),
        ok("DELETE model-versions/delete", {"name": "ver", "version": "2"}),
        bad(
            "GET model-versions/get",
            {"name": "ver", "version": "2"},
            "RESOURCE_DOES_NOT_EXIST: Model Version (name=ver, version=2) not found",
        ),
        ok(
            "POST model-versions/create",
            {"name": "ver", "source": "runs:/{run}/model", "run_id": "{run}"},
            has={"model_version.version": "3"},
        ),
        ok("POST registered-models/rename", {"name": "ver", "new_name": "verily"}),
        ok("GET model-versions/get", {"name": "verily", "version": "1"}),
    ),
    "prompts": (
        ok(
            "POST registered-models/create",
            {"name": "greeting", "tags": [{"key": "mlflow.prompt.is_prompt", "value": "true"}]},
        ),
        ok(
            "POST model-versions/create",
            {
                "name": "greeting",
                "source": "dummy-source",
                "tags": [
                    {"key": "mlflow.prompt.is_prompt", "value": "true"},
                    {"key": "mlflow.prompt.text", "value": "Hello {{name}}"},
                ],
            },
        ),
        bad(
            "POST registered-models/create",
            {"name": "greeting"},
            "RESOURCE_ALREADY_EXISTS: Tried to create a registered model with name 'greeting', but the name is",
        ),
        ok("GET registered-models/search", {"filter": "name = 'greeting'"}, has={"registered_models": None}),
        ok(
            "GET registered-models/search",
            {"filter": "name = 'greeting' AND tags.`mlflow.prompt.is_prompt` = 'true'"},
            has={"registered_models.#": 1},
        ),
    ),
}
