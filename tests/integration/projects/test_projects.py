"""Projects: names, who sees them in lists, collaborators, what services refuse."""

import pytest
from django.db import connection

from ropewalk.accounts import services as accounts
from ropewalk.accounts.models import Owner
from ropewalk.core.errors import Conflict, Invalid, NotFound
from ropewalk.projects import selectors, services
from ropewalk.projects.models import Project
from ropewalk.projects.names import check_branch_name
from tests.factories.builders import make_collaborator, make_organization, make_project, make_user

pytestmark = pytest.mark.django_db


def titles(viewer, **options):
    return {project.slug for project in selectors.list_projects(viewer.pk if viewer else None, **options)}


def test_lists_hold_what_the_viewer_may_see_each_once():
    anna, stranger = make_user("anna"), make_user("stranger")
    organization = make_organization("acme", owner=anna)
    for name in ("m1", "m2", "m3"):
        make_user(name)
        accounts.set_member(owner_id=organization.owner_id, username=name, role="member")
    make_project("of-acme", owner=organization)
    mine = make_project("mine", owner=anna)
    shared = make_project("shared")
    make_collaborator(shared, "reader", anna)
    make_project("public", visibility="public")
    make_project("internal", visibility="internal")
    assert titles(None) == {"public"}
    assert titles(stranger) == {"public", "internal"}
    assert titles(anna) == {"of-acme", "mine", "shared", "public", "internal"}
    assert titles(anna, mine=True) == {"of-acme", "mine", "shared"}
    assert titles(None, mine=True) == set()
    assert len(selectors.list_projects(anna.pk)) == 5
    services.delete_project(project_id=mine.pk)
    assert "mine" not in titles(anna)


def test_a_list_costs_the_same_whatever_it_holds(django_assert_num_queries):
    anna = make_user("anna")
    for _ in range(5):
        make_project(owner=anna)
    with django_assert_num_queries(2):
        assert len(selectors.list_projects(anna.pk)) == 5
    with django_assert_num_queries(3):  # the owners of that name are found first, by their own index
        assert len(selectors.list_projects(anna.pk, text="project")) == 5


def test_names_are_unique_without_regard_to_case_among_the_living():
    anna = make_user("anna")
    first = make_project("Wine", owner=anna)
    with pytest.raises(Conflict):
        make_project("wINE", owner=anna)
    make_project("wine", owner=make_user("berta"))
    services.delete_project(project_id=first.pk)
    make_project("wine", owner=anna)


def test_the_gates_look_up_uses_its_indexes():
    """With rows and statistics of its own: of a table that autovacuum found empty any index will do."""
    wine = make_project("wine", owner=make_user("acme"))
    Owner.objects.bulk_create(Owner(slug=f"owner{number}", kind="user") for number in range(300))
    Project.objects.bulk_create(
        Project(owner=wine.owner, slug=f"wine{number}", created_by=wine.created_by) for number in range(300)
    )
    sql, params = Project.objects.filter(
        selectors.matching_name("owner__slug", "ACME"),
        selectors.matching_name("slug", "Wine"),
        deleted_at__isnull=True,
    ).query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE projects_project, accounts_owner")
        cursor.execute(f"EXPLAIN {sql}", params)
        plan = "\n".join(row[0] for row in cursor.fetchall())
    assert "project_slug_unique" in plan
    assert "owner_slug_unique" in plan


@pytest.mark.parametrize(
    "change",
    [
        {"visibility": "secret"},
        {"description": "x" * 501},
        {"description": "a\0b"},
        {"default_branch": "--upload-pack=touch"},
        {"default_branch": "a..b"},
        {"default_branch": ""},
    ],
)
def test_bad_changes_are_refused_whole(change):
    project = make_project("wine")
    with pytest.raises(Invalid):
        services.update_project(project_id=project.pk, **{"key_metric": "auc", **change})
    project.refresh_from_db()
    assert (project.key_metric, project.visibility, project.default_branch) == ("", "private", "main")


@pytest.mark.parametrize("name", ["main", "feature/x", "v1.0", "ä", "a-b_c", "x" * 200, "cafe1", "50%"])
def test_good_branch_names(name):
    assert check_branch_name(name) == name


@pytest.mark.parametrize(
    "name",
    [
        *(
            "",
            "-x",
            "/x",
            "x/",
            "x//y",
            "x..y",
            ".x",
            "x/.y",
            "x.",
            "x.lock",
            "x.lock/y",
            "@{",
            "a@{b",
            "@",
            "a b",
        ),
        *("a~b", "a^", "a:b", "a?b", "a*", "a[b", "a\\b", "a\tb", "a\x7f", "x" * 201),
    ],
)
def test_bad_branch_names(name):
    with pytest.raises(Invalid):
        check_branch_name(name)


def test_a_collaborators_role_is_set_changed_and_taken():
    project = make_project()
    berta = make_collaborator(project, "reader", make_user("berta"))
    services.set_collaborator(project_id=project.pk, username="BERTA", role="maintainer")
    assert [(row.username, row.role) for row in selectors.collaborators(project.pk)] == [
        ("berta", "maintainer")
    ]
    services.remove_collaborator(project_id=project.pk, user_id=berta.pk)
    services.remove_collaborator(project_id=project.pk, user_id=berta.pk)
    assert selectors.collaborator_role(project.pk, berta.pk) == ""
    with pytest.raises(NotFound):
        services.set_collaborator(project_id=project.pk, username="nobody", role="reader")
    with pytest.raises(Invalid):
        services.set_collaborator(project_id=project.pk, username="berta", role="owner")


def test_a_deleted_project_takes_no_changes():
    project = make_project()
    services.delete_project(project_id=project.pk)
    for attempt in (
        lambda: services.delete_project(project_id=project.pk),
        lambda: services.update_project(project_id=project.pk, visibility="public"),
        lambda: services.archive_project(project_id=project.pk, archived=True),
    ):
        with pytest.raises(NotFound):
            attempt()
