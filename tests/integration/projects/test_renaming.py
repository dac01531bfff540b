"""Renaming a project: where the former names lead, for whom, for how long, and who wins."""

import threading
from datetime import timedelta

import pytest
from django.db import DatabaseError, connection

from ropewalk.access.roles import Permission
from ropewalk.access.selectors import ask_again, resolve_project
from ropewalk.access.types import Actor
from ropewalk.core.errors import Conflict, Invalid, NotFound
from ropewalk.core.models import AuditEvent
from ropewalk.projects import selectors, services
from ropewalk.projects.models import FormerName, Project
from ropewalk.projects.services import names
from tests.factories.builders import access_of, live_project, make_collaborator, make_project, make_user
from tests.fixtures.time import FakeClock, time

P = Permission
__all__ = ["time"]


def found(owner: str, slug: str) -> int | None:
    """Which project a name leads to, by itself or as a former one."""
    project = live_project(owner, slug) or selectors.find_former(owner, slug)
    return project.id if project else None


def held() -> set[str]:
    return {row.slug for row in FormerName.objects.unscoped("a test")}


@pytest.mark.django_db
def test_former_names_lead_on_through_a_chain() -> None:
    anna = make_user("anna")
    project = make_project("one", owner=anna)
    for name in ("two", "three"):
        services.rename_project(project_id=project.pk, name=name)
    assert [found("anna", name) for name in ("one", "TWO", "three", "four")] == [project.pk] * 3 + [None]
    assert live_project("anna", "one") is None, "the gate asks for present names first"
    assert [name.full_name for name in selectors.former_names(project.pk)] == ["anna/two", "anna/one"]
    events = AuditEvent.objects.filter(action="project.renamed").order_by("pk")
    assert [event.detail for event in events] == [
        {"before": "one", "after": "two"},
        {"before": "two", "after": "three"},
    ]


@pytest.mark.django_db
def test_renaming_back_leaves_one_name_of_each() -> None:
    project = make_project("one", owner=make_user("anna"))
    for name in ("two", "one", "two", "one"):
        services.rename_project(project_id=project.pk, name=name)
    assert held() == {"two"}


@pytest.mark.django_db
def test_other_letters_are_no_former_name_and_the_same_name_no_event() -> None:
    project = make_project("wine", owner=make_user("anna"))
    services.rename_project(project_id=project.pk, name="Wine")
    services.rename_project(project_id=project.pk, name="Wine")
    assert held() == set() and Project.objects.get().slug == "Wine"
    assert AuditEvent.objects.filter(action="project.renamed").count() == 1


@pytest.mark.django_db
def test_whoever_takes_a_former_name_ends_it() -> None:
    anna = make_user("anna")
    project = make_project("one", owner=anna)
    services.rename_project(project_id=project.pk, name="two")
    other = make_project("One", owner=anna)
    assert found("anna", "one") == other.pk and held() == set()
    services.delete_project(project_id=other.pk)
    assert found("anna", "one") is None, "what ended does not come back"
    services.rename_project(project_id=project.pk, name="three")
    services.restore_project(project_id=other.pk, new_name="two")
    assert found("anna", "two") == other.pk and held() == set()
    services.rename_project(project_id=other.pk, name="four")
    services.rename_project(project_id=project.pk, name="two")
    assert found("anna", "two") == project.pk and held() == {"three"}


@pytest.mark.django_db
def test_a_deleted_projects_names_are_free() -> None:
    project = make_project("one", owner=make_user("anna"))
    services.rename_project(project_id=project.pk, name="two")
    services.delete_project(project_id=project.pk)
    assert found("anna", "one") is None and held() == set()
    services.restore_project(project_id=project.pk)
    assert found("anna", "one") is None


@pytest.mark.django_db
def test_a_bad_or_taken_name_changes_nothing() -> None:
    anna = make_user("anna")
    project, other = make_project("one", owner=anna), make_project("two", owner=anna)
    with pytest.raises(Conflict, match="already a project"):
        services.rename_project(project_id=project.pk, name="TWO")
    for name in ("", "a/b", "x.git", "settings", "a" * 101, "two\n"):
        with pytest.raises(Invalid):
            services.rename_project(project_id=project.pk, name=name)
    assert (found("anna", "one"), found("anna", "two"), held()) == (project.pk, other.pk, set())
    assert not AuditEvent.objects.filter(action="project.renamed").exists()
    services.delete_project(project_id=project.pk)
    with pytest.raises(NotFound):
        services.rename_project(project_id=project.pk, name="three")


@pytest.mark.django_db
def test_a_former_name_is_kept_for_the_grace_time(settings: object, time: FakeClock) -> None:
    settings.ROPEWALK_NAME_GRACE_DAYS = 30  # type: ignore[attr-defined]
    project = make_project("one", owner=make_user("anna"))
    services.rename_project(project_id=project.pk, name="two")
    time.ahead = timedelta(days=29)
    services.rename_project(project_id=project.pk, name="three")
    assert found("anna", "one") == project.pk and services.sweep_former_names() == 0
    time.ahead = timedelta(days=30)
    assert found("anna", "one") is None, "also before the sweep"
    assert [name.slug for name in selectors.former_names(project.pk)] == ["two"]
    assert services.sweep_former_names() == 1 and held() == {"two"}


@pytest.mark.django_db
def test_an_operator_may_want_no_former_names(settings: object) -> None:
    settings.ROPEWALK_NAME_GRACE_DAYS = 0  # type: ignore[attr-defined]
    project = make_project("one", owner=make_user("anna"))
    services.rename_project(project_id=project.pk, name="two")
    assert found("anna", "one") is None and found("anna", "two") == project.pk


@pytest.mark.django_db
def test_a_project_has_so_many_former_names(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(names, "MAX_FORMER_NAMES", 2)
    project = make_project("one", owner=make_user("anna"))
    for name in ("two", "three"):
        services.rename_project(project_id=project.pk, name=name)
    with pytest.raises(Conflict, match="limit"):
        services.rename_project(project_id=project.pk, name="four")
    services.rename_project(project_id=project.pk, name="Three")
    assert found("anna", "three") == project.pk


@pytest.mark.django_db
def test_the_gate_tells_a_former_name_only_to_those_who_may_see_the_project() -> None:
    anna, stranger = make_user("anna"), make_user("stranger")
    project = make_project("one", owner=anna)
    reader = make_collaborator(project, "reader")
    services.rename_project(project_id=project.pk, name="two")

    def ask(user: object, slug: str) -> str:
        actor = Actor.in_session(user.pk, user.username, False) if user else Actor()  # type: ignore[attr-defined]
        try:
            return resolve_project(actor, "anna", slug, P.PROJECT_VIEW).former
        except NotFound as error:
            return error.message.replace(slug, "NAME")

    assert ask(anna, "One") == ask(reader, "One") == "anna/One"
    assert ask(anna, "two") == ""
    assert ask(stranger, "one") == ask(stranger, "nothing") == ask(stranger, "two")
    assert ask(None, "one") == ask(None, "nothing")


@pytest.mark.django_db
def test_asking_again_goes_by_the_project_not_by_its_name() -> None:
    anna = make_user("anna")
    project = make_project("one", owner=anna)
    writer = make_collaborator(project, "writer")
    access = access_of(writer, project)
    services.rename_project(project_id=project.pk, name="two")
    make_project("one", owner=anna, visibility="public")
    again = ask_again(access, P.CODE_WRITE)
    assert again.project.id == project.pk and again.project.slug == "two"
    services.delete_project(project_id=project.pk)
    with pytest.raises(NotFound):
        ask_again(access, P.CODE_READ)


def _race(*deeds: "list[tuple[int, str]]") -> list[str]:
    """Each deed's renames in a thread of its own, all beginning at once; how each ended."""
    gate, ends = threading.Barrier(len(deeds)), [""] * len(deeds)

    def run(place: int, deed: "list[tuple[int, str]]") -> None:
        try:
            gate.wait(20)
            for project_id, name in deed:
                services.rename_project(project_id=project_id, name=name)
            ends[place] = "done"
        except Conflict as error:
            ends[place] = error.code
        except DatabaseError as error:
            ends[place] = repr(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(place, deed)) for place, deed in enumerate(deeds)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return ends


@pytest.mark.django_db(transaction=True)
def test_of_many_that_want_one_name_one_gets_it() -> None:
    anna = make_user("anna")
    projects = [make_project(f"p{number}", owner=anna) for number in range(6)]
    ends = _race(*([(project.pk, "wine")] for project in projects))
    assert sorted(ends) == ["done"] + ["name_taken"] * 5
    winner = projects[ends.index("done")]
    assert found("anna", "wine") == winner.pk
    for number, project in enumerate(projects):
        assert found("anna", f"p{number}") == project.pk
    assert held() == {winner.slug}


@pytest.mark.django_db(transaction=True)
def test_two_that_want_each_others_name_wait_for_no_one_for_ever() -> None:
    anna = make_user("anna")
    one, two = make_project("one", owner=anna), make_project("two", owner=anna)
    for _ in range(5):
        assert _race([(one.pk, "two")], [(two.pk, "one")]) == ["name_taken", "name_taken"]
    ends = _race([(one.pk, "three"), (one.pk, "one")] * 10, [(two.pk, "four"), (two.pk, "two")] * 10)
    assert ends == ["done", "done"]
    assert (found("anna", "one"), found("anna", "two"), held()) == (one.pk, two.pk, {"three", "four"})
