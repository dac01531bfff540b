"""The project's own bucket on pages: folders by slashes, a page at a time, downloads and deletions with care."""

from typing import Any
from urllib.parse import urlencode

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from ropewalk.buckets import selectors
from ropewalk.buckets import services as buckets
from ropewalk.buckets.folders import folder_page
from ropewalk.projects.models import Project
from tests.factories.builders import make_collaborator, make_project


@pytest.fixture(autouse=True)
def repositories(settings: Any, tmp_path: Any) -> None:
    settings.REPOSITORIES_ROOT = tmp_path / "repos"


def put(project: Project, *keys: str, bucket: str = "files") -> None:
    for key in keys:
        incoming = buckets.Incoming(key=key, blocks=[key.encode()])
        buckets.put_object(project_id=project.pk, bucket=bucket, incoming=incoming, user_id=None)


def walk(project: Project, prefix: str, limit: int) -> list[str]:
    """All entries, folders among objects as they come."""
    found, after = [], ""
    while True:
        page = folder_page(project.pk, "files", prefix=prefix, after=after, limit=limit)
        found += sorted([*page.folders, *(one.key for one in page.objects)])
        if not page.next:
            return found
        after = page.next


@pytest.mark.parametrize("limit", [1, 2, 3, 100])
def test_each_entry_comes_once_whatever_the_page(project: Project, limit: int) -> None:
    put(project, "a/1", "a/2", "a/b/3", "a!", "a", "a0", "ü/☃", "z/", "z/1", "//x", "\U0010fffd/y")
    put(make_project(), "other/x")
    put(project, "runs/ab", bucket="dvc")
    assert walk(project, "", limit) == ["/", "a", "a!", "a/", "a0", "z/", "ü/", "\U0010fffd/"]
    assert walk(project, "a/", limit) == ["a/1", "a/2", "a/b/"]
    assert walk(project, "z/", limit) == ["z/", "z/1"]  # an object that stands for its folder
    assert "z/" in folder_page(project.pk, "files", prefix="").folders
    assert walk(project, "/", limit) == ["//"]
    assert walk(project, "a", limit) == ["a", "a!", "a/", "a0"]
    assert walk(project, "nothing/", limit) == []


def test_a_page_costs_two_queries_however_much_lies_deeper(
    project: Project, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    put(project, "a!", *(f"{folder}/{number}" for folder in "abc" for number in range(20)))
    with django_assert_num_queries(2):
        page = folder_page(project.pk, "files", prefix="", limit=2)
    assert (page.folders, [one.key for one in page.objects], page.next) == (("a/",), ["a!"], "a/")


def client_of(project: Project, role: str) -> Client:
    client = Client()
    client.force_login(make_collaborator(project, role))
    return client


def test_the_pages(project: Project) -> None:
    reader, writer = client_of(project, "reader"), client_of(project, "writer")
    address = f"/{project}/bucket"
    assert "The bucket is empty" in reader.get(address).content.decode()
    key = "a <b>/ü+%2F &?.txt"
    put(project, key, "top")
    page = reader.get(address).content.decode()
    assert "a &lt;b&gt;/" in page and "<b>/" not in page and "bucket/delete" not in page
    inner = reader.get(f"{address}?{urlencode({'prefix': 'a <b>/'})}").content.decode()
    assert "ü+%2F &amp;?.txt" in inner
    query = urlencode({"key": key})
    answer = reader.get(f"{address}/file?{query}")
    assert b"".join(answer.streaming_content) == key.encode()
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert reader.get(f"{address}/delete?{query}").status_code == 403
    assert reader.post(f"{address}/delete?{query}").status_code == 403
    assert "Delete this object?" in writer.get(f"{address}/delete?{query}").content.decode()
    assert selectors.object_at(project.pk, "files", key) is not None
    assert writer.post(f"{address}/delete?{query}").status_code == 302
    assert selectors.object_at(project.pk, "files", key) is None
    for path in ("file", "delete"):
        assert writer.get(f"{address}/{path}?{query}").status_code == 404
        assert writer.get(f"{address}/{path}?key=%00").status_code == 404
    assert writer.get(f"{address}?prefix=%00").status_code == 400


@pytest.mark.parametrize(
    "tail", ["bucket?prefix=%00", "bucket?after=%00a", "bucket/file?key=a%00", "bucket/delete?key=%00"]
)
def test_a_zero_byte_is_a_wrong_address_and_no_defect(client: Client, project: Project, tail: str) -> None:
    client.force_login(project.owner.user)
    assert client.get(f"/{project.owner.slug}/{project.slug}/{tail}").status_code in {400, 404}
