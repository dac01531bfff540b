"""What the gate says of many projects at once is what it says of each, at a fixed cost."""

from itertools import product
from typing import Any

import pytest

from ropewalk.access.roles import Permission
from ropewalk.access.selectors import accesses, resolve_project
from ropewalk.access.types import Actor
from ropewalk.accounts import services as accounts
from ropewalk.core.errors import NotFound
from ropewalk.projects import services as projects
from ropewalk.projects.models import Project
from ropewalk.projects.selectors import projects_by_id
from tests.factories.builders import make_collaborator, make_organization, make_project, make_user

pytestmark = pytest.mark.django_db


def test_each_answer_is_the_gates(django_assert_max_num_queries: Any) -> None:
    user = make_user()
    team, others = make_organization(), make_organization(owner=user)
    accounts.set_member(owner_id=team.owner_id, username=user.username, role="member")
    owners = (user, make_user(), team, others, make_organization())
    made = [
        make_project(owner=owner, visibility=visibility)
        for owner, visibility in product(owners, ("public", "internal", "private"))
    ]
    for number, role in enumerate(("reader", "writer", "maintainer")):
        for project in made[number::4]:
            make_collaborator(project, role, user)
    projects.archive_project(project_id=made[0].pk, archived=True)
    Project.objects.filter(pk=made[1].pk).update(mirror_of="https://example.org/a.git")
    views = projects_by_id([project.pk for project in made])
    narrow = Actor(user.pk, user.username, scopes=frozenset({"read"}), via="bearer", project_id=made[2].pk)
    reading = Actor(user.pk, user.username, scopes=frozenset({"read"}), via="bearer")
    for actor in (Actor.in_session(user.pk, user.username, False), Actor(), reading, narrow):
        alone = {}
        for view in views.values():
            try:
                alone[view.id] = resolve_project(actor, view.owner, view.slug, Permission.PROJECT_VIEW)
            except NotFound:
                continue
        with django_assert_max_num_queries(4):
            found = {access.project.id: access for access in accesses(actor, views.values())}
        assert found == alone
        assert found
