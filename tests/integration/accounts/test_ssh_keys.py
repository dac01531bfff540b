"""A person's SSH keys: the page, the API, who else gets nowhere, and what is written down."""

import json

import pytest
from django.test import Client

from ropewalk.accounts import credentials, selectors, services
from ropewalk.accounts.models import SshKey, User
from ropewalk.core.errors import Conflict
from ropewalk.core.selectors import audit_events
from tests.factories.builders import make_project, make_public_key, make_ssh_key, make_token, make_user

pytestmark = pytest.mark.django_db
PAGE = "/settings/ssh-keys"


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def test_a_key_is_added_and_deleted_on_the_page(settings):
    settings.ROPEWALK_SSH_URL = "ssh://git@example.org:8022"
    anna, text = make_user("anna"), make_public_key()
    client = signed_in(anna)
    assert "You have no SSH keys" in client.get(PAGE).content.decode()
    answer = client.post(PAGE, {"key": text, "title": "", "strength": "write", "project": ""}, follow=True)
    page = answer.content.decode()
    [key] = selectors.ssh_keys(anna.pk)
    assert key.title == "test" and key.fingerprint in page and "clone, push" in page
    asked = client.get(f"{PAGE}/{key.id}/delete").content.decode()
    assert "Delete the key “test”?" in asked and selectors.ssh_keys(anna.pk)
    client.post(f"{PAGE}/{key.id}/delete")
    assert selectors.ssh_keys(anna.pk) == []
    assert [event.action for event in audit_events(owner_id=anna.owner_id)][:2] == [
        "ssh_key.deleted",
        "ssh_key.added",
    ]
    make_ssh_key(anna, text)  # it may come back


def test_a_refused_key_stands_in_the_form_with_its_reason():
    client = signed_in(make_user())
    answer = client.post(PAGE, {"key": "-----BEGIN OPENSSH PRIVATE KEY-----", "strength": "read"})
    page = answer.content.decode()
    assert answer.status_code == 200 and "This is a private key. Never give it to anybody" in page
    assert not SshKey.objects.exists()


def test_a_key_belongs_to_one_person_and_nobody_learns_to_whom():
    anna, berta, text = make_user("anna"), make_user("berta"), make_public_key()
    make_ssh_key(anna, text)
    with pytest.raises(Conflict, match="in use already, by you or by somebody else") as refused:
        make_ssh_key(berta, text)
    assert "anna" not in refused.value.message + refused.value.hint
    key = selectors.ssh_keys(anna.pk)[0]
    for client in (signed_in(berta),):
        assert client.get(f"{PAGE}/{key.id}/delete").status_code == 404
        assert client.post(f"{PAGE}/{key.id}/delete").status_code == 404
        assert client.delete(f"/api/v1/user/keys/{key.id}").status_code in {403, 404}
    assert selectors.ssh_keys(anna.pk) == [key]


def test_there_is_a_limit(monkeypatch):
    monkeypatch.setattr(services, "MAX_SSH_KEYS", 2)
    anna = make_user()
    for _ in range(2):
        make_ssh_key(anna)
    with pytest.raises(Conflict, match="You have 2 SSH keys, which is the limit"):
        make_ssh_key(anna)


def test_whom_a_key_speaks_for():
    anna = make_user("anna")
    project = make_project(owner=anna)
    whole, narrow = make_ssh_key(anna), make_ssh_key(anna, read_only=True, project=project)
    assert credentials.check_ssh_key(whole.fingerprint).scopes == {"read", "write", "admin"}
    found = credentials.check_ssh_key(narrow.fingerprint)
    assert (found.username, found.scopes, found.project_id) == ("anna", {"read"}, project.pk)
    credentials.note_ssh_login(whole.fingerprint)
    first = selectors.ssh_key(anna.pk, whole.id).last_used_at
    credentials.note_ssh_login(whole.fingerprint)  # within a minute nothing is written
    assert first and selectors.ssh_key(anna.pk, whole.id).last_used_at == first
    User.objects.filter(pk=anna.pk).update(is_active=False)
    assert credentials.check_ssh_key(whole.fingerprint) is None
    assert credentials.check_ssh_key("SHA256:nobody") is None


def test_the_api_lists_adds_and_deletes():
    anna, text = make_user("anna"), make_public_key()
    headers = {"Authorization": f"Bearer {make_token(anna)}"}
    client = Client(headers=headers)

    def post(**body):
        return client.post("/api/v1/user/keys", json.dumps(body), content_type="application/json")

    answer = post(key=text, title="laptop", read_only=True)
    assert answer.status_code == 201
    key = answer.json()
    assert (key["title"], key["read_only"], key["key"]) == ("laptop", True, text.rsplit(" ", 1)[0])
    assert client.get("/api/v1/user/keys").json() == [key]
    assert client.get(f"/api/v1/user/keys/{key['id']}").json() == key
    assert post(key=text).json()["code"] == "key_taken"
    refused = post(key="ssh-dss AAAA")
    assert refused.status_code == 422 and refused.json()["code"] == "weak_key"
    assert post(title="none").status_code == 422
    assert client.delete(f"/api/v1/user/keys/{key['id']}").status_code == 204
    assert client.delete(f"/api/v1/user/keys/{key['id']}").status_code == 404


def test_the_page_costs_the_same_for_many_keys(django_assert_num_queries):
    anna = make_user()
    client = signed_in(anna)
    make_ssh_key(anna, project=make_project(owner=anna))
    with django_assert_num_queries(6) as first:
        client.get(PAGE)
    for _ in range(4):
        make_ssh_key(anna, project=make_project(owner=anna))
    with django_assert_num_queries(len(first)):
        client.get(PAGE)
