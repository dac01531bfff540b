"""Storage on the pages and in the API: what takes the room, what is left, for those who may know."""

from typing import Any

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from ropewalk.buckets import services as buckets
from ropewalk.projects.models import Project
from ropewalk.projects.services import delete_project
from ropewalk.quotas import services
from tests.factories.builders import make_collaborator, make_organization, make_project, make_token, make_user
from tests.integration.data.conftest import send


@pytest.fixture(autouse=True)
def repositories(settings: Any, tmp_path: Any) -> None:
    settings.REPOSITORIES_ROOT = tmp_path / "repos"


@pytest.fixture
def owner(project: Project) -> Client:
    client = Client()
    client.force_login(project.created_by)
    return client


def put(project: Project, key: str, size: int) -> None:
    incoming = buckets.Incoming(key=key, blocks=[b"x" * size])
    buckets.put_object(project_id=project.pk, bucket="files", incoming=incoming, user_id=None)


def text(client: Client, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200, answer.status_code
    return " ".join(answer.content.decode().split())


def test_a_projects_page_shows_each_kind_and_the_limit(project: Project, owner: Client) -> None:
    page = text(owner, f"/{project}/settings/storage")
    assert "used, no limit" in page and "DVC tracks nothing" in page
    send(project, b"x" * 3000)
    put(project, "a", 1000)
    services.set_project_quota(project_id=project.pk, limit=8000)
    services.set_owner_quota(owner_id=project.owner_id, limit=1 << 20)
    page = text(owner, f"/{project}/settings/storage")
    assert "<strong>3.9 KiB</strong>" in page and "of 7.8 KiB used (50.0 %)" in page
    assert 'is-dvc" style="width: 37.50%"' in page and 'is-bucket" style="width: 12.50%"' in page
    assert "3.9 KiB of 1.0 MiB used" in page and "Nothing more" not in page
    put(project, "b", 4000)
    assert "Nothing more can be stored" in text(owner, f"/{project}/settings/storage")


def test_the_page_costs_the_same_with_more_objects(
    project: Project, owner: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(20):
        put(project, str(number), number)
    with django_assert_max_num_queries(20):
        text(owner, f"/{project}/settings/storage")


def test_only_who_may_see_settings_sees_it(project: Project) -> None:
    for role, status in (("reader", 403), ("writer", 403), ("maintainer", 200)):
        client = Client()
        client.force_login(make_collaborator(project, role))
        for address in (f"/{project}/settings/storage", f"/api/v1/repos/{project}/usage"):
            assert client.get(address).status_code == status
    client = Client()
    client.force_login(make_user())
    assert client.get(f"/{project}/settings/storage").status_code == 404


def test_a_persons_page_has_all_projects_and_deleted_ones_without_their_names(
    project: Project, owner: Client
) -> None:
    small, gone = (
        make_project(owner=project.created_by),
        make_project("secret-name", owner=project.created_by),
    )
    for one, size in ((project, 5000), (small, 2000), (gone, 3000)):
        put(one, "a", size)
    delete_project(project_id=gone.pk)
    page = text(owner, "/settings/storage")
    assert "<strong>9.8 KiB</strong>" in page
    assert page.index(f"/{project}/settings/storage") < page.index(f"/{small}/settings/storage")
    assert "secret-name" not in page and "Deleted projects" in page and "2.9 KiB" in page


def test_an_organizations_page_is_for_its_owners(project: Project) -> None:
    organization = make_organization(owner=project.created_by)
    put(make_project("lab", owner=organization), "a", 5000)
    client = Client()
    client.force_login(project.created_by)
    address = f"/orgs/{organization.owner.slug}/settings/storage"
    assert "/lab/settings/storage" in text(client, address)
    client.force_login(make_user())
    assert client.get(address).status_code == 404


def test_the_api_tells_the_same(project: Project) -> None:
    send(project, b"x" * 3000)
    services.set_project_quota(project_id=project.pk, limit=8000)
    headers = {"authorization": f"Bearer {make_token(project.created_by)}"}
    found = Client().get(f"/api/v1/repos/{project}/usage", headers=headers).json()
    assert (found["used"], found["limit"], found["shared"]) == (3000, 8000, 0)
    assert found["kinds"][0] == {"kind": "dvc", "size": 3000, "count": 1}
    mine = Client().get("/api/v1/user/usage", headers=headers).json()
    assert (mine["used"], mine["limit"]) == (3000, None)
