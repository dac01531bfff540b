"""Protocol edges switch Django's CSRF check off, since it reads the body; a session must not write there without a token."""

import pytest
from django.http import HttpResponse
from django.test import Client
from django.urls import include, path

from ropewalk.access.routes import public_route, signed_in_route
from tests.factories.builders import make_user

pytestmark = [pytest.mark.django_db, pytest.mark.urls(__name__)]


def echo(request):
    return HttpResponse(request.read())


urlpatterns = [
    signed_in_route("edge", echo, csrf=False),
    public_route("open", echo, csrf=False),
    signed_in_route("page", echo, csrf=True),
    path("", include("ropewalk.conf.urls")),  # the refusal is a page with links
]


@pytest.fixture
def browser():
    client = Client(enforce_csrf_checks=True)
    client.force_login(make_user("anna"))
    client.cookies["csrftoken"] = "a" * 32
    return client


@pytest.mark.parametrize("address", ["/edge", "/open", "/page"])
@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_a_session_needs_the_token_in_a_header(browser, address, method):
    assert browser.generic(method, address, b"body").status_code == 403
    assert browser.generic(method, address, b"body", headers={"X-CSRFToken": "b" * 32}).status_code == 403
    granted = browser.generic(method, address, b"body", headers={"X-CSRFToken": "a" * 32})
    assert (granted.status_code, granted.content) == (200, b"body")


def test_on_an_edge_a_form_field_does_not_count_and_the_body_stays_unread(browser):
    form = "csrfmiddlewaretoken=" + "a" * 32
    kind = "application/x-www-form-urlencoded"
    assert browser.generic("POST", "/edge", form, content_type=kind).status_code == 403
    answer = browser.generic("POST", "/edge", form, content_type=kind, headers={"X-CSRFToken": "a" * 32})
    assert answer.content.decode() == form


def test_another_origin_is_refused_with_the_token_too(browser):
    headers = {"X-CSRFToken": "a" * 32, "Origin": "https://evil.example"}
    assert browser.generic("POST", "/edge", b"x", headers=headers).status_code == 403


def test_reading_needs_none(browser):
    assert browser.get("/edge").status_code == 200
