"""``user.collaborations.for_project(id)`` gave everybody's rows in the project: related managers forgot their relation."""

import pytest

from ropewalk.core.scoping import UnscopedQuery
from ropewalk.projects.models import Collaborator, Project
from tests.factories.builders import make_collaborator, make_project, make_user

pytestmark = pytest.mark.django_db


def test_related_managers_of_project_owned_rows_answer_nothing():
    project = make_project()
    person, other = make_collaborator(project, "reader"), make_user()
    ways_around = [
        lambda: list(other.collaborations.for_project(project.pk)),
        lambda: list(project.collaborators.for_project(project.pk)),
        lambda: list(project.collaborators.unscoped("a reason")),
        lambda: list(project.collaborators.all()),
        project.collaborators.count,
        lambda: project.collaborators.create(user=other, role="reader"),
        lambda: project.collaborators.get_or_create(user=other, role="reader"),
        lambda: list(Project.objects.prefetch_related("collaborators")),
        lambda: list(Collaborator.objects.all()),
        lambda: Collaborator.objects.get(user=person),
        lambda: Collaborator.objects.filter(user=person).exists(),
        lambda: Collaborator.objects.in_bulk([1]),
        lambda: Collaborator.objects.using("default").count(),
        lambda: Collaborator.objects.raw("SELECT * FROM projects_collaborator"),
        lambda: Collaborator.objects.unscoped(""),
        lambda: Collaborator.objects.update_or_create(project=project, user=other),
    ]
    for attempt in ways_around:
        with pytest.raises(UnscopedQuery):
            attempt()
    assert [row.user for row in Collaborator.objects.for_project(project.pk)] == [person]
