"""A token for reading one project could open its user's settings and make itself a token for everything."""

import pytest
from django.urls import reverse

from ropewalk.accounts.models import AccessToken
from tests.factories.builders import make_project, make_token, make_user

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("scopes", [("read",), ("write",), ("read", "write", "admin")])
def test_a_token_for_one_project_makes_no_tokens(client, scopes):
    anna = make_user("anna")
    token = make_token(anna, *scopes, project=make_project(owner=anna))
    answer = client.post(
        reverse("settings-tokens"),
        {"name": "wider", "scopes": "admin", "scope": "admin"},
        headers={"Authorization": f"Bearer {token}"},
    )
    assert answer.status_code == 403
    assert AccessToken.objects.count() == 1


def test_a_token_for_one_project_lists_no_others(client):
    anna = make_user("anna")
    make_project("hidden-gem", owner=anna)
    token = make_token(anna, project=make_project("mine", owner=anna))
    for address in ("/", "/explore", "/anna", "/api/v1/search?q=gem"):
        answer = client.get(address, headers={"Authorization": f"Bearer {token}"})
        assert b"hidden-gem" not in answer.content, address
