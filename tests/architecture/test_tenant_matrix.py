"""Every project route × every kind of person × every method: what may not be seen is 404, never 403, and looks like nothing.

The expectation follows from the permission that the route declares and the one table of roles. Requests run in a transaction that
is rolled back, so that an owner's DELETE deletes nothing.
"""

import base64
import logging
import re
from dataclasses import dataclass

import pytest
from django.db import transaction
from django.http import HttpResponseBase
from django.test import Client

from ropewalk.access.roles import PERMISSIONS, Permission, Role
from ropewalk.accounts.models import User
from ropewalk.projects.models import Project
from tests.architecture import sampling
from tests.architecture.sampling import OWNED, Route, project_routes
from tests.factories.builders import make_collaborator, make_project, make_token, make_user

pytestmark = pytest.mark.django_db
ROUTES = project_routes()


@pytest.fixture(autouse=True)
def _quiet():
    """Thousands of refusals are expected here; logging each would take longer than deciding it."""
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


METHODS = ("GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH")
MARK = "marker-7f3a19"
LOGIN = "/accounts/login/"


@dataclass(frozen=True)
class Person:
    """Who asks, with their role in the project under test by visibility."""

    name: str
    credentials: str
    role: Role

    def role_in(self, visibility: str) -> Role:
        if self.name == "token for another project":
            return Role.NONE
        if self.name == "anonymous":
            return Role.VIEWER if visibility == "public" else Role.NONE
        return max(self.role, Role.READER if visibility in {"public", "internal"} else Role.NONE)


class World:
    """A project with one of everything that routes name, its people, and a stranger's project beside it."""

    def __init__(self, visibility: str) -> None:
        self.visibility = visibility
        self.owner = make_user("alpha-owner")
        self.project = self.furnished("concealed", self.owner, visibility)
        self.other_owner = make_user("omega-owner")
        self.other = self.furnished("omega", self.other_owner, "private")
        narrow = make_token(self.owner, project=make_project("narrow", owner=self.owner))
        self.people = [
            Person("anonymous", "", Role.NONE),
            self.person("stranger", make_user("stranger"), Role.NONE),
            self.person("owner of another project", self.other_owner, Role.NONE),
            Person("token for another project", f"Bearer {narrow}", Role.NONE),
            self.person("reader", make_collaborator(self.project, "reader"), Role.READER),
            self.person("writer", make_collaborator(self.project, "writer"), Role.WRITER),
            self.person("maintainer", make_collaborator(self.project, "maintainer"), Role.MAINTAINER),
            self.person("owner", self.owner, Role.OWNER),
        ]
        self.ids = {name: make(self.project) for name, make in OWNED.items()}
        self.foreign_ids = {name: make(self.other) for name, make in OWNED.items()}

    @staticmethod
    def furnished(slug: str, owner: User, visibility: str) -> Project:
        project = make_project(slug, owner=owner, visibility=visibility)
        Project.objects.filter(pk=project.pk).update(description=MARK)
        project.refresh_from_db()
        return project

    @staticmethod
    def person(name: str, user: User, role: Role) -> Person:
        pair = f"{user.username}:{make_token(user)}"
        return Person(name, "Basic " + base64.b64encode(pair.encode()).decode(), role)


_CLIENT = Client(raise_request_exception=False)  # one for all: each new one would load the middleware again


def ask(method: str, address: str, credentials: str = "") -> HttpResponseBase:
    """One request without a past, undone afterwards."""
    _CLIENT.cookies.clear()
    headers = {"Authorization": credentials} if credentials else {}
    with transaction.atomic():
        answer = _CLIENT.generic(method, address, headers=headers)
        transaction.set_rollback(True)
    return answer


def text_of(answer: HttpResponseBase) -> str:
    content = b"".join(answer) if getattr(answer, "streaming", False) else answer.content
    return content.decode("utf-8", "replace")


def asks_to_sign_in(answer: HttpResponseBase) -> bool:
    return answer.status_code == 401 or (
        answer.status_code == 302 and answer.headers["Location"].startswith(LOGIN)
    )


def verdict(answer: HttpResponseBase, method: str, person: Person, route: Route, visibility: str) -> str:
    """Empty, or what is wrong with an answer."""
    needed = route.needed_for(method)
    status, allowed = answer.status_code, PERMISSIONS[person.role_in(visibility)]
    if not allowed:
        expected = route.unsigned if route.challenges and person.name == "anonymous" else 404
        if status != expected:
            return f"{status} where {expected} is right"
        return "the project shows through" if MARK in text_of(answer) else ""
    if needed not in allowed:
        if person.name == "anonymous":
            fits = status == route.unsigned or asks_to_sign_in(answer)
            return "" if fits else f"{status} where {route.unsigned} is right"
        return "" if status == 403 else f"{status} where 403 is right"
    if status >= 500:
        return f"{status}: {(getattr(answer, 'exc_info', None) or ('', text_of(answer)[:200]))[1]!r}"
    return f"{status} for somebody who may" if asks_to_sign_in(answer) else ""


def test_every_route_can_be_sampled():
    undecided = {
        route.text: sorted(route.parameters - set(sampling.TEXT) - set(route.owned()))
        for route in ROUTES
        if route.parameters - set(sampling.TEXT) - set(route.owned())
    }
    assert undecided == {}, "decide in tests/architecture/sampling.py: free text, or a project's row?"
    assert len({route.text for route in ROUTES}) >= 30


@pytest.mark.parametrize(
    ("visibility", "methods"),
    [("private", METHODS), ("internal", ("GET",)), ("public", ("GET",))],
)
def test_matrix(visibility, methods, capsys):
    world = World(visibility)
    faults, tried, requests, through = [], 0, 0, 0
    for route in ROUTES:
        address = route.address(world.project.owner.slug, world.project.slug, world.ids)
        for person in world.people:
            # The gate does not ask for the method; who it lets in gets fewer of them, since their answers are whole pages.
            for method in methods if not PERMISSIONS[person.role_in(visibility)] else methods[::2]:
                answer = ask(method, address, person.credentials)
                fault = verdict(answer, method, person, route, visibility)
                if fault:
                    faults.append(f"{method} {address} as {person.name}: {fault}")
                through += answer.status_code < 400
                requests += 1
            tried += 1
    with capsys.disabled():
        print(f"\n{visibility}: {tried} (route, actor) pairs, {requests} requests, {through} let through")
    assert faults == [], "\n".join(faults)
    assert through > len(ROUTES)


def test_what_is_hidden_reads_like_what_does_not_exist():
    world = World("private")
    differences = []
    for route in ROUTES:
        for person in world.people[:3]:
            answers = []
            for slug in (world.project.slug, "absent"):
                address = route.address(world.project.owner.slug, slug, world.ids)
                answer = ask("GET", address, person.credentials)
                # A page's form has a new CSRF token each time.
                seen = re.sub(r'csrfmiddlewaretoken" value="\w+"', "", text_of(answer))
                # So has an error's page its request id.
                seen = seen.replace(answer.headers.get("X-Request-ID", "\0"), "")
                answers.append((answer.status_code, re.sub(rf"\b{slug}(?!-owner)", "NAME", seen)))
            if answers[0] != answers[1]:
                differences.append(f"{route.text} as {person.name}: {answers}")
    assert differences == [], "\n".join(differences)


def test_ids_of_another_project_do_not_exist_here(capsys):
    world = World("private")
    owner, name = world.people[-1], world.project.owner.slug
    faults, tried, answered = [], 0, set()
    for route in ROUTES:
        keys = set(route.owned().values())
        for key in keys:
            address = route.address(name, "concealed", {**world.ids, key: world.foreign_ids[key]})
            for method in ("GET", "HEAD", "POST", "PUT", "DELETE"):
                status = ask(method, address, owner.credentials).status_code
                tried += 1
                if status not in {404, 405}:
                    faults.append(f"{method} {address}: {status}")
        if (
            keys
            and ask("GET", route.address(name, "concealed", world.ids), owner.credentials).status_code == 200
        ):
            answered |= keys
    with capsys.disabled():
        print(f"\n{tried} requests with another project's ids")
    assert faults == [], "\n".join(faults)
    used = {key for route in ROUTES for key in route.owned().values()}
    assert used == answered, "the project's own ids must work, or the refusals above prove nothing"


def test_the_gate_is_asked_for_each_permission_somewhere():
    """Writing and reading are told apart by routes, not by luck."""
    assert {route.needs for route in ROUTES} >= {
        Permission.PROJECT_VIEW,
        Permission.CODE_READ,
        Permission.RUNS_READ,
    }
