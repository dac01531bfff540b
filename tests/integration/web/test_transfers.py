"""Transfers on the pages and in the API."""

import json

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from ropewalk.accounts.models import User
from ropewalk.projects import selectors, services
from ropewalk.projects.models import Project
from tests.factories.builders import (
    make_collaborator,
    make_organization,
    make_project,
    make_token,
    make_user,
)

pytestmark = pytest.mark.django_db


def browser_of(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def offer(project: Project, to: User) -> int:
    return services.offer_project(
        project_id=project.pk, to_owner_id=to.owner_id, asked_by_id=project.created_by_id
    ).id


def test_an_owner_transfers_at_once_after_typing_the_name() -> None:
    anna = make_user("anna")
    make_organization("acme", owner=anna)
    project = make_project("wine", owner=anna)
    client, page = browser_of(anna), "/anna/wine/settings/transfer"
    assert page in client.get("/anna/wine/settings/danger").content.decode()
    text = client.get(page).content.decode()
    assert "You stay as a maintainer" in text
    wrong = client.post(page, {"new_owner": "acme", "confirm": "wine"}).content.decode()
    assert "This is not the project&#x27;s name." in wrong
    missing = client.post(page, {"new_owner": "nobody", "confirm": "anna/wine"}).content.decode()
    assert "There is no user or organization “nobody”." in missing
    answer = client.post(page, {"new_owner": "acme", "confirm": "Anna/Wine"}, follow=True)
    assert answer.redirect_chain == [("/acme/wine", 302)]
    assert "The project is acme/wine now." in answer.content.decode()
    project.refresh_from_db()
    assert project.owner.slug == "acme"
    assert client.get("/anna/wine/settings").headers["Location"] == "/acme/wine/settings"
    maintainer = make_collaborator(project, "maintainer")
    assert browser_of(maintainer).get("/acme/wine/settings/transfer").status_code == 403
    assert "transfer" not in browser_of(maintainer).get(
        "/acme/wine/settings/danger"
    ).content.decode().replace("Archive, transfer, delete", "")


def test_an_offer_is_seen_answered_and_withdrawn() -> None:
    anna, carl = make_user("anna"), make_user("carl")
    project = make_project("wine", owner=anna)
    Project.objects.filter(pk=project.pk).update(description="hidden-words")
    mine, page = browser_of(anna), "/anna/wine/settings/transfer"
    answer = mine.post(page, {"new_owner": "carl", "confirm": "anna/wine"}, follow=True)
    assert "Offered to carl" in answer.content.decode() and "new_owner" not in answer.content.decode()
    waiting = selectors.transfer_of(project.pk)
    assert waiting is not None
    address, theirs = f"/settings/offers/{waiting.id}", browser_of(carl)
    assert address in theirs.get("/").content.decode()
    assert address in theirs.get("/settings/offers").content.decode()
    text = theirs.get(address).content.decode()
    assert "Take anna/wine?" in text and "hidden-words" not in text
    assert theirs.get("/anna/wine").status_code == 404, "private until it is theirs"
    for other in (mine, browser_of(make_user("stranger"))):
        assert address not in other.get("/").content.decode()
        assert other.get(address).status_code == 404
        assert other.post(address, {"answer": "accept"}).status_code == 404
    assert theirs.post(address, {"answer": "what"}).status_code == 200
    mine.post(f"{page}/withdraw")
    assert theirs.get(address).status_code == 404 and address not in theirs.get("/").content.decode()
    number = offer(project, carl)
    assert theirs.post(f"/settings/offers/{number}", {"answer": "refuse"}).headers["Location"] == (
        "/settings/offers"
    )
    number = offer(project, carl)
    answer = theirs.post(f"/settings/offers/{number}", {"answer": "accept"}, follow=True)
    assert answer.redirect_chain == [("/carl/wine", 302)]
    assert "hidden-words" in answer.content.decode()
    assert mine.get("/anna/wine").headers["Location"] == "/carl/wine"


def test_a_project_page_tells_the_receiver_who_may_see_it() -> None:
    anna, carl = make_user("anna"), make_user("carl")
    project = make_project("wine", owner=anna, visibility="public")
    number = offer(project, carl)
    banner = f"/settings/offers/{number}"
    assert banner in browser_of(carl).get("/anna/wine").content.decode()
    for client in (browser_of(anna), Client(), browser_of(make_user())):
        assert banner not in client.get("/anna/wine").content.decode()


def test_what_stops_an_acceptance_is_said_on_its_page() -> None:
    anna, carl = make_user("anna"), make_user("carl")
    number = offer(make_project("wine", owner=anna), carl)
    make_project("wine", owner=carl)
    answer = browser_of(carl).post(f"/settings/offers/{number}", {"answer": "accept"})
    assert answer.status_code == 409
    assert "There is already a project “wine” here." in answer.content.decode()


def test_the_list_of_offers_costs_the_same_for_many() -> None:
    carl = make_user("carl")
    client = browser_of(carl)
    costs = []
    for _ in range(2):
        for _ in range(3):
            offer(make_project(), carl)
        with CaptureQueriesContext(connection) as queries:
            assert client.get("/settings/offers").status_code == 200
        costs.append(len(queries))
    assert costs[0] == costs[1]


def post(user: User, path: str, body: dict[str, str] | None = None) -> tuple[int, dict[str, object]]:
    client = Client(headers={"Authorization": f"Bearer {make_token(user)}"})
    answer = client.post(f"/api/v1/repos/{path}", json.dumps(body or {}), "application/json")
    return answer.status_code, answer.json()


def test_the_api_transfers_as_gitea_does() -> None:
    anna, carl = make_user("anna"), make_user("carl")
    make_organization("acme", owner=anna)
    project = make_project("wine", owner=anna)
    maintainer = make_collaborator(project, "maintainer")
    assert post(maintainer, "anna/wine/transfer", {"new_owner": "acme"})[0] == 403
    assert post(carl, "anna/wine/transfer", {"new_owner": "carl"})[0] == 404
    assert post(anna, "anna/wine/transfer", {})[0] == 422
    assert post(anna, "anna/wine/transfer", {"new_owner": "nobody"})[0] == 404
    status, body = post(anna, "anna/wine/transfer", {"new_owner": "acme"})
    assert (status, body["full_name"]) == (202, "acme/wine")
    status, body = post(anna, "anna/wine/transfer", {"new_owner": "carl"})
    assert (status, body["full_name"]) == (201, "acme/wine")
    assert post(anna, "acme/wine/transfer", {"new_owner": "carl"})[0] == 409
    for stranger in (anna, make_user()):
        for deed in ("accept", "reject"):
            status, body = post(stranger, f"acme/wine/transfer/{deed}")
            absent = post(stranger, f"acme/absent/transfer/{deed}")
            assert status == absent[0] == 404
            assert body["message"] == str(absent[1]["message"]).replace("absent", "wine")
    assert post(carl, "acme/wine/transfer/reject") == (
        200,
        {"full_name": "acme/wine", "new_owner": "carl", "offered_by": "anna"},
    )
    assert post(carl, "acme/wine/transfer/accept")[0] == 404
    post(anna, "acme/wine/transfer", {"new_owner": "carl"})
    status, body = post(carl, "acme/wine/transfer/accept")
    assert (status, body["full_name"]) == (202, "carl/wine")
