"""Error pages say what happened and carry the id under which it was logged."""

import pytest
from django.test import Client

from ropewalk.edges.web.home import views as home
from tests.factories.builders import make_collaborator, make_project, make_user

pytestmark = pytest.mark.django_db


def test_a_missing_page_shows_its_request_id() -> None:
    answer = Client().get("/nobody/nothing", headers={"X-Request-ID": "trace-1234.abc"})
    assert answer.status_code == 404
    assert '<rw-copy text="trace-1234.abc"><code>trace-1234.abc</code>' in answer.content.decode()


def test_an_id_that_is_markup_is_replaced() -> None:
    answer = Client().get("/nobody/nothing", headers={"X-Request-ID": "<b>12345678</b>"})
    page = answer.content.decode()
    assert "<b>12345678" not in page
    assert answer["X-Request-ID"] in page


def test_a_refusal_shows_its_request_id() -> None:
    project = make_project("wine", owner=make_user("anna"))
    client = Client()
    client.force_login(make_collaborator(project, "reader"))
    answer = client.get("/anna/wine/settings")
    assert answer.status_code == 403
    assert answer["X-Request-ID"] in answer.content.decode()


def test_a_defect_shows_its_request_id_and_no_detail(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("a secret detail")

    monkeypatch.setattr(home, "list_projects", broken)
    answer = Client(raise_request_exception=False).get("/explore")
    page = answer.content.decode()
    assert answer.status_code == 500
    assert answer["X-Request-ID"] in page
    assert "request id below" in page
    assert "a secret detail" not in page
