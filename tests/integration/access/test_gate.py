"""The gate: roles from visibility, ownership, organization and collaboration; token limits; archived and deleted projects."""

from itertools import pairwise

import pytest

from ropewalk.access.roles import DEEDS, PERMISSIONS, Permission, Role, least_role
from ropewalk.access.selectors import may_create_in, may_manage_owner, resolve_project, role_in
from ropewalk.access.types import Actor
from ropewalk.accounts import services as accounts
from ropewalk.accounts.selectors import owner_by_slug
from ropewalk.core.errors import Denied, NotFound, Unauthenticated
from ropewalk.projects import selectors, services
from tests.factories.builders import make_collaborator, make_organization, make_project, make_user

pytestmark = pytest.mark.django_db
P = Permission


def person(user, *scopes: str, project_id: int | None = None) -> Actor:
    wanted = frozenset(scopes or ("read", "write", "admin"))
    return Actor(user.pk, user.username, user.is_staff, 1, wanted, project_id, "bearer")


def role(project, user) -> Role:
    return role_in(selectors.project_by_id(project.pk), user.pk if user else None)


@pytest.mark.parametrize(
    ("visibility", "anonymous", "stranger"),
    [
        ("public", Role.VIEWER, Role.READER),
        ("internal", Role.NONE, Role.READER),
        ("private", Role.NONE, Role.NONE),
    ],
)
def test_what_visibility_gives(visibility, anonymous, stranger):
    project = make_project(visibility=visibility)
    assert role(project, None) is anonymous
    assert role(project, make_user()) is stranger


@pytest.mark.parametrize(
    ("given", "expected"), [("reader", Role.READER), ("writer", Role.WRITER), ("maintainer", Role.MAINTAINER)]
)
def test_a_collaborator_has_the_role_that_was_given(given, expected):
    project = make_project(visibility="private")
    assert role(project, make_collaborator(project, given)) is expected


def test_the_strongest_role_wins():
    anna = make_user()
    organization = make_organization(owner=anna)
    member, owner_too = make_user("member"), make_user("second")
    accounts.set_member(owner_id=organization.owner_id, username="member", role="member")
    accounts.set_member(owner_id=organization.owner_id, username="second", role="owner")
    project = make_project(owner=organization, visibility="private")
    assert [role(project, user) for user in (anna, owner_too, member)] == [
        Role.OWNER,
        Role.OWNER,
        Role.READER,
    ]
    services.set_collaborator(project_id=project.pk, username="member", role="maintainer")
    services.set_collaborator(project_id=project.pk, username="second", role="reader")
    assert [role(project, user) for user in (owner_too, member)] == [Role.OWNER, Role.MAINTAINER]
    accounts.remove_member(owner_id=organization.owner_id, user_id=owner_too.pk)
    assert role(project, owner_too) is Role.READER


def test_staff_get_nothing_by_being_staff():
    project = make_project(visibility="private")
    assert role(project, make_user(is_admin=True)) is Role.NONE


def test_what_may_not_be_seen_is_not_found_and_reads_as_if_it_did_not_exist():
    project = make_project("secret", visibility="private")
    owner = project.owner.slug
    with pytest.raises(NotFound) as hidden:
        resolve_project(person(make_user()), owner, "secret", P.CODE_READ)
    with pytest.raises(NotFound) as absent:
        resolve_project(person(make_user()), owner, "absent", P.CODE_READ)
    assert hidden.value.message.replace("secret", "x") == absent.value.message.replace("absent", "x")
    assert (hidden.value.hint, hidden.value.code) == (absent.value.hint, absent.value.code)


def test_what_is_seen_but_not_allowed_is_denied_or_asks_to_sign_in():
    project = make_project("open", visibility="public")
    with pytest.raises(Denied):
        resolve_project(person(make_user()), project.owner.slug, "open", P.CODE_WRITE)
    with pytest.raises(Unauthenticated):
        resolve_project(Actor(), project.owner.slug, "open", P.CODE_WRITE)


@pytest.mark.parametrize("name", ["Wine\0", "wine\n", "wine ", "", "win%", "w_ne", "wİne", "K" * 5000])
def test_odd_names_are_not_found(name):
    anna = make_user("acme")
    make_project("wine", owner=anna, visibility="public")
    for owner, slug in (("acme", name), (name, "wine")):
        with pytest.raises(NotFound):
            resolve_project(person(anna), owner, slug, P.CODE_READ)


def test_names_are_found_without_regard_to_case():
    anna = make_user("Acme")
    make_project("Wine", owner=anna)
    access = resolve_project(person(anna), "aCME", "wINE", P.CODE_READ)
    assert access.project.full_name == "Acme/Wine"


def test_a_token_lets_through_only_what_its_scope_names():
    anna = make_user()
    project = make_project("mine", owner=anna)

    def may(*scopes: str) -> set[Permission]:
        access = resolve_project(person(anna, *scopes), project.owner.slug, "mine", P.PROJECT_VIEW)
        return set(access.permissions)

    assert may("read") == PERMISSIONS[Role.VIEWER]
    assert may("write") == PERMISSIONS[Role.WRITER]
    assert may("admin") == PERMISSIONS[Role.OWNER]
    with pytest.raises(Denied) as denied:
        resolve_project(person(anna, "read"), project.owner.slug, "mine", P.CODE_WRITE)
    assert denied.value.code == "token_scope"
    with pytest.raises(NotFound):
        resolve_project(person(anna, "unheard-of"), project.owner.slug, "mine", P.PROJECT_VIEW)


def test_a_token_never_grants_more_than_its_user_has():
    project = make_project("theirs", visibility="private")
    reader = make_collaborator(project, "reader")
    with pytest.raises(Denied) as denied:
        resolve_project(person(reader, "admin"), project.owner.slug, "theirs", P.CODE_WRITE)
    assert denied.value.code == "role"


def test_a_token_for_one_project_sees_no_other_not_even_a_public_one():
    anna = make_user()
    mine, other, public = (
        make_project("a", owner=anna),
        make_project("b", owner=anna),
        make_project("c", visibility="public"),
    )
    actor = person(anna, project_id=mine.pk)
    assert resolve_project(actor, anna.username, "a", P.CODE_WRITE).project.id == mine.pk
    for project in (other, public):
        with pytest.raises(NotFound):
            resolve_project(actor, project.owner.slug, project.slug, P.PROJECT_VIEW)
    assert actor.viewer_id is None
    owner = owner_by_slug(anna.username)
    assert not may_create_in(actor, owner)
    assert not may_manage_owner(actor, owner)


def test_an_archived_project_can_be_read_and_unarchived_but_not_changed():
    anna = make_user()
    project = make_project("old", owner=anna)
    services.archive_project(project_id=project.pk, archived=True)
    access = resolve_project(person(anna), anna.username, "old", P.CODE_READ)
    assert access.may(P.SETTINGS_WRITE)
    assert access.may(P.PROJECT_DELETE)
    for need in (P.CODE_WRITE, P.DATA_WRITE, P.RUNS_WRITE, P.MODELS_WRITE, P.ANALYSES_START, P.CODE_FORCE):
        assert not access.may(need)
        with pytest.raises(Denied) as denied:
            resolve_project(person(anna), anna.username, "old", need)
        assert denied.value.code == "archived"
    services.archive_project(project_id=project.pk, archived=False)
    assert resolve_project(person(anna), anna.username, "old", P.CODE_WRITE).may(P.CODE_WRITE)


def test_a_deleted_project_is_gone_and_its_name_is_free():
    anna = make_user()
    first = make_project("p", owner=anna)
    services.delete_project(project_id=first.pk)
    with pytest.raises(NotFound):
        resolve_project(person(anna), anna.username, "p", P.PROJECT_VIEW)
    second = make_project("P", owner=anna)
    assert resolve_project(person(anna), anna.username, "p", P.PROJECT_VIEW).project.id == second.pk


def test_who_may_create_and_manage_in_an_organization():
    anna, member, stranger = make_user(), make_user("member"), make_user()
    organization = make_organization("acme", owner=anna)
    accounts.set_member(owner_id=organization.owner_id, username="member", role="member")
    owner = owner_by_slug("acme")
    assert [may_create_in(person(user), owner) for user in (anna, member, stranger)] == [True, True, False]
    assert [may_manage_owner(person(user), owner) for user in (anna, member, stranger)] == [
        True,
        False,
        False,
    ]
    assert not may_create_in(person(anna, "read"), owner)
    assert not may_manage_owner(person(anna, "write"), owner)
    assert not may_create_in(Actor(), owner)


def test_each_role_adds_to_the_weaker_ones():
    sizes = [PERMISSIONS[each] for each in sorted(Role)]
    assert all(weak < strong for weak, strong in pairwise(sizes))
    assert PERMISSIONS[Role.OWNER] == frozenset(Permission)


def test_every_permission_has_words_and_a_role_that_has_it():
    for permission in Permission:
        assert DEEDS[permission] and "." not in DEEDS[permission]
        assert permission in PERMISSIONS[least_role(permission)]
