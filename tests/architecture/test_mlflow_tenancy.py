"""No MLflow route answers with, or changes, anything of another project: every route × several actors, with foreign ids."""

import json
import sys
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection

from ropewalk.core import blobs
from ropewalk.edges.mlflow_http import ownership, rules, runtime
from tests.factories.builders import make_collaborator, make_project, make_token, make_user
from tests.protocol.mlflow import forged
from tests.protocol.mlflow.fixtures import mlflow_in_process, objects
from tests.protocol.mlflow.tenant import Tenant, basic

__all__ = ["mlflow_in_process", "objects"]
pytestmark = pytest.mark.django_db(transaction=True)


def say(capsys: pytest.CaptureFixture[str], text: str) -> None:
    """Tell how much was tried, whether or not output is captured."""
    with capsys.disabled():
        sys.stdout.write(f"\n{text}\n")


def everything() -> dict[str, Counter[str]]:
    """Each row of each of MLflow's tables."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'mlflow'")
        tables = [row[0] for row in cursor.fetchall()]
        rows = {}
        for table in tables:
            cursor.execute(f'SELECT to_json(t)::text FROM mlflow."{table}" t')
            rows[table] = Counter(row[0] for row in cursor.fetchall())
    return rows


def stored(project_id: int) -> dict[str, bytes]:
    """Each object of a project, with its bytes."""
    found = blobs.store().list(f"p/{project_id}/")
    return {stat.key: b"".join(blobs.store().read(stat.key)) for stat in found}


class Victim:
    """The project whose things nobody else may see or change."""

    def __init__(self) -> None:
        self.owner = make_user("vera")
        self.project = make_project("vault", owner=self.owner)
        self.as_owner = Tenant(self.project, basic("vera", make_token(self.owner))).fill()
        self.ids = self.as_owner.ids
        self.secret = self.as_owner.secret
        self.rows = everything()
        self.objects = stored(self.project.pk)

    def as_actor(self, headers: dict[str, str]) -> Tenant:
        """Somebody at the victim's own address."""
        return Tenant(self.project, headers)

    def assert_untouched(self, *, but: str = "") -> None:
        """Every row and object is as it was, and no new row (but in the table ``but``) points into the project."""
        assert stored(self.project.pk) == self.objects
        mine = {"workspace": f"project-{self.project.pk}", "experiment_id": int(self.ids["experiment_id"])}
        foreign = {
            "run_uuid": "run_id",
            "trace_id": "trace_id",
            "request_id": "trace_id",
            "model_id": "model_id",
        }
        mine |= {column: self.ids[name] for column, name in foreign.items()}
        mine |= {
            "dataset_id": self.ids["dataset_id"],
            "queue_id": self.ids["queue_id"],
            "schema_id": self.ids["schema_id"],
        }
        mine |= {"source_id": self.ids["run_id"], "destination_id": self.ids["run_id"]}
        for table, now in everything().items():
            gone = list(self.rows[table] - now)
            assert not gone, f"changed or deleted in {table}: {gone}"
            for row in map(json.loads, now - self.rows[table]):
                pointing = {column for column, value in mine.items() if row.get(column) == value}
                assert not pointing or table == but, (
                    f"{table} has a new row with the project's {pointing}: {row}"
                )


@pytest.fixture
def victim(mlflow_in_process: None, objects: Any) -> Victim:
    """A filled private project."""
    return Victim()


def attack(tenant: Tenant, victim: Victim) -> Iterator[tuple[forged.Forged, Any]]:
    """Send every request with the victim's ids and look for the secret in each answer; no request may break the server."""
    told, broken = [], []
    for request in forged.requests(victim.ids):
        answer = tenant.send(request.method, request.path, request.body, request.query)
        content = b"".join(answer.streaming_content) if answer.streaming else answer.content
        if victim.secret.encode() in content + repr(dict(answer.headers)).encode():
            told.append((request, content[:500]))
        if answer.status_code >= 500 and answer.status_code != 501:
            broken.append((request, answer.status_code, content[:500]))
        yield request, answer
    assert not told, told
    assert not broken, broken


@pytest.mark.parametrize("wall", ["both walls", "MLflow's wall alone"])
def test_foreign_ids_in_an_own_project(
    victim: Victim, wall: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Owner, writer and reader of another project, at their own address, with the victim's ids."""
    if wall != "both walls":
        monkeypatch.setattr(ownership, "check", lambda *_: None)
    other = make_project("other", owner=(owner := make_user("oscar")))
    writer, reader = make_collaborator(other, "writer"), make_collaborator(other, "reader")
    pairs = Counter[str]()
    for name, person in (("owner of another project", owner), ("its writer", writer), ("its reader", reader)):
        tenant = Tenant(other, basic(person.username, make_token(person)))
        tried = {(request.method, request.rule) for request, _ in attack(tenant, victim)}
        assert tried == set(forged.rules())
        pairs[name] = len(tried)
    victim.assert_untouched()
    say(capsys, f"{wall}: {sum(pairs.values())} (route, actor) pairs tried, 0 leaks: {dict(pairs)}")


def test_strangers_at_the_projects_own_address(victim: Victim, capsys: pytest.CaptureFixture[str]) -> None:
    """Anonymous, a stranger and another project's owner get nothing but 401 or 404 on every route."""
    stranger, other = make_user("sam"), make_user("oscar")
    make_project("other", owner=other)
    pairs = Counter[str]()
    actors = {
        "anonymous": {},
        "stranger": basic("sam", make_token(stranger)),
        "owner of another project": basic("oscar", make_token(other)),
    }
    for name, headers in actors.items():
        wanted = 401 if name == "anonymous" else 404
        for request, answer in attack(victim.as_actor(headers), victim):
            assert answer.status_code == wanted, (name, request, answer.status_code)
            pairs[name] += 1
    victim.assert_untouched()
    say(capsys, f"{sum(pairs.values())} requests refused: {dict(pairs)}")


def test_readers_read_and_do_not_write(victim: Victim) -> None:
    """At the project's own address a reader is refused exactly the routes that the table calls writes."""
    reader = make_collaborator(victim.project, "reader")
    tenant = victim.as_actor(basic(reader.username, make_token(reader)))
    refused = Counter[int]()
    for request in forged.requests(victim.ids):
        answer = tenant.send(request.method, request.path, request.body, request.query)
        need = rules.need_of(request.method, request.rule)
        if need is not None and need.endswith(".write"):
            assert answer.status_code == 403 and answer.json()["error_code"] == "PERMISSION_DENIED", request
        elif need is not None:
            assert answer.status_code not in {401, 403, 500}, (request, answer.content[:500])
        refused[answer.status_code] += 1
    victim.assert_untouched(
        but="label_schemas"
    )  # MLflow makes its default schemas when they are first listed
    assert refused[403] > 100 and refused[200] > 50, refused


def test_the_attacks_are_real(victim: Victim, capsys: pytest.CaptureFixture[str]) -> None:
    """The same requests by the project's owner do show the secret, so a silent refusal elsewhere is not a broken request."""
    shown = set()
    answers = []
    for request in forged.requests(victim.ids):
        if rules.need_of(request.method, request.rule) in {"runs.read", "models.read"}:
            answer = victim.as_owner.send(request.method, request.path, request.body, request.query)
            content = b"".join(answer.streaming_content) if answer.streaming else answer.content
            answers.append((request, answer.status_code, content))
            if victim.secret.encode() in content:
                shown.add(rules.without_prefix(request.rule))
    read = {path for (_, path), need in rules.NEEDS.items() if need.endswith(".read")}
    silent = sorted(read - shown)
    say(capsys, f"{len(shown)} of {len(read)} reading routes show the secret to its owner; silent: {silent}")
    assert len(shown) >= 35, [
        (r.method, r.path, s, c[:300]) for r, s, c in answers if rules.without_prefix(r.rule) in silent
    ]


def test_the_table_names_only_routes_that_exist() -> None:
    """A rule in our table that MLflow no longer has is a mistake; one that MLflow has and we do not list is off."""
    real = {(method, rules.without_prefix(rule)) for method, rule in forged.rules()}
    assert set(rules.NEEDS) <= real, set(rules.NEEDS) - real


@pytest.mark.parametrize(
    "path",
    [
        "/api/3.0/mlflow/workspaces",
        "/ajax-api/3.0/mlflow/jobs/x",
        "/api/3.0/mlflow/gateway/endpoints/list",
        "/ajax-api/3.0/mlflow/ui-telemetry",
        "/api/2.0/mlflow/webhooks",
        "/api/2.0/mlflow/no/such",
        "/build/index.html",
    ],
)
def test_what_is_off_is_not_found(victim: Victim, path: str) -> None:
    """In MLflow's own words, so that clients fall back."""
    answer = victim.as_owner.send("GET", path)
    assert answer.status_code == 404 and answer.json()["error_code"] == "ENDPOINT_NOT_FOUND"


def test_a_forged_workspace_header_changes_nothing(victim: Victim) -> None:
    """The client's X-MLFLOW-WORKSPACE never reaches MLflow."""
    other = make_user("oscar")
    tenant = Tenant(make_project("other", owner=other), basic("oscar", make_token(other)))
    header = {"X-MLFLOW-WORKSPACE": f"project-{victim.project.pk}"}
    answer = tenant.send("POST", "/api/2.0/mlflow/experiments/search", {"max_results": 100}, None, **header)
    assert answer.status_code == 200
    assert [found["name"] for found in answer.json()["experiments"]] == ["Default"]
    assert runtime.store() is not None
