"""Whether a commit's data can be checked out: the counts, what lacks and why, on its pages and through the API."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from ropewalk.core.models import Job
from ropewalk.data import selectors, services
from ropewalk.data.models import OutputSet, RevisionIndex
from ropewalk.data.oids import ObjectAddress
from ropewalk.data.origins import Origin
from ropewalk.data.selectors.remote_fetches import wanted_objects
from ropewalk.data.types import INDEX_REVISION
from ropewalk.projects.models import Project
from tests.factories import builders
from tests.integration.data.conftest import listing, md5, send
from tests.integration.monitors.repository import Repository
from workers.runners import base

SET = {"a": b"one", "sub/b": b"two"}
POINTERS: dict[str, bytes | str] = {
    "here.csv.dvc": f"outs:\n- md5: {md5(b'here')}\n  size: 4\n  hash: md5\n  path: here.csv\n",
    "never.csv.dvc": f"outs:\n- md5: {md5(b'never')}\n  size: 5\n  hash: md5\n  path: never.csv\n",
    "part.dvc": f"outs:\n- md5: {md5(listing(SET))}.dir\n  size: 6\n  nfiles: 2\n  hash: md5\n  path: part\n",
    "old.bin.dvc": f"outs:\n- md5: {md5(b'old')}\n  size: 3\n  path: old.bin\n",
    "cloud.bin.dvc": "outs:\n- etag: abc\n  size: 7\n  path: cloud.bin\n",
    "broken.dvc": "outs: [\n",
}
SOURCE = "https://example.org/data/registry"
IMPORTED: dict[str, bytes | str] = {
    "in.csv.dvc": f"frozen: true\ndeps:\n- path: raw/in.csv\n  repo:\n    url: {SOURCE}\n    rev_lock: {'c' * 40}\n"
    f"outs:\n- md5: {md5(b'in')}\n  size: 2\n  hash: md5\n  path: in.csv\n",
    "url.csv.dvc": "frozen: true\ndeps:\n- etag: x\n  size: 3\n  path: s3://somewhere/url.csv\n"
    f"outs:\n- md5: {md5(b'url')}\n  size: 3\n  hash: md5\n  path: url.csv\n",
}


@pytest.fixture
def repository(project: Project, settings: Any, tmp_path: Any) -> Repository:
    settings.REPOSITORIES_ROOT = tmp_path / "repos"
    return Repository(project, tmp_path / "work")


@pytest.fixture
def commit(project: Project, repository: Repository) -> Callable[..., str]:
    """Commit and index these pointers."""

    def make(files: dict[str, bytes | str]) -> str:
        sha = repository.commit(files)
        services.ensure_indexed(project_id=project.pk, commit_sha=sha)
        for job_id in list(Job.objects.filter(state="queued").values_list("pk", flat=True)):
            base.run(str(job_id), "test")
        return sha

    return make


@pytest.fixture
def sha(project: Project, commit: Callable[..., str]) -> str:
    """A commit with one output of each state."""
    made = commit(POINTERS)
    send(project, b"here")
    send(project, listing(SET), is_dir=True)
    send(project, SET["a"])
    old = send(project, b"old", legacy=True)
    services.remove_objects(project_id=project.pk, addresses=[old], user_id=None)
    return made


def test_each_state_is_counted_and_named(project: Project, sha: str) -> None:
    found = selectors.availability(project.pk, sha)
    assert {one.path: (one.state, one.missing_files) for one in found.lacking} == {
        "cloud.bin": ("elsewhere", 0),
        "never.csv": ("missing", 0),
        "old.bin": ("removed", 0),
        "part": ("incomplete", 1),
    }
    counts = (found.outputs, found.missing, found.removed, found.incomplete, found.elsewhere, found.unread)
    assert counts == (5, 1, 1, 1, 1, 1)
    assert (found.state, found.lacks, found.size, found.lacking_size) == ("missing", 4, 25, 21)
    assert selectors.availability(project.pk, sha, path="here.csv").whole


def test_it_is_whole_when_everything_came(project: Project, commit: Callable[..., str]) -> None:
    sha = commit({name: text for name, text in POINTERS.items() if name in {"here.csv.dvc", "part.dvc"}})
    for content in (b"here", *SET.values()):
        send(project, content)
    assert selectors.availability(project.pk, sha).state == "missing"
    send(project, listing(SET), is_dir=True)
    found = selectors.availability(project.pk, sha)
    assert (found.whole, found.state, found.outputs, list(found.lacking)) == (True, "present", 2, [])


def test_pages_cost_the_same_however_much_lacks(
    project: Project, sha: str, django_assert_num_queries: Any
) -> None:
    with django_assert_num_queries(3):
        found = selectors.availability(project.pk, sha, page=2, per_page=3)
    assert [one.path for one in found.lacking] == ["part"] and not found.lacking.has_next
    with django_assert_num_queries(2):
        assert found.lacks == selectors.availability(project.pk, sha, per_page=0).lacks


def test_the_files_that_a_folder_lacks_are_named(project: Project, sha: str) -> None:
    folder = ObjectAddress(md5(listing(SET)), is_dir=True)
    (lacks,) = selectors.files_missing(project.pk, folder)
    assert (lacks.path, lacks.oid, lacks.removed) == ("sub/b", md5(b"two"), False)
    assert not selectors.files_missing(project.pk, ObjectAddress(md5(b"here")))
    assert not selectors.files_missing(builders.make_project().pk, folder)
    send(project, b"two")
    assert not selectors.files_missing(project.pk, folder)


def test_a_removed_file_makes_its_folder_restorable(project: Project, sha: str) -> None:
    send(project, b"two")
    one = ObjectAddress(md5(b"one"))
    services.remove_objects(project_id=project.pk, addresses=[one], user_id=None)
    (lacks,) = selectors.availability(project.pk, sha, path="part").lacking
    assert (lacks.state, lacks.missing_files) == ("removed", 1)
    (file,) = selectors.files_missing(project.pk, ObjectAddress(md5(listing(SET)), is_dir=True))
    assert (file.path, file.removed) == ("a", True)


def test_unknown_commits_say_so(project: Project, repository: Repository) -> None:
    found = selectors.availability(project.pk, repository.commit({"a": "a"}))
    assert (found.state, found.indexed, found.outputs) == ("unindexed", False, 0)
    assert selectors.availability(builders.make_project().pk, found.commit_sha).state == "unindexed"


def test_on_the_pages(client: Client, project: Project, sha: str) -> None:
    client.force_login(project.created_by)
    place = f"/{project.owner.slug}/{project.slug}"
    commit_page = client.get(f"{place}/commit/{sha}").content.decode()
    assert "4 of 5 outputs" in commit_page and f"{place}/commit/{sha}/data?folder=part" in commit_page
    assert "4 of 5 outputs" in client.get(f"{place}/data").content.decode()
    whole = client.get(f"{place}/commit/{sha}/data").content.decode()
    assert all(
        word in whole for word in ("never.csv", "incomplete", "in another store", "removed", "Removed data")
    )
    assert '/here.csv"' not in whole and '/never.csv"' in whole
    files = client.get(f"{place}/commit/{sha}/data?folder=part").content.decode()
    assert "sub/b" in files and md5(b"two")[:8] in files
    assert client.get(f"{place}/commit/{sha}/data?folder=here.csv").status_code == 404


def test_a_whole_commit_is_said_in_a_line(
    client: Client, project: Project, commit: Callable[..., str]
) -> None:
    sha = commit({"here.csv.dvc": POINTERS["here.csv.dvc"]})
    send(project, b"here")
    client.force_login(project.created_by)
    place = f"/{project.owner.slug}/{project.slug}/commit/{sha}"
    assert "The output that DVC tracks in this commit (4 B) can be checked out" in " ".join(
        client.get(place).content.decode().split()
    )
    assert "can be checked out" in client.get(f"{place}/data").content.decode()


def test_through_the_api(client: Client, project: Project, sha: str) -> None:
    headers = {"Authorization": f"Bearer {builders.make_token(project.created_by)}"}
    base_address = f"/api/v1/repos/{project.owner.slug}/{project.slug}"
    answer = client.get(f"{base_address}/availability/main?limit=2", headers=headers)
    assert (answer.status_code, answer["X-Total-Count"]) == (200, "4")
    body = answer.json()
    assert (body["commit"], body["state"], body["outputs"], body["missing"]) == (sha, "missing", 5, 1)
    assert [one["path"] for one in body["lacking"]] == ["cloud.bin", "never.csv"]
    commit = client.get(f"{base_address}/commits/main", headers=headers).json()
    assert commit["availability"] == {key: value for key, value in body.items() if key != "lacking"}
    assert client.get(f"{base_address}/availability/main/x", headers=headers).status_code == 404
    assert client.get(f"{base_address}/availability/main").status_code in {401, 404}


def test_what_dvc_import_brought_is_with_its_source(project: Project, commit: Callable[..., str]) -> None:
    sha = commit({"in.csv.dvc": IMPORTED["in.csv.dvc"]})
    found = selectors.availability(project.pk, sha)
    assert (found.state, found.lacks, found.imported, found.lacking_size, found.whole) == (
        "imported",
        0,
        1,
        0,
        True,
    )
    (one,) = found.lacking
    assert (one.state, one.origin) == ("imported", Origin("repo", SOURCE, "raw/in.csv", "c" * 40))
    assert selectors.outputs(project.pk, sha)[0].presence == "imported"
    assert [one.presence for one in selectors.versions(project.pk, "in.csv", sha)] == ["imported"]
    assert wanted_objects(project.pk, None) == {}
    send(project, b"in")
    assert selectors.availability(project.pk, sha).state == "present"
    assert selectors.resolve_data_file(project.pk, sha, "in.csv").presence == "present"


def test_what_import_url_brought_is_to_be_pushed(project: Project, commit: Callable[..., str]) -> None:
    sha = commit({**IMPORTED, "never.csv.dvc": POINTERS["never.csv.dvc"]})
    found = selectors.availability(project.pk, sha)
    states = [(one.path, one.state, one.origin.url if one.origin else "") for one in found.lacking]
    assert states == [
        ("never.csv", "missing", ""),
        ("url.csv", "missing", "s3://somewhere/url.csv"),
        ("in.csv", "imported", SOURCE),
    ]
    assert (found.state, found.lacks, found.imported, found.lacking_size) == ("missing", 2, 1, 8)


def test_pages_name_the_source_and_link_only_to_the_web(project: Project, commit: Callable[..., str]) -> None:
    sha = commit(IMPORTED)
    reader = Client()
    reader.force_login(project.created_by)
    page = reader.get(f"/{project.owner.slug}/{project.slug}/data/{sha}/in.csv").content.decode()
    assert f'href="{SOURCE}"' in page and "not checked here" in page and "Whoever has" not in page
    page = reader.get(f"/{project.owner.slug}/{project.slug}/data/{sha}/url.csv").content.decode()
    assert "s3://somewhere/url.csv" in page and 'href="s3:' not in page and "dvc update" in page
    page = reader.get(f"/{project.owner.slug}/{project.slug}/commit/{sha}/data").content.decode()
    assert SOURCE in page and "with its source" in page
    page = reader.get(f"/{project.owner.slug}/{project.slug}/src/{sha}/in.csv").content.decode()
    assert SOURCE in page and "with its source" in page


def test_commits_that_an_earlier_release_read_are_read_again(
    project: Project, commit: Callable[..., str]
) -> None:
    sha = commit(IMPORTED)
    RevisionIndex.objects.for_project(project.pk).update(version=INDEX_REVISION.version - 1)
    Job.objects.all().delete()
    assert services.index_outdated() == 1
    assert not RevisionIndex.objects.for_project(project.pk).exists()
    assert not OutputSet.objects.for_project(project.pk).exists()
    for job_id in list(Job.objects.filter(state="queued").values_list("pk", flat=True)):
        base.run(str(job_id), "test")
    assert selectors.availability(project.pk, sha).indexed and services.index_outdated() == 0
