"""Whoever signed up with somebody else's e-mail address signed that person's commits in the pages."""

import pytest
from allauth.account.models import EmailAddress

from ropewalk.accounts import services
from ropewalk.accounts.selectors import usernames_by_email
from tests.factories.builders import make_user

pytestmark = pytest.mark.django_db


def test_only_a_verified_address_names_an_author():
    mallory = make_user("mallory", email="Anna@example.org")
    EmailAddress.objects.create(user=mallory, email="anna@example.org", verified=False, primary=True)
    assert usernames_by_email(["anna@example.org"]) == {}
    services.create_user(username="anna", password=None, email="Anna@Example.org", email_verified=True)
    assert usernames_by_email(["ANNA@example.org", "", "x\0y"]) == {"anna@example.org": "anna"}
