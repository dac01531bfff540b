"""Renaming people and organizations: what leads on, who may take which name, and for how long."""

import threading
from datetime import timedelta

import pytest
from django.db import DatabaseError, connection

from ropewalk.accounts import owner_names, selectors, services
from ropewalk.accounts.models import FormerOwnerName, Owner, User
from ropewalk.core.errors import Conflict, Invalid
from ropewalk.core.models import AuditEvent
from ropewalk.projects import selectors as projects
from ropewalk.projects import services as project_services
from tests.factories.builders import live_project, make_organization, make_project, make_user
from tests.fixtures.time import FakeClock, time

__all__ = ["time"]


def rename(user: User, name: str) -> None:
    owner_names.rename_owner(owner_id=user.owner_id, name=name)


def found(owner: str, slug: str) -> int | None:
    project = live_project(owner, slug) or projects.find_former(owner, slug)
    return project.id if project else None


def held() -> set[str]:
    return set(FormerOwnerName.objects.values_list("slug", flat=True))


@pytest.mark.django_db
def test_a_person_has_one_name_in_both_tables_and_the_former_one_leads_on() -> None:
    anna = make_user("anna")
    project = make_project("wine", owner=anna)
    rename(anna, "Berta")
    rename(anna, "clara")
    anna.refresh_from_db()
    assert (anna.username, anna.owner.slug) == ("clara", "clara")
    assert found("anna", "wine") == found("BERTA", "wine") == found("clara", "wine") == project.pk
    assert live_project("anna", "wine") is None
    assert selectors.owner_by_slug("anna") is None
    former = selectors.owner_by_former_slug("Anna")
    assert former is not None and former.slug == "clara"
    assert [name.slug for name in selectors.former_owner_names(anna.owner_id)] == ["Berta", "anna"]
    events = AuditEvent.objects.filter(action="owner.renamed", owner_id=anna.owner_id).order_by("pk")
    assert [event.detail for event in events] == [
        {"before": "anna", "after": "Berta"},
        {"before": "Berta", "after": "clara"},
    ]


@pytest.mark.django_db
def test_both_halves_of_an_address_may_be_former_ones() -> None:
    anna = make_user("anna")
    project = make_project("wine", owner=anna)
    project_services.rename_project(project_id=project.pk, name="port")
    rename(anna, "berta")
    assert {found(owner, slug) for owner in ("anna", "berta") for slug in ("wine", "port")} == {project.pk}
    assert found("anna", "beer") is None
    other = make_project("wine", owner=anna)
    assert found("anna", "wine") == other.pk


@pytest.mark.django_db
def test_nobody_else_takes_a_name_that_is_kept() -> None:
    anna, carl = make_user("anna"), make_user("carl")
    rename(anna, "berta")
    assert not selectors.name_is_free("ANNA") and selectors.name_is_free("dora")
    for take in (
        lambda: make_user("Anna"),
        lambda: make_organization("anna", owner=carl),
        lambda: rename(carl, "anna"),
        lambda: rename(carl, "BERTA"),
    ):
        with pytest.raises(Conflict, match="is taken"):
            take()
    assert held() == {"anna"} and not User.objects.filter(username__iexact="anna").exists()


@pytest.mark.django_db
def test_its_former_holder_takes_it_back_or_gives_it_to_their_organization() -> None:
    anna = make_user("anna")
    project = make_project("wine", owner=anna)
    rename(anna, "berta")
    rename(anna, "anna")
    assert held() == {"berta"}
    rename(anna, "clara")
    team = make_organization("anna", owner=anna)
    assert held() == {"berta"}
    assert found("anna", "wine") is None and found("berta", "wine") == project.pk
    assert Owner.objects.get(slug="anna").pk == team.owner_id


@pytest.mark.django_db
def test_a_name_is_kept_for_the_grace_time(settings: object, time: FakeClock) -> None:
    settings.ROPEWALK_NAME_GRACE_DAYS = 30  # type: ignore[attr-defined]
    anna = make_user("anna")
    project = make_project("wine", owner=anna)
    rename(anna, "berta")
    time.ahead = timedelta(days=29, hours=23)
    assert found("anna", "wine") == project.pk and owner_names.sweep_former_owner_names() == 0
    time.ahead = timedelta(days=30)
    assert found("anna", "wine") is None and selectors.owner_by_former_slug("anna") is None
    other = make_user("anna")
    assert held() == set(), "also before the sweep"
    make_project("wine", owner=other)
    assert found("anna", "wine") != project.pk
    time.ahead = timedelta(days=31)
    rename(anna, "clara")
    time.ahead = timedelta(days=61)
    assert owner_names.sweep_former_owner_names() == 1 and held() == set()


@pytest.mark.django_db
def test_without_grace_a_name_is_free_at_once(settings: object) -> None:
    settings.ROPEWALK_NAME_GRACE_DAYS = 0  # type: ignore[attr-defined]
    anna = make_user("anna")
    make_project("wine", owner=anna)
    rename(anna, "berta")
    assert found("anna", "wine") is None
    make_user("anna")


@pytest.mark.django_db
def test_nobody_keeps_many_names_from_others() -> None:
    anna = make_user("anna")
    for number in range(owner_names.MAX_FORMER_NAMES):
        rename(anna, f"anna-{number}")
    with pytest.raises(Conflict, match="limit"):
        rename(anna, "anna-9")
    rename(anna, f"Anna-{owner_names.MAX_FORMER_NAMES - 1}")
    anna.refresh_from_db()
    assert anna.username == "Anna-4"


@pytest.mark.django_db
def test_a_bad_name_changes_nothing() -> None:
    anna = make_user("anna")
    for name in ("", "settings", "a/b", "x.git", "-a", "a" * 40, "berta\n"):
        with pytest.raises(Invalid):
            rename(anna, name)
    anna.refresh_from_db()
    assert (anna.username, held()) == ("anna", set())


@pytest.mark.django_db
def test_an_inactive_persons_former_name_finds_nobody() -> None:
    anna = make_user("anna")
    rename(anna, "berta")
    User.objects.filter(pk=anna.pk).update(is_active=False)
    assert selectors.owner_by_former_slug("anna") is None
    with pytest.raises(Conflict):
        make_user("anna")


@pytest.mark.django_db(transaction=True)
def test_of_many_that_want_one_name_one_gets_it() -> None:
    people = [make_user(f"person{number}") for number in range(4)]
    gate, ends = threading.Barrier(6), [""] * 6

    def run(place: int) -> None:
        try:
            gate.wait(20)
            if place < 4:
                rename(people[place], "wanted")
            elif place == 4:
                services.create_organization(slug="Wanted", created_by_id=people[0].pk)
            else:
                make_user("wanted")
            ends[place] = "done"
        except Conflict as error:
            ends[place] = error.code
        except DatabaseError as error:
            ends[place] = repr(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(place,)) for place in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(ends) == ["done"] + ["name_taken"] * 5
    assert Owner.objects.filter(slug__iexact="wanted").count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_name_just_given_up_is_not_caught_by_a_sign_up(settings: object) -> None:
    """The sign-up waits for the rename and then finds the name kept."""
    for number in range(5):
        person = make_user(f"first{number}")
        gate, ends = threading.Barrier(2), []

        def sign_up(number: int = number, gate: threading.Barrier = gate, ends: list[str] = ends) -> None:
            try:
                gate.wait(20)
                make_user(f"first{number}")
                ends.append("taken over")
            except Conflict as error:
                ends.append(error.code)
            finally:
                connection.close()

        thread = threading.Thread(target=sign_up)
        thread.start()
        gate.wait(20)
        rename(person, f"second{number}")
        thread.join(60)
        assert ends == ["name_taken"]
