"""A browser that answered a Basic challenge adds the credentials to whatever another site's page posts here."""

import base64

import pytest
from django.http import HttpResponse
from django.test import RequestFactory

from ropewalk.access.routes import signed_in_view
from tests.factories.builders import make_token, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def post():
    anna = make_user("anna")
    view = signed_in_view(lambda request: HttpResponse("done"), csrf=False)
    basic = "Basic " + base64.b64encode(f"anna:{make_token(anna)}".encode()).decode()

    def send(method: str = "POST", authorization: str = basic, **headers: str) -> int:
        request = RequestFactory().generic(method, "/", headers={"Authorization": authorization, **headers})
        return view(request).status_code

    return send


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://testserver.evil.example"},
    ],
)
def test_writes_from_foreign_pages_are_refused(post, headers):
    assert post(**headers) == 403
    assert post("DELETE", **headers) == 403
    assert post("GET", **headers) == 200


@pytest.mark.parametrize(
    "headers",
    [{}, {"Sec-Fetch-Site": "same-origin", "Origin": "http://testserver"}, {"Sec-Fetch-Site": "none"}],
)
def test_clients_and_our_own_pages_may_write(post, headers):
    assert post(**headers) == 200


def test_a_bearer_token_is_nothing_that_a_browser_adds(post):
    token = make_token(make_user("berta"))
    assert post(authorization=f"Bearer {token}", Origin="https://tools.example") == 200
