"""Artifacts through the proxy and their lists, hostile paths, downloads, and what Ropewalk keeps off."""

from tests.protocol.mlflow.conformance.stories import Step, bad, ok

PROXY = "/api/2.0/mlflow-artifacts/artifacts"
EMPTY = "stock's own ASGI route answers with an empty body, MLflow's Flask application with {}"
DETAIL = "stock's own ASGI routes answer in FastAPI's words, MLflow's others in MLflow's"
OFF = "this part of MLflow is off here"
INVALID = "INVALID_PARAMETER_VALUE: Invalid path"
DOWNLOAD = ("Content-Disposition", "X-Content-Type-Options", "Content-Type")
NOBODY = "00000000000000000000000000000000"

BACKSLASH = "only on Windows does stock refuse a backslash, which its clients there take for a separator"
MENDED = "stock sends the client to the same path below the root of its artifacts"
# As they travel: a client's library would mend dots that are not encoded.
HOSTILE = (
    "..%2F..%2Fsecret",
    "{exp}%2F..%2F..%2Fsecret",
    "%252e%252e%252fsecret",
    "%25252e%25252e%25252fsecret",
    "a%23b",
    "C:%2Fsecret",
    "file:%2F%2F%2Fetc%2Fpasswd",
)


QUERIES: tuple[tuple[str, dict[str, str]], ...] = (
    (f"GET {PROXY}", {}),
    ("GET artifacts/list", {"run_id": "{run}"}),
    ("GET /get-artifact", {"run_id": "{run}"}),
)

STORIES: dict[str, tuple[Step, ...]] = {
    "proxy": (
        ok("POST experiments/create", {"name": "artifacts"}, exp="experiment_id"),
        ok("POST runs/create", {"experiment_id": "{exp}"}, run="run.info.run_id"),
        ok("GET artifacts/list", {"run_id": "{run}"}, has={"files": None}),
        ok(f"PUT {PROXY}/{{exp}}/{{run}}/artifacts/a.txt", b"hello", why=EMPTY),
        ok(f"PUT {PROXY}/{{exp}}/{{run}}/artifacts/deep/b.bin", b"12", why=EMPTY),
        ok(f"PUT {PROXY}/{{exp}}/{{run}}/artifacts/deep/er/c", b"123", why=EMPTY),
        ok(f"PUT {PROXY}/{{exp}}/{{run}}/artifacts/empty", b"", why=EMPTY),
        ok(f"PUT {PROXY}/{{exp}}/{{run}}/artifacts/a.txt", b"hello again", why=EMPTY),
        ok(f"GET {PROXY}/{{exp}}/{{run}}/artifacts/a.txt", shows=DOWNLOAD),
        ok(f"GET {PROXY}/{{exp}}/{{run}}/artifacts/empty"),
        ok("GET artifacts/list", {"run_id": "{run}"}, has={"files.#": 3, "files.2.file_size": None}),
        ok(
            "GET artifacts/list",
            {"run_id": "{run}", "path": "deep"},
            has={"files.0.path": "deep/b.bin", "files.0.file_size": 2, "files.1.is_dir": True},
        ),
        ok("GET artifacts/list", {"run_id": "{run}", "path": "deep/"}, has={"files.#": 2}),
        ok("GET artifacts/list", {"run_id": "{run}", "path": "none"}, has={"files": None}),
        ok("GET artifacts/list", {"run_id": "{run}", "page_token": "anything"}, has={"files.#": 3}),
        ok("GET /ajax-api/2.0/mlflow/artifacts/list", {"run_uuid": "{run}"}, has={"files.#": 3}),
        ok(f"GET {PROXY}", {"path": "{exp}/{run}/artifacts/deep"}, has={"files.0.path": "b.bin"}),
        ok(f"GET {PROXY}", {"path": "{exp}/none"}, has={"files": None}),
        ok("GET /get-artifact", {"run_id": "{run}", "path": "a.txt"}),
        ok("GET /get-artifact", {"run_uuid": "{run}", "path": "deep/er/c"}),
        bad(
            "GET artifacts/list",
            {"run_id": NOBODY},
            "RESOURCE_DOES_NOT_EXIST: Run with id=",
        ),
        bad(
            "GET artifacts/list",
            {},
            "INVALID_PARAMETER_VALUE: Missing value for required parameter 'run_id'. See the API docs for more",
        ),
        bad(
            f"GET {PROXY}/{{exp}}/{{run}}/artifacts/none.txt",
            None,
            "RESOURCE_DOES_NOT_EXIST: No such artifact: '{exp}/{run}/artifacts/none.txt'",
        ),
        bad(
            f"GET {PROXY}/{{exp}}/{{run}}/artifacts/deep",
            None,
            "400",
            ours="INVALID_PARAMETER_VALUE: Artifact path refers to a directory, not a file: '{exp}/{run}/artifacts/deep'",
            why=DETAIL,
        ),
        bad(
            f"PUT {PROXY}/{{exp}}/{{run}}/artifacts/deep/",
            b"x",
            "400",
            ours=INVALID,
            why=DETAIL,
        ),
        ok(f"DELETE {PROXY}/{{exp}}/{{run}}/artifacts/deep"),
        ok("GET artifacts/list", {"run_id": "{run}"}, has={"files.#": 2}),
        ok(f"DELETE {PROXY}/{{exp}}/{{run}}/artifacts/empty"),
        ok(f"DELETE {PROXY}/{{exp}}/{{run}}/artifacts/none"),
        ok("GET artifacts/list", {"run_id": "{run}"}, has={"files.#": 1}),
    ),
    "kinds": tuple(
        step
        for name in ("model.pkl", "MLmodel", "page.html", "data.csv", "conda.yaml", "plot.png", "noending")
        for step in (
            ok(f"PUT {PROXY}/9999/{name}", b"x", why=EMPTY),
            ok(f"GET {PROXY}/9999/{name}", shows=DOWNLOAD),
        )
    ),
    "hostile": (
        ok("POST experiments/create", {"name": "hostile"}, exp="experiment_id"),
        ok("POST runs/create", {"experiment_id": "{exp}"}, run="run.info.run_id"),
        *(
            bad(f"{method} {PROXY}/{path}", b"x" if method == "PUT" else None, INVALID)
            for path in HOSTILE
            for method in ("GET", "PUT", "DELETE")
        ),
        bad(f"GET {PROXY}/%2Fetc%2Fpasswd", None, INVALID),
        bad(f"PUT {PROXY}/%2Fetc%2Fpasswd", b"x", INVALID),
        bad(f"DELETE {PROXY}/%2Fetc%2Fpasswd", None, "308", ours=INVALID, why=MENDED),
        *(
            bad(call, {**more, "path": path}, INVALID)
            for call, more in QUERIES
            for path in ("../x", "a/../../x", "/etc/passwd", "%2e%2e/x", "a#b")
        ),
        bad(f"GET {PROXY}/..%5Csecret", None, "404", ours=INVALID, why=BACKSLASH),
        bad(f"PUT {PROXY}/..%5Csecret", b"x", "200", ours=INVALID, why=BACKSLASH),
        bad(f"DELETE {PROXY}/..%5Csecret", None, "200", ours=INVALID, why=BACKSLASH),
        *(
            bad(call, {**more, "path": "..\\x"}, said, ours=INVALID, why=BACKSLASH)
            for (call, more), said in zip(QUERIES, ("200", "200", "404"), strict=True)
        ),
    ),
    "upload": (
        ok("POST experiments/create", {"name": "upload"}, exp="experiment_id"),
        ok("POST runs/create", {"experiment_id": "{exp}"}, run="run.info.run_id"),
        ok("POST /ajax-api/2.0/mlflow/upload-artifact?run_uuid={run}&path=notes/up.txt", b"up"),
        ok("GET /get-artifact", {"run_id": "{run}", "path": "notes/up.txt"}, shows=DOWNLOAD),
        bad(
            "POST /ajax-api/2.0/mlflow/upload-artifact?path=up.txt",
            b"up",
            "INVALID_PARAMETER_VALUE: Request must specify run_uuid.",
        ),
        bad(
            "POST /ajax-api/2.0/mlflow/upload-artifact?run_uuid={run}",
            b"up",
            "INVALID_PARAMETER_VALUE: Request must specify path.",
        ),
        bad(
            "POST /ajax-api/2.0/mlflow/upload-artifact?run_uuid={run}&path=up.txt",
            b"",
            "INVALID_PARAMETER_VALUE: Request must specify data.",
        ),
        bad("POST /ajax-api/2.0/mlflow/upload-artifact?run_uuid={run}&path=..%2Fup.txt", b"up", INVALID),
    ),
    "multipart": (
        ok("POST experiments/create", {"name": "multipart"}, exp="experiment_id"),
        ok("POST runs/create", {"experiment_id": "{exp}"}, run="run.info.run_id"),
        bad(
            "POST /api/2.0/mlflow-artifacts/mpu/create/{exp}/{run}/artifacts",
            {"path": "big", "num_parts": 2},
            "NOT_IMPLEMENTED: Multipart upload is not supported for the current artifact repository",
        ),
        bad(
            "POST /api/2.0/mlflow-artifacts/mpu/create/{exp}/{run}/artifacts",
            {},
            "INVALID_PARAMETER_VALUE: Missing value for required parameter 'path'. See the API docs for more",
        ),
        bad(
            "POST /api/2.0/mlflow-artifacts/mpu/complete/{exp}/{run}/artifacts",
            {"path": "big", "upload_id": "u", "parts": []},
            "NOT_IMPLEMENTED: Multipart upload is not supported for the current artifact repository",
        ),
        bad(
            "POST /api/2.0/mlflow-artifacts/mpu/abort/{exp}/{run}/artifacts",
            {"path": "big", "upload_id": "u"},
            "NOT_IMPLEMENTED: Multipart upload is not supported for the current artifact repository",
        ),
        bad(
            "GET /api/2.0/mlflow-artifacts/presigned/{exp}/{run}/artifacts/big",
            None,
            "NOT_IMPLEMENTED: Multipart download is not supported for the current artifact repository",
        ),
        bad(
            "POST artifacts/presigned-upload-url",
            {"run_id": "{run}", "path": "big"},
            "INVALID_PARAMETER_VALUE: Presigned upload is not supported for proxied artifact storage",
        ),
        bad(
            "POST artifacts/presigned-download-url",
            {"run_id": "{run}", "path": "big"},
            "INVALID_PARAMETER_VALUE: Presigned download is not supported for runs with proxied artifact storage",
        ),
    ),
    "server": (
        ok("GET /version"),
        ok("GET /health"),
        ok(
            "GET 3:server-info",
            has={"workspaces_enabled": False, "store_type": "SqlStore", "multipart_uploads_enabled": False},
            why="no gateway here, and no client is sent past the platform to the object store",
        ),
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
