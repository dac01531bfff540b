"""Every URL pattern declares what it needs, and the server does not start with one that doesn't."""

import re

import pytest
from django.core.checks import run_checks
from django.http import HttpResponse
from django.urls import get_resolver, include, path, reverse

from ropewalk.access.checks import every_route_declares_its_need, walk
from ropewalk.access.roles import Permission
from ropewalk.access.routes import PUBLIC, SIGNED_IN, declared, public_route

PATTERNS = list(walk(get_resolver()))


def test_every_pattern_declares_its_need():
    assert len(PATTERNS) > 30
    assert [text for text, _, needs in PATTERNS if needs is None] == []
    assert run_checks() == []


def test_a_forgotten_declaration_is_an_error_at_start(monkeypatch):
    from ropewalk.access import checks

    forgotten = path("forgotten", lambda request: HttpResponse())
    nested = path("deep/", include(([path("er", lambda request: HttpResponse())], "deep")))
    fine = public_route("fine", lambda request: HttpResponse())
    marked = declared(
        path("marked/", include(([path("in", lambda request: HttpResponse())], "m"))), needs="elsewhere"
    )

    class Resolver:
        url_patterns = (fine, forgotten, nested, marked)

    monkeypatch.setattr(checks, "get_resolver", Resolver)
    assert [re.search("'(.*)'", error.msg)[1] for error in every_route_declares_its_need()] == [
        "forgotten",
        "deep/er",
    ]


def test_whatever_names_a_project_passes_the_gate():
    for text, _, needs in PATTERNS:
        if re.search(r"<(?:\w+:)?owner>", text) and re.search(r"<(?:\w+:)?project>", text):
            assert isinstance(needs, Permission), text


def test_foreign_url_sets_are_the_known_ones():
    """Who checks the others is written in words; each was read once by a person. A new one must be, too."""
    words = {
        needs
        for _, _, needs in PATTERNS
        if not isinstance(needs, Permission) and needs not in {PUBLIC, SIGNED_IN}
    }
    assert words == {"staff, checked by Django's admin", "public or signed in, checked by allauth"}


@pytest.mark.parametrize("name", ["admin:login", "admin:index"])
def test_the_admin_has_no_sign_in_of_its_own(client, name, db):
    answer = client.post(reverse(name), {"username": "x", "password": "y"}, follow=True)
    address, _ = answer.redirect_chain[-1]
    assert address.split("?")[0] == reverse("account_login")
