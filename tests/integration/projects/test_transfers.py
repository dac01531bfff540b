"""Giving a project to another owner: at once or by an offer, what goes with it, and what the receiver sees before."""

import threading
from collections.abc import Callable
from datetime import timedelta

import pytest
from allauth.account.models import EmailAddress
from django.core.mail import EmailMessage
from django.db import DatabaseError, connection

from ropewalk.access import transfers
from ropewalk.access.offer_mail import tell_of_offer
from ropewalk.access.roles import Permission, Role
from ropewalk.access.selectors import managed_owner_ids, resolve_project
from ropewalk.access.types import Actor, ProjectAccess
from ropewalk.accounts import credentials, services
from ropewalk.accounts.models import User
from ropewalk.core.errors import Conflict, Denied, NotFound, RopewalkError
from ropewalk.core.models import AuditEvent, Job
from ropewalk.projects import selectors
from ropewalk.projects import services as projects
from ropewalk.projects.models import Project, ProjectTransfer
from ropewalk.projects.services import transfers as offers
from ropewalk.projects.types import TransferView
from tests.factories.builders import (
    access_of,
    live_project,
    make_collaborator,
    make_organization,
    make_project,
    make_token,
    make_user,
)
from tests.fixtures.time import FakeClock, time
from workers.runners import base

__all__ = ["time"]
P = Permission


def actor_of(user: User) -> Actor:
    return Actor.in_session(user.pk, user.username, False)


def offered(project: Project, by: User, to: str) -> TransferView:
    assert transfers.transfer(access_of(by, project), to) is None
    offer = selectors.transfer_of(project.pk)
    assert offer is not None
    return offer


def role_of(user: User, project: Project) -> Role:
    project.refresh_from_db()
    try:
        return resolve_project(actor_of(user), project.owner.slug, project.slug, P.PROJECT_VIEW).role
    except NotFound:
        return Role.NONE


@pytest.mark.django_db
def test_to_an_organization_that_one_owns_at_once() -> None:
    anna, member, reader = make_user("anna"), make_user("member"), make_user("reader")
    team = make_organization("acme", owner=anna)
    services.set_member(owner_id=team.owner_id, username="member", role="member")
    project = make_project("wine", owner=anna)
    make_collaborator(project, "reader", reader)
    secret = make_token(reader, project=project)
    moved = transfers.transfer(access_of(anna, project), "Acme")
    assert moved is not None and moved.project.full_name == "acme/wine"
    assert [role_of(user, project) for user in (anna, member, reader)] == [
        Role.OWNER,
        Role.READER,
        Role.READER,
    ]
    assert selectors.collaborator_role(project.pk, anna.pk) == "maintainer"
    found = credentials.check_token(secret)
    assert found is not None
    for owner in ("anna", "acme"):
        access = resolve_project(Actor.of(found, "bearer"), owner, "wine", P.CODE_READ)
        assert access.project.id == project.pk
    details = AuditEvent.objects.filter(detail__after="acme/wine").order_by("pk")
    assert [(event.action, event.owner_id) for event in details] == [
        ("project.transferred", team.owner_id),
        ("project.given_away", anna.owner_id),
    ]


@pytest.mark.django_db
def test_from_an_organization_to_oneself() -> None:
    anna, member = make_user("anna"), make_user("member")
    team = make_organization("acme", owner=anna)
    services.set_member(owner_id=team.owner_id, username="member", role="member")
    project = make_project("wine", owner=team)
    make_collaborator(project, "maintainer", anna)
    assert transfers.transfer(access_of(anna, project), "anna") is not None
    assert (role_of(anna, project), role_of(member, project)) == (Role.OWNER, Role.NONE)
    assert selectors.collaborator_role(project.pk, anna.pk) == "", "an owner needs no role of their own"


@pytest.mark.django_db
@pytest.mark.parametrize("kind", ["person", "organization", "organization that I am a member of"])
def test_to_anybody_else_by_an_offer_that_changes_nothing(kind: str) -> None:
    anna, carl = make_user("anna"), make_user("carl")
    name = "carl"
    if kind != "person":
        team, name = make_organization("acme", owner=carl), "acme"
        if "member" in kind:
            services.set_member(owner_id=team.owner_id, username="anna", role="member")
    project = make_project("wine", owner=anna)
    offer = offered(project, anna, name)
    assert (offer.full_name, offer.to_owner, offer.asked_by) == ("anna/wine", name, "anna")
    assert (role_of(anna, project), role_of(carl, project)) == (Role.OWNER, Role.NONE)
    access = transfers.accept_offer(actor_of(carl), offer)
    assert access.project.full_name == f"{name}/wine" and access.role is Role.OWNER
    assert role_of(anna, project) is Role.MAINTAINER
    assert selectors.transfer_of(project.pk) is None
    assert resolve_project(actor_of(anna), "anna", "wine", P.CODE_READ).former == "anna/wine"


@pytest.mark.django_db
def test_only_an_owner_gives_and_only_the_receiver_answers() -> None:
    anna, carl, stranger = make_user("anna"), make_user("carl"), make_user("stranger")
    project = make_project("wine", owner=anna)
    maintainer = make_collaborator(project, "maintainer")
    with pytest.raises(Denied):
        transfers.transfer(access_of(maintainer, project), maintainer.username)
    offer = offered(project, anna, "carl")
    for user in (stranger, anna, maintainer):
        for answer in (transfers.accept_offer, transfers.refuse_offer):
            with pytest.raises(Denied):
                answer(actor_of(user), offer)
        with pytest.raises(NotFound):
            transfers.offer_named(actor_of(user), "anna", "wine")
    narrow = Actor(carl.pk, "carl", False, 1, frozenset({"read", "write"}), None, "bearer")
    with pytest.raises(Denied):
        transfers.accept_offer(narrow, offer)
    assert transfers.offer_named(actor_of(carl), "ANNA", "Wine").id == offer.id
    assert selectors.transfer_to(managed_owner_ids(actor_of(stranger)), offer.id) is None
    assert Project.objects.get(pk=project.pk).owner_id == anna.owner_id


@pytest.mark.django_db
def test_an_offer_ends_by_refusal_withdrawal_deletion_and_another_transfer() -> None:
    anna, carl = make_user("anna"), make_user("carl")
    make_organization("acme", owner=anna)
    project = make_project("wine", owner=anna)

    def refuse(offer: TransferView) -> None:
        transfers.refuse_offer(actor_of(carl), offer)

    def withdraw(offer: TransferView) -> None:
        projects.end_offer(project_id=project.pk)

    def move(offer: TransferView) -> None:
        assert transfers.transfer(access_of(anna, project), "acme") is not None
        project.refresh_from_db()

    def delete(offer: TransferView) -> None:
        projects.delete_project(project_id=project.pk)
        projects.restore_project(project_id=project.pk)

    for end in (refuse, withdraw, move, delete):
        offer = offered(project, anna, "carl")
        end(offer)
        assert not ProjectTransfer.objects.for_project(project.pk).exists()
        for answer in (transfers.accept_offer, transfers.refuse_offer):
            with pytest.raises(NotFound):
                answer(actor_of(carl), offer)
    with pytest.raises(NotFound):
        projects.end_offer(project_id=project.pk)
    actions = set(AuditEvent.objects.filter(project_id=project.pk).values_list("action", flat=True))
    assert actions >= {"project.offered", "project.offer_refused", "project.offer_withdrawn"}


@pytest.mark.django_db
def test_an_offer_waits_for_its_time(time: FakeClock) -> None:
    anna, carl = make_user("anna"), make_user("carl")
    project = make_project("wine", owner=anna)
    offer = offered(project, anna, "carl")
    with pytest.raises(Conflict, match="offered to carl already"):
        transfers.transfer(access_of(anna, project), "carl")
    time.ahead = timedelta(days=14, seconds=-1)
    assert len(selectors.transfers_to([carl.owner_id])) == 1 and projects.sweep_offers() == 0
    time.ahead = timedelta(days=14)
    assert len(selectors.transfers_to([carl.owner_id])) == 0
    with pytest.raises(NotFound):
        transfers.accept_offer(actor_of(carl), offer)
    offered(project, anna, "carl")
    assert projects.sweep_offers() == 0
    time.ahead = timedelta(days=28)
    assert projects.sweep_offers() == 1


@pytest.mark.django_db
def test_who_offered_must_still_be_allowed_to_when_it_is_accepted() -> None:
    anna, berta, carl = make_user("anna"), make_user("berta"), make_user("carl")
    team = make_organization("acme", owner=anna)
    services.set_member(owner_id=team.owner_id, username="berta", role="owner")
    project = make_project("wine", owner=team)
    offer = offered(project, berta, "carl")
    services.remove_member(owner_id=team.owner_id, user_id=berta.pk)
    with pytest.raises(Conflict, match="may not give"):
        transfers.accept_offer(actor_of(carl), offer)
    assert Project.objects.get().owner_id == team.owner_id
    services.set_member(owner_id=team.owner_id, username="berta", role="owner")
    User.objects.filter(pk=berta.pk).update(is_active=False)
    with pytest.raises(Conflict, match="may not give"):
        transfers.accept_offer(actor_of(carl), offer)


@pytest.mark.django_db
def test_a_name_that_is_taken_there_stops_it() -> None:
    anna, carl = make_user("anna"), make_user("carl")
    team = make_organization("acme", owner=anna)
    project, taken = make_project("wine", owner=anna), make_project("Wine", owner=carl)
    make_project("wine", owner=team)
    with pytest.raises(Conflict, match="already a project"):
        transfers.transfer(access_of(anna, project), "acme")
    offer = offered(project, anna, "carl")  # whether somebody has such a project is not told
    with pytest.raises(Conflict, match="already a project"):
        transfers.accept_offer(actor_of(carl), offer)
    assert role_of(anna, project) is Role.OWNER and selectors.transfer_of(project.pk) == offer
    projects.rename_project(project_id=taken.pk, name="port")
    assert transfers.accept_offer(actor_of(carl), offer).project.id == project.pk
    with pytest.raises(Conflict, match="already"):
        transfers.transfer(access_of(carl, Project.objects.get(pk=project.pk)), "carl")
    with pytest.raises(NotFound):
        transfers.transfer(access_of(carl, Project.objects.get(pk=project.pk)), "nobody")


@pytest.mark.django_db
def test_there_and_back_leaves_the_addresses_right() -> None:
    anna = make_user("anna")
    make_organization("acme", owner=anna)
    project = make_project("wine", owner=anna)
    transfers.transfer(access_of(anna, project), "acme")
    project.refresh_from_db()
    transfers.transfer(access_of(anna, project), "anna")
    assert [name.full_name for name in selectors.former_names(project.pk)] == ["acme/wine"]
    assert live_project("anna", "wine") is not None and role_of(anna, project) is Role.OWNER
    assert selectors.collaborator_role(project.pk, anna.pk) == ""


@pytest.mark.django_db
def test_one_person_has_so_many_offers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(offers, "MAX_OFFERS", 2)
    anna = make_user("anna")
    make_user("carl")
    for _ in range(2):
        offered(make_project(owner=anna), anna, "carl")
    with pytest.raises(Conflict, match="limit"):
        transfers.transfer(access_of(anna, make_project(owner=anna)), "carl")


def at_once(*deeds: Callable[[], object]) -> list[str]:
    """Each in a thread of its own; how each ended."""
    gate, ends = threading.Barrier(len(deeds)), [""] * len(deeds)

    def run(place: int) -> None:
        try:
            gate.wait(20)
            deeds[place]()
            ends[place] = "done"
        except RopewalkError as error:
            ends[place] = type(error).__name__
        except DatabaseError as error:
            ends[place] = repr(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(place,)) for place in range(len(deeds))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return ends


@pytest.mark.django_db(transaction=True)
def test_acceptance_withdrawal_and_renaming_at_once_leave_one_truth() -> None:
    anna, carl = make_user("anna"), make_user("carl")
    for number in range(4):
        project = make_project(f"wine{number}", owner=anna)
        offer = offered(project, anna, "carl")
        access: ProjectAccess = access_of(anna, project)
        ends = at_once(
            lambda offer=offer: transfers.accept_offer(actor_of(carl), offer),  # type: ignore[misc]
            lambda project=project: projects.end_offer(project_id=project.pk),  # type: ignore[misc]
            lambda project=project: projects.rename_project(project_id=project.pk, name=f"{project.slug}-b"),  # type: ignore[misc]
            lambda access=access: transfers.transfer(access, "carl"),  # type: ignore[misc]
        )
        assert not [end for end in ends if end not in {"done", "NotFound", "Conflict", "Denied"}], ends
        project.refresh_from_db()
        assert (project.owner_id == carl.owner_id) == (ends[0] == "done"), ends
        if ends[0] == "done":
            assert selectors.collaborator_role(project.pk, anna.pk) == "maintainer"
        found = live_project("anna", f"wine{number}") or selectors.find_former("anna", f"wine{number}")
        assert found is not None and found.id == project.pk


@pytest.mark.django_db(transaction=True)
def test_two_that_go_to_one_owner_with_one_name() -> None:
    anna, berta, carl = make_user("anna"), make_user("berta"), make_user("carl")
    waiting = []
    for user in (anna, berta):
        project = make_project("wine", owner=user)
        waiting.append(offered(project, user, "carl"))
    ends = at_once(
        *(lambda offer=offer: transfers.accept_offer(actor_of(carl), offer) for offer in waiting)  # type: ignore[misc]
    )
    assert sorted(ends) == ["Conflict", "done"]
    assert Project.objects.filter(owner_id=carl.owner_id, slug="wine").count() == 1


@pytest.mark.django_db
def test_who_may_answer_an_offer_gets_one_mail_about_it(mailoutbox: list[EmailMessage]) -> None:
    anna, ben, carl, dora = make_user("anna"), make_user("ben"), make_user("carl"), make_user("dora")
    team = make_organization("acme", owner=ben)
    services.set_member(owner_id=team.owner_id, username="carl", role="owner")
    services.set_member(owner_id=team.owner_id, username="dora", role="member")
    for person, verified in ((ben, True), (carl, False), (dora, True)):
        EmailAddress.objects.update_or_create(
            user=person, email=person.email, defaults={"verified": verified, "primary": True}
        )
    project = make_project("wine", owner=anna)
    offer = offered(project, anna, "acme")
    job = Job.objects.get(kind="tell-of-offer")
    assert (job.project_id, job.requested_by_id) == (None, anna.pk)
    base.run(str(job.pk), "test")
    job.refresh_from_db()
    assert (job.state, job.result) == ("succeeded", {"sent": 1})
    assert [message.to for message in mailoutbox] == [["ben@example.org"]]
    assert f"/settings/offers/{offer.id}" in str(mailoutbox[0].body)
    assert "anna offers you anna/wine" in mailoutbox[0].subject
    offers.end_offer(project_id=project.pk)
    offered(project, anna, "acme")
    assert Job.objects.filter(kind="tell-of-offer").count() == 1, (
        "offering again and again sends no second mail"
    )
    assert tell_of_offer(project_id=project.pk, offer_id=offer.id) == 0, "that offer is over"
