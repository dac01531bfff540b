"""The shortest way for what is logged answers as Django does, and never lets through what the gate refuses by now."""

import base64
import io
import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.wsgi import get_wsgi_application
from django.db import connection

from ropewalk.accounts.models import AccessToken, User
from ropewalk.accounts.owner_names import rename_owner
from ropewalk.conf.lane import Lane
from ropewalk.core import clock
from ropewalk.projects import services as projects
from ropewalk.projects.models import Project
from tests.factories.builders import make_collaborator, make_project, make_token, make_user
from tests.protocol.mlflow.tenant import Tenant, basic

pytestmark = pytest.mark.django_db(transaction=True)
PLACE = {"timestamp": 5, "step": 1}


class Caller:
    """Somebody with a token and a run, as gunicorn hands their requests over."""

    def __init__(self, project: Project, user: User, *scopes: str) -> None:
        self.project, self.user, self.passed = project, user, 0
        self.secret = make_token(user, *scopes)
        self.owner, self.slug = project.owner.slug, project.slug
        owner = User.objects.get(owner=project.owner)
        tenant = Tenant(project, basic(owner.username, make_token(owner)))
        self.run = str(tenant.api("POST", "runs/create", {"experiment_id": "0"})["run"]["info"]["run_id"])
        django = get_wsgi_application()

        def counted(environ: Any, start_response: Any) -> Any:
            self.passed += 1
            return django(environ, start_response)

        self.lane = Lane(counted)

    def send(
        self, route: str = "log-metric", body: Any = None, *, header: str = "", **environ: str
    ) -> tuple[str, dict[str, str], bytes]:
        """Status, headers and body of an answer."""
        data = body if isinstance(body, bytes) else json.dumps({"run_id": self.run, **(body or {})}).encode()
        pair = base64.b64encode(f"{self.user.username}:{self.secret}".encode()).decode()
        given = {
            "REQUEST_METHOD": "POST", "SCRIPT_NAME": "", "QUERY_STRING": "", "SERVER_NAME": "localhost", "SERVER_PORT": "80",
            "PATH_INFO": f"/{self.owner}/{self.slug}.mlflow/api/2.0/mlflow/runs/{route}", "SERVER_PROTOCOL": "HTTP/1.1",
            "HTTP_HOST": "localhost", "HTTP_AUTHORIZATION": header or f"Basic {pair}", "CONTENT_TYPE": "application/json",
            "CONTENT_LENGTH": str(len(data)), "REMOTE_ADDR": "127.0.0.1", "wsgi.input": io.BytesIO(data),
            "wsgi.url_scheme": "http", "wsgi.errors": io.StringIO(), **environ,
        }  # fmt: skip
        seen: list[Any] = []
        answer = self.lane(given, lambda status, headers, *_: seen.extend((status, headers)))
        content = b"".join(answer)
        getattr(answer, "close", lambda: None)()
        return seen[0], dict(seen[1]), content

    def metric(self, value: float, key: str = "loss") -> str:
        """The status of logging one point."""
        return self.send(body={"key": key, "value": value, **PLACE})[0]

    def stored(self, key: str = "loss") -> list[float]:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT value FROM mlflow.metrics WHERE run_uuid = %s AND key = %s ORDER BY value",
                [self.run, key],
            )
            return [row[0] for row in cursor.fetchall()]


@pytest.fixture
def caller(mlflow_in_process: None, objects: Path) -> Caller:
    project = make_project(visibility="private")
    return Caller(project, make_collaborator(project, "writer"))


def test_the_second_request_goes_the_short_way_and_reads_alike(caller: Caller) -> None:
    first = caller.send(body={"key": "loss", "value": 1.5, **PLACE}, HTTP_X_REQUEST_ID="request-1")
    second = caller.send(body={"key": "loss", "value": 2.5, **PLACE}, HTTP_X_REQUEST_ID="request-2")
    assert caller.passed == 1 and first[0] == second[0] == "200 OK" and first[2] == second[2] == b"{}"
    assert second[1]["X-Request-ID"] == "request-2"
    assert {**second[1], "X-Request-ID": "request-1"} == first[1]
    assert caller.stored() == [1.5, 2.5]


def test_each_kind_of_logging(caller: Caller) -> None:
    bodies = {
        "log-metric": {"key": "a", "value": 1, **PLACE},
        "log-parameter": {"key": "lr", "value": "0.1"},
        "set-tag": {"key": "t", "value": "x"},
        "log-batch": {"metrics": [{"key": "b", "value": 2, **PLACE}], "params": [{"key": "p", "value": "1"}]},
    }
    for route, body in bodies.items():
        assert caller.send(route, body)[0] == "200 OK"
    assert caller.passed == 1 and caller.stored("a") == [1.0] and caller.stored("b") == [2.0]
    # A parameter never changes: MLflow words the refusal.
    status, _, content = caller.send("log-parameter", {"key": "lr", "value": "0.2"})
    assert status.startswith("400") and b"already" in content and caller.passed == 2


def _narrow(caller: Caller) -> None:
    AccessToken.objects.filter(user=caller.user).update(scopes=["read"])


CHANGES: dict[str, tuple[Callable[[Caller], object], int]] = {
    "revoked": (lambda c: AccessToken.objects.filter(user=c.user).update(revoked_at=clock.now()), 401),
    "expired": (
        lambda c: AccessToken.objects.filter(user=c.user).update(expires_at=clock.now() - timedelta(seconds=1)),
        401,
    ),
    "narrowed": (_narrow, 403),
    "for another project": (
        lambda c: AccessToken.objects.filter(user=c.user).update(project_id=make_project().pk), 404,
    ),
    "person inactive": (lambda c: User.objects.filter(pk=c.user.pk).update(is_active=False), 401),
    "reader by now": (
        lambda c: projects.set_collaborator(project_id=c.project.pk, username=c.user.username, role="reader"), 403,
    ),
    "no collaborator": (
        lambda c: projects.remove_collaborator(project_id=c.project.pk, user_id=c.user.pk), 404,
    ),
    "archived": (lambda c: projects.archive_project(project_id=c.project.pk, archived=True), 403),
    "deleted": (lambda c: Project.objects.filter(pk=c.project.pk).update(deleted_at=clock.now()), 404),
}  # fmt: skip


@pytest.mark.parametrize("change", CHANGES)
def test_what_the_gate_refuses_by_now_writes_nothing(caller: Caller, change: str) -> None:
    assert caller.metric(1.0) == caller.metric(2.0) == "200 OK"
    assert caller.passed == 1
    make, status = CHANGES[change]
    make(caller)
    assert caller.metric(3.0).startswith(str(status))
    assert caller.stored() == [1.0, 2.0]


def test_a_right_that_comes_back_counts_again(caller: Caller) -> None:
    caller.metric(1.0)
    projects.archive_project(project_id=caller.project.pk, archived=True)
    assert caller.metric(2.0).startswith("403")
    projects.archive_project(project_id=caller.project.pk, archived=False)
    assert caller.metric(3.0) == "200 OK" and caller.stored() == [1.0, 3.0]


def test_another_project_is_not_reached(caller: Caller) -> None:
    caller.metric(1.0)
    other = Caller(make_project(), make_user())
    assert caller.send(body={"run_id": other.run, "key": "loss", "value": 9, **PLACE})[0].startswith("404")
    caller.slug, caller.owner = other.slug, other.owner
    assert caller.metric(9.0).startswith("404") and other.stored() == []


@pytest.mark.parametrize(
    ("environ", "status"),
    [
        ({"HTTP_HOST": "evil.example"}, "400"),
        ({"HTTP_ORIGIN": "https://evil.example"}, "403"),
        ({"HTTP_SEC_FETCH_SITE": "cross-site"}, "403"),
        ({"QUERY_STRING": "a=1"}, "200"),
        ({"CONTENT_TYPE": "text/plain"}, "400"),
    ],
)
def test_the_unusual_goes_the_long_way(caller: Caller, environ: dict[str, str], status: str) -> None:
    caller.metric(1.0)
    answer = caller.send(body={"key": "other", "value": 2, **PLACE}, **environ)
    assert answer[0].startswith(status) and caller.passed == 2


def test_half_a_body_is_refused(caller: Caller) -> None:
    caller.metric(1.0)
    status, _, content = caller.send(body={"key": "other", "value": 2, **PLACE}, CONTENT_LENGTH="4000")
    assert status.startswith("400") and b"ended after" in content and caller.stored("other") == []


def test_a_minute_later_the_gate_is_asked_and_the_use_noted(
    caller: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    caller.metric(1.0)
    caller.metric(2.0)
    monkeypatch.setattr("ropewalk.conf.lane.time.monotonic", lambda: 1e12)
    caller.metric(3.0)
    assert caller.passed == 2 and caller.stored() == [1.0, 2.0, 3.0]


def test_passwords_and_former_names_are_asked_each_time(caller: Caller) -> None:
    caller.user.set_password("correct horse battery")
    caller.user.save()
    pair = base64.b64encode(f"{caller.user.username}:correct horse battery".encode()).decode()
    for value in (1, 2):
        assert (
            caller.send(body={"key": "loss", "value": value, **PLACE}, header=f"Basic {pair}")[0] == "200 OK"
        )
    assert caller.passed == 2
    for number, header in enumerate((f"Bearer {caller.secret}", f"token {caller.secret}")):
        for value in (3, 4):
            assert caller.send(body={"key": "loss", "value": value, **PLACE}, header=header)[0] == "200 OK"
        assert caller.passed == 3 + number
    former = f"Basic {base64.b64encode(f'{caller.user.username}:{caller.secret}'.encode()).decode()}"
    rename_owner(owner_id=caller.user.owner_id, name="somebody-else")
    for value in (5, 6):
        assert caller.send(body={"key": "loss", "value": value, **PLACE}, header=former)[0] == "200 OK"
    assert caller.passed == 6


def test_a_database_that_is_away_is_said_by_django(caller: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    from django.db import OperationalError

    caller.metric(1.0)
    tries = iter([OperationalError("the connection is closed")])

    def failing(*args: Any, **named: Any) -> bool:
        raise next(tries)

    monkeypatch.setattr("ropewalk.edges.mlflow_http.fast.log", failing)
    assert caller.metric(2.0) == "200 OK" and caller.passed == 2
