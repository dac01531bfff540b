"""A renamed person or organization on the pages, in the API and for clients that go on sending the old name."""

import base64
import json

import pytest
from django.test import Client

from ropewalk.accounts import owner_names, services
from ropewalk.accounts.models import Owner, User
from tests.factories.builders import make_organization, make_project, make_token, make_user

pytestmark = pytest.mark.django_db
PASSWORD = "a long enough pass phrase"


def browser_of(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def basic(name: str, secret: str) -> Client:
    pair = base64.b64encode(f"{name}:{secret}".encode()).decode()
    return Client(headers={"Authorization": f"Basic {pair}"})


def test_i_rename_myself_with_my_password() -> None:
    anna = make_user("anna", password=PASSWORD)
    make_project("wine", owner=anna, visibility="public")
    client = browser_of(anna)
    page = client.get("/settings/rename").content.decode()
    assert "Your password" in page and "For 365 days" in page
    for wrong in ({"name": "berta"}, {"name": "berta", "password": "not it"}):
        assert client.post("/settings/rename", wrong).status_code == 200
        assert Owner.objects.filter(slug="anna").exists()
    answer = client.post("/settings/rename", {"name": "berta", "password": PASSWORD}, follow=True)
    assert answer.redirect_chain == [("/settings/rename", 302)]
    text = answer.content.decode()
    assert "You are berta now" in text and "anna</td>" in text
    for client in (browser_of(anna), Client()):
        for old, new in (("/anna", "/berta"), ("/Anna/wine/src?x=1", "/berta/wine/src?x=1")):
            answer = client.get(old)
            assert (answer.status_code, answer.headers["Location"]) == (301, new)
            assert answer.headers["Cache-Control"] == "no-cache"


def test_who_has_no_password_is_not_asked_for_one() -> None:
    anna = make_user("anna")
    client = browser_of(anna)
    assert "Your password" not in client.get("/settings/rename").content.decode()
    assert client.post("/settings/rename", {"name": "berta"}).status_code == 302
    anna.refresh_from_db()
    assert anna.username == "berta"


def test_a_taken_or_kept_name_is_told_at_its_field() -> None:
    anna, other = make_user("anna"), make_user("other")
    owner_names.rename_owner(owner_id=other.owner_id, name="another")
    for name in ("another", "Other"):
        text = browser_of(anna).post("/settings/rename", {"name": name}).content.decode()
        assert f"The name “{name}” is taken." in text


def test_signing_up_does_not_take_a_kept_name() -> None:
    anna = make_user("anna")
    owner_names.rename_owner(owner_id=anna.owner_id, name="berta")
    form = {"username": "Anna", "email": "x@example.org", "password1": PASSWORD, "password2": PASSWORD}
    answer = Client().post("/accounts/signup/", form)
    assert "This name is taken" in answer.content.decode()
    assert not User.objects.filter(email="x@example.org").exists()


def test_an_organizations_owner_renames_it() -> None:
    anna, member = make_user("anna"), make_user("member")
    team = make_organization("acme", owner=anna)
    services.set_member(owner_id=team.owner_id, username="member", role="member")
    assert browser_of(member).post("/orgs/acme/settings/rename", {"name": "x"}).status_code == 404
    client = browser_of(anna)
    assert "/orgs/acme/settings/rename" in client.get("/orgs/acme/settings").content.decode()
    answer = client.post("/orgs/acme/settings/rename", {"name": "acme-labs"}, follow=True)
    assert answer.redirect_chain == [("/orgs/acme-labs/settings/rename", 302)]
    # A form that stood open under the old name is accepted, and leads to the new one.
    answer = client.post("/orgs/acme/settings", {"display_name": "Labs", "description": "", "website": ""})
    assert answer.headers["Location"] == "/orgs/acme-labs/settings"
    assert Owner.objects.get(slug="acme-labs").display_name == "Labs"


@pytest.mark.parametrize("name", ["anna", "Anna", "berta"])
def test_clients_may_go_on_sending_the_old_name(name: str) -> None:
    anna = make_user("anna", password=PASSWORD)
    token = make_token(anna)
    owner_names.rename_owner(owner_id=anna.owner_id, name="berta")
    for secret in (token, PASSWORD):
        answer = basic(name, secret).get("/api/v1/user")
        assert (answer.status_code, answer.json()["login"]) == (200, "berta")
        assert basic(name, secret + "x").get("/api/v1/user").status_code == 401


def test_a_token_does_not_go_with_somebody_elses_former_name() -> None:
    anna, carl = make_user("anna"), make_user("carl")
    owner_names.rename_owner(owner_id=anna.owner_id, name="berta")
    assert basic("anna", make_token(carl)).get("/api/v1/user").status_code == 401


def post(user: User, path: str, body: dict[str, str]) -> tuple[int, str]:
    client = Client(headers={"Authorization": f"Bearer {make_token(user)}"})
    answer = client.post(f"/api/v1/{path}", json.dumps(body), "application/json")
    return answer.status_code, answer.json()["code"] if answer.content else ""


def test_the_api_renames_as_gitea_does() -> None:
    admin, anna, carl = make_user("root1", is_admin=True), make_user("anna"), make_user("carl")
    make_organization("acme", owner=anna)
    rename_anna = "admin/users/anna/rename"
    assert post(anna, rename_anna, {"new_username": "berta"}) == (403, "role")
    assert post(admin, rename_anna, {"new_username": "carl"}) == (422, "name_taken")
    assert post(admin, rename_anna, {"new_username": "a/b"}) == (422, "bad_name")
    assert post(admin, rename_anna, {}) == (422, "invalid")
    assert post(admin, rename_anna, {"new_username": "berta"}) == (204, "")
    assert post(admin, "admin/users/nobody/rename", {"new_username": "x"})[0] == 404
    assert post(admin, "admin/users/acme/rename", {"new_username": "x"})[0] == 404
    assert post(carl, "orgs/acme/rename", {"new_name": "mine"}) == (403, "role")
    assert post(anna, "orgs/acme/rename", {"new_name": "acme-labs"}) == (204, "")
    assert post(anna, "orgs/berta/rename", {"new_name": "x"})[0] == 404
    answer = Client(headers={"Authorization": f"Bearer {make_token(carl)}"}).get("/api/v1/users/acme")
    assert answer.json()["login"] == "acme-labs"
