"""People, organizations, tokens: names, the last owner, sign-up, the admin."""

import threading
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection
from django.urls import reverse

from ropewalk.accounts import selectors, services
from ropewalk.accounts.models import AccessToken, Owner, User
from ropewalk.core import clock
from ropewalk.core.errors import Conflict, Invalid, NotFound
from tests.factories.builders import make_organization, make_token, make_user

pytestmark = pytest.mark.django_db


def test_people_and_organizations_share_one_namespace_without_regard_to_case():
    make_user("Anna")
    with pytest.raises(Conflict):
        make_organization("aNNA")
    make_organization("Acme")
    with pytest.raises(Conflict):
        make_user("acme")
    assert Owner.objects.filter(slug__iexact="acme").count() == 1


@pytest.mark.parametrize(
    "name", ["", "a b", "-a", "a-", "api", "Settings", "a..b", "x.git", "x" * 40, "ä", "a/b", "a\n"]
)
def test_bad_names_leave_nothing(name):
    with pytest.raises(Invalid):
        services.create_user(username=name, password=None)
    assert User.objects.count() == Owner.objects.count() == 0


def test_an_inactive_person_is_not_found():
    anna = make_user("anna")
    User.objects.filter(pk=anna.pk).update(is_active=False)
    assert selectors.owner_by_slug("anna") is None
    assert selectors.user_by_name("anna") is None
    assert selectors.user_by_id(anna.pk) is None


def test_an_organization_keeps_an_owner():
    anna = make_user("anna")
    organization = make_organization(owner=anna)
    for attempt in (
        lambda: services.remove_member(owner_id=organization.owner_id, user_id=anna.pk),
        lambda: services.set_member(owner_id=organization.owner_id, username="ANNA", role="member"),
    ):
        with pytest.raises(Conflict):
            attempt()
    assert selectors.organization_role(organization.owner_id, anna.pk) == "owner"
    with pytest.raises(NotFound):
        services.set_member(owner_id=anna.owner_id, username="anna", role="owner")


@pytest.mark.django_db(transaction=True)
def test_two_owners_who_remove_each_other_at_once_leave_one():
    anna, berta = make_user("anna"), make_user("berta")
    organization = make_organization(owner=anna)
    services.set_member(owner_id=organization.owner_id, username="berta", role="owner")
    refused, start = [], threading.Barrier(2)

    def remove(user_id: int) -> None:
        start.wait(timeout=20)
        try:
            services.remove_member(owner_id=organization.owner_id, user_id=user_id)
        except Conflict:
            refused.append(user_id)
        connection.close()

    threads = [threading.Thread(target=remove, args=[user.pk]) for user in (anna, berta)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    assert len(refused) == 1
    assert len(selectors.members(organization.owner_id)) == 1


def test_a_tokens_secret_is_not_stored():
    anna = make_user("anna")
    secret = make_token(anna)
    row = AccessToken.objects.get()
    assert secret not in str(vars(row))
    assert len(secret) > 40
    assert selectors.tokens(anna.pk)[0].hint == secret[:8]


@pytest.mark.parametrize(
    "wrong", [{"scopes": []}, {"scopes": ["root"]}, {"name": "  "}, {"name": "a\0b"}, {"name": ""}]
)
def test_a_token_needs_a_name_and_known_scopes(wrong):
    anna = make_user("anna")
    with pytest.raises(Invalid):
        services.create_token(user_id=anna.pk, **{"name": "n", "scopes": ["read"], **wrong})


def test_tokens_that_work_have_a_limit_and_spent_ones_do_not_count(monkeypatch):
    monkeypatch.setattr(services, "MAX_TOKENS", 2)
    anna = make_user("anna")
    first, _ = services.create_token(user_id=anna.pk, name="first", scopes=["read"])
    second, _ = services.create_token(user_id=anna.pk, name="second", scopes=["read"])
    with pytest.raises(Conflict, match="2 access tokens") as refused:
        services.create_token(user_id=anna.pk, name="third", scopes=["read"])
    assert "Revoke" in refused.value.hint
    services.create_token(user_id=make_user("bob").pk, name="another person's", scopes=["read"])
    services.revoke_token(user_id=anna.pk, token_id=first.pk)
    services.create_token(user_id=anna.pk, name="third", scopes=["read"])
    AccessToken.objects.filter(pk=second.pk).update(expires_at=clock.now() - timedelta(seconds=1))
    services.create_token(user_id=anna.pk, name="fourth", scopes=["read"])


def test_signing_up_makes_the_namespace_in_one_piece(client, monkeypatch):
    form = {
        "username": "anna",
        "email": "a@example.org",
        "password1": "quite long 9!",
        "password2": "quite long 9!",
    }
    original = User.save

    def fail(self, *args, **kwargs):
        raise IntegrityError("no room")

    monkeypatch.setattr(User, "save", fail)
    client.raise_request_exception = False
    assert client.post(reverse("account_signup"), form).status_code == 500
    assert Owner.objects.count() == 0
    monkeypatch.setattr(User, "save", original)
    assert client.post(reverse("account_signup"), form).status_code == 302
    assert User.objects.get().owner.slug == "anna"


def test_a_name_taken_between_check_and_insert_is_told(client, monkeypatch):
    make_organization("acme", owner=make_user("first"))
    monkeypatch.setattr(
        "ropewalk.accounts.adapter.AccountAdapter.clean_username",
        lambda self, username, shallow=False: username,
    )
    form = {
        "username": "acme",
        "email": "a@example.org",
        "password1": "quite long 9!",
        "password2": "quite long 9!",
    }
    answer = client.post(reverse("account_signup"), form)
    assert (answer.status_code, answer.headers["Location"]) == (302, reverse("account_signup"))
    assert User.objects.count() == 1


@pytest.mark.parametrize("path", ["user", "owner", "organization", "accesstoken"])
def test_the_admin_creates_no_half_rows_and_changes_no_names(client, path):
    admin = make_user("root-admin", is_admin=True)
    make_organization("acme", owner=admin)
    make_token(admin)
    client.force_login(admin)
    assert client.get(f"/admin/accounts/{path}/").status_code == 200
    assert client.get(f"/admin/accounts/{path}/add/").status_code == 403
    row = {"user": User, "owner": Owner}.get(path)
    if row is not None:
        page = client.get(f"/admin/accounts/{path}/{row.objects.first().pk}/change/").content.decode()
        assert 'name="username"' not in page
        assert 'name="slug"' not in page


def test_the_commands_for_scripts(capsys):
    call_command("create_user", "anna", password="short", email="a@example.org", admin=True)
    call_command("create_token", "ANNA", name="ci", scopes="write")
    assert capsys.readouterr().out.split()[-1].startswith("rw_")
    assert AccessToken.objects.get().scopes == ["read", "write"]
    assert User.objects.get().is_superuser
    with pytest.raises(CommandError, match="taken"):
        call_command("create_user", "anna", password="x")
    with pytest.raises(CommandError, match="no user"):
        call_command("create_token", "nobody", name="ci", scopes="read")
