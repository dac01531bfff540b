"""Forking on the pages and by the API: the form, the list, the line under the name, and what nobody may read out of them."""

import json
from typing import Any

from django.test import Client
from pytest_django import DjangoAssertNumQueries

from ropewalk.accounts.models import User
from ropewalk.projects import services as projects
from ropewalk.projects.models import Project
from ropewalk.projects.selectors import view_of
from ropewalk.repos import refs, services
from tests.factories.builders import make_project, make_token, make_user
from tests.integration.forks.conftest import feed, fork_of
from tests.integration.forks.test_syncing import add
from tests.integration.repos.conftest import commit, write


def client_of(user: User | None) -> Client:
    client = Client()
    if user is not None:
        client.force_login(user)
    return client


def page(user: User | None, path: str, status: int = 200) -> str:
    answer = client_of(user).get(path)
    assert answer.status_code == status, answer.status_code
    return answer.content.decode()


def ask(user: User, method: str, path: str, body: Any = None) -> Any:
    return Client().generic(
        method,
        f"/api/v1/repos{path}",
        data="" if body is None else json.dumps(body),
        content_type="application/json",
        headers={"Authorization": f"Bearer {make_token(user)}"},
    )


def test_the_form_makes_a_fork_and_a_second_time_leads_to_it(parent: Project, forker: User) -> None:
    path = f"/{parent}/fork"
    form = page(forker, path)
    assert 'value="wine"' in form
    assert 'value="public"' not in form, "the parent is private"
    wishes = {"owner": forker.username, "name": "mine", "visibility": "private"}
    made = client_of(forker).post(path, wishes)
    assert made["Location"] == f"/{forker.username}/mine/jobs"
    again = client_of(forker).post(path, {**wishes, "name": "other"})
    assert again["Location"] == f"/{forker.username}/mine"
    assert "The copy is on its way" in page(forker, f"/{forker.username}/mine")


def test_refusals_are_said_at_the_form(parent: Project, forker: User) -> None:
    make_project("wine", owner=forker)
    wishes = {"owner": forker.username, "name": "wine", "visibility": "private"}
    answer = client_of(forker).post(f"/{parent}/fork", wishes).content.decode()
    assert "already a project" in answer
    assert "is yours already" in page(parent.created_by, f"/{parent}/fork")


def test_who_is_not_signed_in_is_led_there_and_strangers_find_nothing(parent: Project, forker: User) -> None:
    page(make_user(), f"/{parent}/fork", 404)
    everybody = make_project(visibility="public")
    assert client_of(None).get(f"/{everybody}/fork")["Location"].startswith("/accounts/login/")
    made = fork_of(parent, forker).project
    page(make_user(), made.path, 404)


def test_the_line_under_the_name_and_the_list_show_only_what_one_may_see(
    parent: Project, forker: User
) -> None:
    made = fork_of(parent, forker).project
    line = f'forked from <a class="text-decoration-underline" href="/{parent}">'
    assert line in page(forker, made.path)
    assert "1 fork" in page(forker, f"/{parent}")
    assert made.path in page(forker, f"/{parent}/forks")
    assert made.path not in page(parent.created_by, f"/{parent}/forks")
    guest = make_user()
    projects.set_collaborator(project_id=made.id, username=guest.username, role="writer")
    seen = page(guest, made.path)
    assert str(parent) not in seen
    assert "forked from" not in seen.split("<main")[0]
    shown = ask(guest, "GET", made.path).json()
    assert (shown["fork"], shown["parent"]) == (False, None)
    assert ask(guest, "POST", f"{made.path}/merge-upstream", {}).status_code == 404
    shown = ask(forker, "GET", made.path).json()
    assert (shown["fork"], shown["parent"]["full_name"]) == (True, str(parent))


def test_sync_on_the_page_and_by_the_api(parent: Project, forker: User) -> None:
    made = fork_of(parent, forker).project
    fork = Project.objects.get(pk=made.id)
    assert "is as in" in page(forker, made.path)
    add(parent, 1)
    assert "1 commit behind" in page(forker, made.path)
    answer = client_of(forker).post(f"{made.path}/fork/sync", {"branch": "main"}, follow=True)
    assert "has the commits" in answer.content.decode()
    assert "is as in" in answer.content.decode()
    assert ask(forker, "POST", f"{made.path}/merge-upstream").json() == {"merge_type": "up-to-date"}
    add(parent, 2)
    add(fork, 3)
    text = page(forker, made.path)
    assert "1 commit behind" in text
    assert "1 ahead" in text
    assert "git pull" in text
    refused = ask(forker, "POST", f"{made.path}/merge-upstream", {"branch": "main"})
    assert (refused.status_code, refused.json()["code"]) == (409, "diverged")


def configure(project: Project, address: str) -> None:
    """A commit that names a DVC remote."""
    text = f"['remote \"lake\"']\n    url = {address}\n".encode()
    now = refs.read_refs(project.pk)["refs/heads/main"]
    feed(project, commit("refs/heads/main", 1_700_002_000, "dvc", write(".dvc/config", text), parent=now))
    services.reconcile(project_id=project.pk)


def test_a_remote_that_is_still_the_parents_is_said_with_the_command(parent: Project, forker: User) -> None:
    address = view_of(parent).dvc_url
    configure(parent, address)
    made = fork_of(parent, forker).project
    fork = Project.objects.get(pk=made.id)
    command = f"dvc remote modify --local lake url {made.dvc_url}"
    assert command in page(forker, made.path)
    assert "--local lake" not in page(forker, f"/{parent}")
    projects.rename_project(project_id=parent.pk, name="vine")
    assert command in page(forker, made.path), "the parent's former name leads to it, too"
    for other in (made.dvc_url, "https://example.org/wine.dvc", address.replace(str(parent), "nobody/wine")):
        configure(fork, other)
        assert "--local lake" not in page(forker, made.path), other


def test_too_visible_is_said_at_the_settings(parent: Project, forker: User) -> None:
    made = fork_of(parent, forker).project
    answer = client_of(forker).post(f"{made.path}/settings", {"visibility": "public"})
    assert answer.status_code == 200
    assert "more visible" in answer.content.decode()


def test_the_apis_list_costs_the_same_for_many(
    parent: Project, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for _ in range(7):
        reader = make_user()
        fork = make_project(owner=reader)
        Project.objects.filter(pk=fork.pk).update(forked_from=parent)
        projects.set_collaborator(project_id=fork.pk, username=parent.created_by.username, role="reader")
    token = make_token(parent.created_by)
    with django_assert_max_num_queries(20):
        answer = Client().get(f"/api/v1/repos/{parent}/forks", headers={"Authorization": f"Bearer {token}"})
    assert len(answer.json()) == 7
    assert {item["parent"]["full_name"] for item in answer.json()} == {str(parent)}
    assert {item["permissions"]["push"] for item in answer.json()} == {False}
