"""The pages of an import: its form, how far it is, trying again, cancelling; and who may."""

import ipaddress
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import connections
from django.test import Client

from ropewalk.core.models import AuditEvent, Job
from ropewalk.projects.models import Project
from ropewalk.repos import refs, selectors
from tests.factories import builders
from tests.fixtures.elsewhere import Elsewhere, make_repository, serving
from workers.runners import base

SECRET = "hidden-token"


@pytest.fixture
def place(transactional_db: None, settings: Any, tmp_path: Path) -> Iterator[Elsewhere]:
    settings.REPOSITORIES_ROOT = tmp_path / "repos"
    settings.ROPEWALK_ALLOWED_NETWORKS = (ipaddress.ip_network("127.0.0.1/32"),)
    (tmp_path / "there").mkdir()
    make_repository(tmp_path / "there" / "code.git")
    with serving(Elsewhere(tmp_path / "there", user="ada", password=SECRET)) as running:
        yield running


@pytest.fixture
def me(client: Client, transactional_db: None) -> Any:
    user = builders.make_user()
    client.force_login(user)
    return user


def _form(user: Any, url: str, **more: str) -> dict[str, str]:
    return {"url": url, "owner": user.owner.slug, "name": "copy", "visibility": "private", **more}


def _import(client: Client, user: Any, url: str, **more: str) -> tuple[Project, Job, str]:
    answer = client.post("/new/import", _form(user, url, **more))
    address = f"/{user.owner.slug}/copy/import"
    assert (answer.status_code, answer.headers.get("Location")) == (302, address)
    project = Project.objects.get(slug="copy")
    return project, Job.objects.get(project_id=project.pk, kind="import-repository"), address


def test_a_refused_form_shows_no_secret_and_keeps_the_rest(client: Client, me: Any) -> None:
    answer = client.post("/new/import", _form(me, f"https://ada:{SECRET}@127.0.0.1/a.git"))
    page = answer.content.decode()
    assert "does not go to" in page
    assert SECRET not in page
    assert 'value="https://127.0.0.1/a.git"' in page
    assert 'value="ada"' in page
    answer = client.post("/new/import", _form(me, "git://127.0.0.1/a.git", username="ada", password=SECRET))
    page = answer.content.decode()
    assert "Only https:// and http://" in page
    assert SECRET not in page
    assert "<details" in page
    assert " open>" in page
    assert not Project.objects.exists()


def test_wrong_sign_in_then_the_right_one(client: Client, me: Any, place: Elsewhere) -> None:
    project, job, address = _import(client, me, f"{place.url}/code.git", username="ada", password="wrong")
    page = client.get(address).content.decode()
    assert "Cancel the import" in page
    assert "being imported" in client.get(f"/{me.owner.slug}/copy").content.decode()
    base.run(str(job.pk), "test")
    page = client.get(address).content.decode()
    assert "did not accept the sign-in" in page
    assert " open>" in page  # the fields to correct are shown
    assert "wrong" not in page
    assert "was not imported" in client.get(f"/{me.owner.slug}/copy").content.decode()
    url = place.url.replace("http://", f"http://ada:{SECRET}@")
    assert client.post(address, {"url": f"{url}/code.git"}).status_code == 302
    base.run(str(job.pk), "test")
    assert "All branches and tags are here" in client.get(address).content.decode()
    assert refs.read_refs(project.pk)
    again = client.post(address, {"url": f"{place.url}/code.git"}, follow=True)
    assert "not one that failed" in again.content.decode()


def test_cancelled_before_it_began(client: Client, me: Any, place: Elsewhere) -> None:
    project, job, address = _import(client, me, f"{place.url}/code.git", username="ada", password=SECRET)
    assert client.post(f"{address}/cancel").status_code == 302
    base.run(str(job.pk), "test")  # the message comes late
    job.refresh_from_db()
    assert (job.state, job.error_code) == ("failed", "cancelled")
    assert not place.seen
    source = selectors.import_source(project.pk)
    assert source is not None
    assert not source.has_sign_in
    assert AuditEvent.objects.filter(action="project.import_cancelled", project_id=project.pk).count() == 1
    assert f"{me.username} cancelled it" in client.get(address).content.decode()
    assert "ended already" in client.post(f"{address}/cancel", follow=True).content.decode()


@pytest.mark.parametrize("silent_at", ["info/refs", "git-upload-pack"])
def test_cancelled_while_the_other_server_says_nothing(
    client: Client, me: Any, place: Elsewhere, silent_at: str
) -> None:
    _, job, address = _import(client, me, f"{place.url}/code.git", username="ada", password=SECRET)
    reached, goes_on = threading.Event(), threading.Event()

    def stand_still() -> None:
        if silent_at in place.seen[-1][1]:
            reached.set()
            goes_on.wait(60)

    place.watch = stand_still

    def work() -> None:
        base.run(str(job.pk), "test")
        connections.close_all()

    worker = threading.Thread(target=work)
    worker.start()
    try:
        assert reached.wait(60)
        client.post(f"{address}/cancel")
        worker.join(40)  # the other server still stands still: only the cancellation ends git
        assert not worker.is_alive()
    finally:
        goes_on.set()
        worker.join()
    job.refresh_from_db()
    assert (job.state, job.error_code) == ("failed", "cancelled")
    place.watch = lambda: None
    client.post(address, {"url": f"{place.url}/code.git", "username": "ada", "password": SECRET})
    base.run(str(job.pk), "test")
    job.refresh_from_db()
    assert job.state == "succeeded"


def test_only_maintainers_see_where_from_and_try_again(client: Client, me: Any, place: Elsewhere) -> None:
    project, job, address = _import(client, me, f"{place.url}/none.git", username="ada", password=SECRET)
    base.run(str(job.pk), "test")
    reader = builders.make_user()
    builders.make_collaborator(project, "reader", reader)
    other = Client()
    other.force_login(reader)
    for path in (address, f"{address}/cancel"):
        assert other.post(path, {"url": f"{place.url}/code.git"}).status_code == 403
    other.post(f"/{me.owner.slug}/copy/jobs/{job.pk}/retry")
    job.refresh_from_db()
    assert job.state == "failed"
    for path in ("", "/jobs"):
        page = other.get(f"/{me.owner.slug}/copy{path}").content.decode()
        assert place.url not in page
        assert "no repository at this address" in page
    plain = builders.make_project(owner=me)
    assert client.get(f"/{plain.owner.slug}/{plain.slug}/import").status_code == 404
