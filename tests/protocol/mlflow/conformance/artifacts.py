"""Artifacts through the proxy and their lists, hostile paths, and what Ropewalk keeps off."""

from tests.protocol.mlflow.conformance.stories import Step, bad, ok

PROXY = "/api/2.0/mlflow-artifacts/artifacts"
EMPTY = "stock's own ASGI route answers with an empty body, MLflow's Flask application with {}"
OFF = "this part of MLflow is off here"

STORIES: dict[str, tuple[Step, ...]] = {
    "proxy": (
        ok("POST experiments/create", {"name": "artifacts"}, exp="experiment_id"),
        ok("POST runs/create", {"experiment_id": "{exp}"}, run="run.info.run_id"),
        ok(f"PUT {PROXY}/{{exp}}/{{run}}/artifacts/a.txt", b"hello", why=EMPTY),
        ok(f"PUT {PROXY}/{{exp}}/{{run}}/artifacts/deep/b.bin", b"12", why=EMPTY),
        ok(f"PUT {PROXY}/{{exp}}/{{run}}/artifacts/empty", b"", why=EMPTY),
        ok(f"PUT {PROXY}/{{exp}}/{{run}}/artifacts/a.txt", b"hello again", why=EMPTY),
        ok(f"GET {PROXY}/{{exp}}/{{run}}/artifacts/a.txt"),
        ok("GET artifacts/list", {"run_id": "{run}"}, has={"files.#": 3}),
        ok("GET artifacts/list", {"run_id": "{run}", "path": "deep"}, has={"files.0.path": "deep/b.bin"}),
        ok("GET artifacts/list", {"run_id": "{run}", "path": "none"}, has={"files": None}),
        ok(f"GET {PROXY}", {"path": "{exp}/{run}/artifacts/deep"}, has={"files.0.path": "b.bin"}),
        ok("GET /get-artifact", {"run_id": "{run}", "path": "a.txt"}),
        bad(
            "GET artifacts/list",
            {"run_id": "{run}", "path": "../.."},
            "INVALID_PARAMETER_VALUE: Invalid path",
        ),
        bad(
            "GET artifacts/list",
            {"run_id": "00000000000000000000000000000000"},
            "RESOURCE_DOES_NOT_EXIST: Run with id=",
        ),
        bad(
            "GET artifacts/list",
            {},
            "INVALID_PARAMETER_VALUE: Missing value for required parameter 'run_id'. See the API docs for more",
        ),
        bad(
            "GET /get-artifact", {"run_id": "{run}", "path": "../x"}, "INVALID_PARAMETER_VALUE: Invalid path"
        ),
        bad(f"GET {PROXY}", {"path": "../x"}, "INVALID_PARAMETER_VALUE: Invalid path"),
        ok(f"DELETE {PROXY}/{{exp}}/{{run}}/artifacts/deep"),
        ok("GET artifacts/list", {"run_id": "{run}"}, has={"files.#": 2}),
        ok("GET /version"),
        ok("GET /health"),
    ),
    "off": (
        *(
            bad(call, None, said, ours="ENDPOINT_NOT_FOUND", why=OFF)
            for call, said in (
                ("GET 3:workspaces", "503"),
                ("GET webhooks", "200"),
                ("GET 3:gateway/secrets/list", "200"),
            )
        ),
        bad(
            "GET no/such/route",
            None,
            "404",
            ours="ENDPOINT_NOT_FOUND",
            why="clients fall back to older routes on this code",
        ),
    ),
}
