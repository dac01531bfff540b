"""Error pages say what happened and carry the id under which it was logged."""

import pytest
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied
from django.test import Client, RequestFactory
from django.views.defaults import permission_denied

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


def test_too_many_tries_say_what_to_do_and_show_the_request_id() -> None:
    client = Client()
    for _ in range(25):
        answer = client.post("/accounts/signup/", {"username": ""})
        if answer.status_code == 429:
            break
    page = answer.content.decode()
    assert answer.status_code == 429
    assert "Wait a few minutes" in page
    assert answer["X-Request-ID"] in page


def test_a_forbidden_page_of_a_library_looks_like_ours(rf: RequestFactory) -> None:
    request = rf.get("/somewhere", headers={"X-Request-ID": "trace-1234.abc"})
    request.user = AnonymousUser()
    answer = permission_denied(request, PermissionDenied())
    assert answer.status_code == 403
    assert "This account is not allowed" in answer.content.decode()
