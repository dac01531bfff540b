"""What the edge itself decides: who may do what, what 0 means, how errors and bodies look."""

import gzip
import json
import secrets
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.test import Client

from ropewalk.edges.mlflow_http import bodies
from ropewalk.projects import services as projects
from tests.factories.builders import make_collaborator, make_project, make_token, make_user
from tests.protocol.mlflow.tenant import Tenant, basic

pytestmark = pytest.mark.django_db(transaction=True)
GET = "/api/2.0/mlflow/experiments/get"
CREATE = "/api/2.0/mlflow/experiments/create"


@pytest.fixture
def tenant(mlflow_in_process: None, objects: Path) -> Tenant:
    """A private project's tracking server as its owner reaches it."""
    owner = make_user("ada", password="correct horse")
    return Tenant(make_project("lab", owner=owner), basic("ada", make_token(owner)))


# --- experiment 0


def test_zero_is_the_projects_default_everywhere(tenant: Tenant) -> None:
    """In arguments, lists, trace locations, headers, associations and GraphQL, and each project has its own."""
    default = tenant.send("GET", GET, None, {"experiment_id": "0"}).json()["experiment"]
    assert default["name"] == "Default" and default["experiment_id"] != "0"
    run = tenant.api("POST", "runs/create", {"experiment_id": "0"})["run"]["info"]
    assert run["experiment_id"] == default["experiment_id"]
    assert run["artifact_uri"] == f"mlflow-artifacts:/{default['experiment_id']}/{run['run_id']}/artifacts"
    assert len(tenant.api("POST", "runs/search", {"experiment_ids": ["0"]})["runs"]) == 1
    place = {"type": "MLFLOW_EXPERIMENT", "mlflow_experiment": {"experiment_id": "0"}}
    info = {
        "trace_id": "tr-1",
        "trace_location": place,
        "request_time": "2026-01-01T00:00:00Z",
        "state": "OK",
    }
    made = tenant.api("POST", "traces", {"trace": {"trace_info": info}}, "3.0")["trace"]["trace_info"]
    assert made["trace_location"]["mlflow_experiment"]["experiment_id"] == default["experiment_id"]
    found = tenant.api("POST", "traces/search", {"locations": [place], "max_results": 5}, "3.0")["traces"]
    assert [one["trace_id"] for one in found] == ["tr-1"]
    made = tenant.api("POST", "datasets/create", {"name": "d", "experiment_ids": ["0"]}, "3.0")["dataset"]
    ids = tenant.api("GET", f"datasets/{made['dataset_id']}/experiment-ids", {}, "3.0")["experiment_ids"]
    assert ids == [default["experiment_id"]]
    listed = tenant.api("POST", "datasets/search", {"experiment_ids": ["0"], "max_results": 5}, "3.0")[
        "datasets"
    ]
    assert [one["name"] for one in listed] == ["d"]
    query = {"query": 'query Q { mlflowGetExperiment(input:{experimentId:"0"}){experiment{name}} }'}
    answer = tenant.send("POST", "/graphql", query).json()
    assert answer["data"]["mlflowGetExperiment"]["experiment"]["name"] == "Default"
    other = make_user("other")
    second = Tenant(make_project("lab2", owner=other), basic("other", make_token(other)))
    assert (
        second.send("GET", GET, None, {"experiment_id": "0"}).json()["experiment"]["experiment_id"]
        != default["experiment_id"]
    )


def test_the_default_stays_the_default_when_it_is_renamed(tenant: Tenant) -> None:
    from ropewalk.edges.mlflow_http import runtime

    first = tenant.send("GET", GET, None, {"experiment_id": "0"}).json()["experiment"]["experiment_id"]
    tenant.api("POST", "experiments/update", {"experiment_id": "0", "new_name": "Old default"})
    runtime._defaults.clear()  # as another process would see it
    again = tenant.send("GET", GET, None, {"experiment_id": "0"}).json()["experiment"]
    assert (again["experiment_id"], again["name"]) == (first, "Old default")


def spans(trace_id: str = "") -> dict[str, Any]:
    """A batch of one span in OTLP's JSON; the ids of traces are unique in the whole installation."""
    span = {
        "traceId": trace_id or secrets.token_hex(16),
        "spanId": "b7ad6b7169203331",
        "name": "root",
        "startTimeUnixNano": "1700000000000000000",
        "endTimeUnixNano": "1700000001000000000",
    }
    return {"resourceSpans": [{"scopeSpans": [{"spans": [span]}]}]}


@pytest.mark.parametrize("encoding", ["", "gzip"])
def test_spans_in_json(tenant: Tenant, encoding: str) -> None:
    trace_id = secrets.token_hex(16)
    body = json.dumps(spans(trace_id)).encode()
    headers = {"x-mlflow-experiment-id": "0", "Content-Encoding": encoding}
    answer = tenant.send("POST", "/v1/traces", gzip.compress(body) if encoding else body, **headers)
    assert answer.status_code == 200, answer.content
    trace = tenant.api("GET", "traces/get", {"trace_id": f"tr-{trace_id}"}, "3.0")["trace"]
    assert trace["spans"][0]["name"] == "root"


def test_a_trace_of_another_project_is_not_touched(tenant: Tenant) -> None:
    """Not even by sending spans under its id."""
    trace_id, header = secrets.token_hex(16), {"x-mlflow-experiment-id": "0"}
    assert tenant.send("POST", "/v1/traces", spans(trace_id), **header).status_code == 200
    before = tenant.api("GET", "traces/get", {"trace_id": f"tr-{trace_id}"}, "3.0")
    owner = make_user("mallory")
    other = Tenant(make_project("mine", owner=owner), basic("mallory", make_token(owner)))
    forged = json.loads(
        json.dumps(spans(trace_id)).replace("root", "forged").replace("b7ad6b7169203331", "b7ad6b7169203332")
    )
    answer = other.send("POST", "/v1/traces", forged, **header)
    assert answer.status_code == 409 and answer.json()["error_code"] == "RESOURCE_CONFLICT"
    assert tenant.api("GET", "traces/get", {"trace_id": f"tr-{trace_id}"}, "3.0") == before


@pytest.mark.parametrize(
    ("body", "headers", "status"),
    [
        (b"{}", {}, 400),
        (b"{}", {"x-mlflow-experiment-id": "0"}, 400),
        (b"not json", {"x-mlflow-experiment-id": "0"}, 400),
        (b'{"resourceSpans": 3}', {"x-mlflow-experiment-id": "0"}, 400),
        (b"x", {"x-mlflow-experiment-id": "0", "Content-Encoding": "gzip"}, 400),
        (b"x", {"x-mlflow-experiment-id": "0", "Content-Encoding": "br"}, 400),
        (json.dumps(spans()).encode(), {"x-mlflow-experiment-id": "999999"}, 404),
    ],
)
def test_bad_spans_are_refused(tenant: Tenant, body: bytes, headers: dict[str, str], status: int) -> None:
    assert tenant.send("POST", "/v1/traces", body, **headers).status_code == status


def test_a_compressed_bomb_is_refused(tenant: Tenant, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bodies.inflated, "__defaults__", (1000,))
    headers = {"x-mlflow-experiment-id": "0", "Content-Encoding": "gzip"}
    answer = tenant.send("POST", "/v1/traces", gzip.compress(b" " * 5000), **headers)
    assert answer.status_code == 413


# --- who may


def test_wrong_credentials_are_401_in_mlflows_words(tenant: Tenant) -> None:
    for headers in ({}, basic("ada", "wrong"), {"Authorization": "Bearer nonsense"}):
        answer = Tenant(tenant.project, headers).send("GET", GET, None, {"experiment_id": "0"})
        assert answer.status_code == 401 and answer.json()["error_code"] == "UNAUTHENTICATED"
        assert answer.headers["WWW-Authenticate"].startswith("Basic")
    quiet = Tenant(tenant.project, {}).send("GET", "/ajax-api/2.0/mlflow/experiments/get")
    assert quiet.status_code == 401 and "WWW-Authenticate" not in quiet.headers


def test_password_and_bearer_work(tenant: Tenant) -> None:
    token = make_token(tenant.project.created_by)
    for headers in (
        basic("ada", "correct horse"),
        {"Authorization": f"Bearer {token}"},
        basic("token", token),
    ):
        assert (
            Tenant(tenant.project, headers).send("GET", GET, None, {"experiment_id": "0"}).status_code == 200
        )


def test_a_public_project_is_read_by_all_and_written_by_members(
    mlflow_in_process: None, objects: Path
) -> None:
    project = make_project("open", visibility="public")
    anonymous = Tenant(project, {})
    assert anonymous.send("GET", GET, None, {"experiment_id": "0"}).status_code == 200
    assert anonymous.send("POST", "/api/2.0/mlflow/runs/search", {"experiment_ids": ["0"]}).status_code == 200
    refused = anonymous.send("POST", CREATE, {"name": "x"})
    assert refused.status_code == 401 and refused.json()["error_code"] == "UNAUTHENTICATED"
    reader = make_user("reader")
    refused = Tenant(project, basic("reader", make_token(reader))).send("POST", CREATE, {"name": "x"})
    assert refused.status_code == 403 and refused.json()["error_code"] == "PERMISSION_DENIED"
    writer = make_collaborator(project, "writer")
    read_only = Tenant(project, basic(writer.username, make_token(writer, "read")))
    assert read_only.send("POST", CREATE, {"name": "x"}).status_code == 403
    assert (
        Tenant(project, basic(writer.username, make_token(writer)))
        .send("POST", CREATE, {"name": "x"})
        .status_code
        == 200
    )


def test_an_archived_project_is_read_only(tenant: Tenant) -> None:
    run_id = tenant.api("POST", "runs/create", {"experiment_id": "0"})["run"]["info"]["run_id"]
    projects.archive_project(project_id=tenant.project.pk, archived=True)
    for method, path, body in (
        ("POST", "/api/2.0/mlflow/runs/set-tag", {"run_id": run_id, "key": "k", "value": "v"}),
        ("PUT", f"/api/2.0/mlflow-artifacts/artifacts/1/{run_id}/artifacts/x", {"x": 1}),
        ("POST", "/v1/traces", spans()),
        ("POST", "/api/2.0/mlflow/registered-models/create", {"name": "m"}),
    ):
        answer = tenant.send(method, path, body, **{"x-mlflow-experiment-id": "0"})
        assert answer.status_code == 403 and "archived" in answer.json()["message"], path
    assert tenant.send("GET", "/api/2.0/mlflow/runs/get", None, {"run_id": run_id}).status_code == 200


# --- the web UI


def session(tenant: Tenant) -> Client:
    """The owner's browser; CSRF is enforced as in a real one."""
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(tenant.project.created_by, backend=django_settings.AUTHENTICATION_BACKENDS[0])
    return browser


def test_the_ui_opens_for_readers_with_a_way_back(tenant: Tenant) -> None:
    browser = session(tenant)
    bare = browser.get(tenant.base, headers={"Accept": "text/html"})
    assert bare.status_code == 302 and bare.headers["Location"] == f"{tenant.base}/"
    page = browser.get(f"{tenant.base}/", headers={"Accept": "text/html"})
    assert page.status_code == 200 and b'id="root"' in page.content and b'href="/ada/lab"' in page.content
    assert b"mlflow.settings.telemetry.enabled_v1" in page.content
    script = page.content.split(b'src="')[1].split(b'"')[0].decode()
    file = browser.get(f"{tenant.base}/{script.removeprefix('./')}")
    assert file.status_code == 200 and "max-age" in file.headers["Cache-Control"]
    assert browser.get(f"{tenant.base}/static-files/../../../../settings.py").status_code == 404
    stranger = Client().get(f"{tenant.base}/", headers={"Accept": "text/html"})
    assert stranger.status_code == 302 and stranger.headers["Location"].startswith(
        "/accounts/login/?next=%2Fada%2Flab.mlflow%2F"
    )


def test_the_uis_calls_need_the_csrf_header(tenant: Tenant) -> None:
    browser = session(tenant)
    page = browser.get(f"{tenant.base}/", headers={"Accept": "text/html"})
    cookie = page.cookies["mlflow-request-header-X-CSRFToken"]
    assert cookie["path"] == f"{tenant.base}/" and not cookie["httponly"]
    call = {
        "path": f"{tenant.base}/ajax-api/2.0/mlflow/experiments/create",
        "content_type": "application/json",
    }
    refused = browser.post(data={"name": "forged"}, **call)
    assert refused.status_code == 403 and refused.json()["error_code"] == "PERMISSION_DENIED"
    made = browser.post(data={"name": "mine"}, headers={"X-CSRFToken": cookie.value}, **call)
    assert made.status_code == 200, made.content
    artifact = {"path": f"{tenant.base}/ajax-api/2.0/mlflow-artifacts/artifacts/1/x", "data": b"x"}
    assert browser.put(content_type="text/plain", **artifact).status_code == 403
    assert (
        browser.put(content_type="text/plain", headers={"X-CSRFToken": cookie.value}, **artifact).status_code
        == 200
    )


def test_fixed_answers(tenant: Tenant) -> None:
    info = tenant.send("GET", "/api/3.0/mlflow/server-info").json()
    assert info["workspaces_enabled"] is False and info["store_type"] == "SqlStore"
    assert tenant.send("GET", "/version").content.decode().startswith("3.")
    assert tenant.send("GET", "/health").content == b"OK"
    bare = tenant.send("GET", "")
    assert bare.status_code == 404 and bare.json()["error_code"] == "ENDPOINT_NOT_FOUND"


# --- bodies and errors


def test_bodies_are_bounded(tenant: Tenant, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bodies.whole, "__defaults__", (100,))
    answer = tenant.send("POST", CREATE, {"name": "x" * 200})
    assert answer.status_code == 413 and answer.json()["error_code"] == "BAD_REQUEST"


def test_a_client_mistake_is_never_a_server_error(tenant: Tenant) -> None:
    """Clients retry 5xx for minutes."""
    for method, path, body in (
        ("POST", CREATE, b"[1, 2]"),
        ("POST", CREATE, b"{"),
        ("POST", CREATE, b'"' + b"[" * 50_000 + b'"'),
        ("POST", CREATE, b"[" * 100_000),
        ("GET", "/get-artifact", None),
        ("GET", "/ajax-api/2.0/mlflow/metrics/get-history-bulk", None),
        ("POST", "/graphql", b"{}"),
        ("POST", "/graphql", b'{"query": "{"}'),
        ("POST", "/api/2.0/mlflow/runs/log-batch", b'{"run_id": {"a": 1}, "metrics": 3}'),
        ("GET", "/api/2.0/mlflow/runs/get?run_id=%00", None),
        ("GET", "/api/2.0/mlflow/experiments/get?experiment_id=99999999999999999999", None),
        ("GET", "/api/2.0/mlflow/experiments/get?experiment_id=x", None),
        ("PATCH", "/api/2.0/mlflow/runs/create", b"{}"),
        ("GET", "//api/2.0/mlflow/runs/get", None),
    ):
        answer = tenant.send(method, path, body)
        assert 400 <= answer.status_code < 500 and "error_code" in answer.json(), (
            method,
            path,
            answer.status_code,
        )


def test_an_artifact_location_is_refused_with_the_reason(tenant: Tenant) -> None:
    answer = tenant.send("POST", CREATE, {"name": "x", "artifact_location": "s3://somewhere/x"})
    assert answer.status_code == 400 and "project's own storage" in answer.json()["message"]


def test_ids_are_seen_in_json_within_json_and_in_camel_case(tenant: Tenant) -> None:
    """Old clients send JSON in a JSON string; MLflow accepts camelCase names."""
    missing = {"runId": "0" * 32}
    for body in (missing, json.dumps(missing)):
        answer = tenant.send("POST", "/api/2.0/mlflow/runs/delete", body)
        assert answer.status_code == 404 and answer.json()["error_code"] == "RESOURCE_DOES_NOT_EXIST"


def test_workspaces_are_invisible(tenant: Tenant) -> None:
    """A server without workspaces says ``default``; ours never says which project of ours it is."""
    experiment = tenant.send("GET", GET, None, {"experiment_id": "0"}).json()["experiment"]
    assert experiment.get("workspace", "default") == "default"
    found = tenant.api("POST", "experiments/search", {"max_results": 10})["experiments"]
    assert {one.get("workspace", "default") for one in found} == {"default"}


def test_a_stage_archives_the_version_before(tenant: Tenant) -> None:
    tenant.api("POST", "registered-models/create", {"name": "cat"})
    run = tenant.api("POST", "runs/create", {"experiment_id": "0"})["run"]["info"]
    source = {"name": "cat", "source": run["artifact_uri"], "run_id": run["run_id"]}
    for version in ("1", "2"):
        tenant.api("POST", "model-versions/create", source)
        step = {"name": "cat", "version": version, "stage": "Production", "archive_existing_versions": True}
        tenant.api("POST", "model-versions/transition-stage", step)
    stages = [
        tenant.api("GET", "model-versions/get", {"name": "cat", "version": version})["model_version"][
            "current_stage"
        ]
        for version in ("1", "2")
    ]
    assert stages == ["Archived", "Production"]
