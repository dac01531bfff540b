"""Mirrors on the pages: chosen, seen, asked for and ended; what a mirror refuses says where to push."""

import ipaddress
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from ropewalk.core.models import Job
from ropewalk.projects.models import Project
from ropewalk.repos.models import PullMirror
from tests.factories import builders
from tests.fixtures.elsewhere import Elsewhere, make_repository, serving
from tests.fixtures.upstream import Upstream, git_daemon
from workers.runners import base


@pytest.fixture
def upstream(tmp_path: Path) -> Iterator[Upstream]:
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    with git_daemon(folder) as url:
        made = Upstream(folder / "original.git", f"{url}/original.git")
        made.commits("main", 2)
        yield made


@pytest.fixture
def project(db: None, settings: Any, tmp_path: Path) -> Project:
    settings.REPOSITORIES_ROOT = tmp_path / "repos"
    settings.ROPEWALK_ALLOWED_NETWORKS = (ipaddress.ip_network("127.0.0.1/32"),)
    return builders.make_project(visibility="public")


@pytest.fixture
def owner(project: Project) -> Client:
    return browser(project.created_by)


def browser(user: Any) -> Client:
    client = Client()
    client.force_login(user)
    return client


def text(client: Client, project: Project, path: str, data: dict[str, str] | None = None) -> str:
    url = f"/{project}{path}"
    answer = client.get(url) if data is None else client.post(url, data, follow=True)
    return " ".join(answer.content.decode().split())


def start(owner: Client, project: Project, upstream: Upstream, **changed: str) -> str:
    data = {"address": upstream.url, "interval": "3600", "agreed": "on"} | changed
    return text(owner, project, "/settings/mirror/start", data)


def run_asked(project: Project) -> None:
    job = Job.objects.filter(project_id=project.pk, kind="sync-mirror", state="queued").get()
    base.run(str(job.pk), "test")


def test_from_choosing_to_ending(project: Project, owner: Client, upstream: Upstream) -> None:
    assert "Follow a repository on another server" in text(owner, project, "/settings/mirror")
    shown = start(owner, project, upstream)
    assert "first sync under way" in shown
    assert "waits for a worker" in shown
    run_asked(project)
    shown = text(owner, project, "/settings/mirror")
    assert 'branch <span class="mono">main</span> new' in shown
    assert "/api/v1/hooks/mirror/" in shown
    assert "Mirror of" in text(Client(), project, "")  # everybody sees what the project is
    assert "/api/v1/hooks/mirror/" not in text(Client(), project, "")
    upstream.commits("main", 1, start=5)
    text(owner, project, "/mirror/sync", {})
    run_asked(project)
    assert 'branch <span class="mono">main</span> moved' in text(owner, project, "/settings/mirror")
    assert "Stop following" in text(owner, project, "/settings/mirror/end")
    assert "follows nothing any more" in text(owner, project, "/settings/mirror/end", {})
    assert "Mirror of" not in text(Client(), project, "")


def test_nothing_else_writes_to_it(project: Project, owner: Client, upstream: Upstream) -> None:
    start(owner, project, upstream)
    run_asked(project)
    files = text(owner, project, "/src/main")
    assert "/new/main" not in files
    for path, data in (
        ("/new/main", {"name": "a", "content": "b"}),
        ("/branches/new", {"name": "mine", "start": "main"}),
        ("/branches/delete", {"branch": "main", "seen": upstream.tip("refs/heads/main")}),
        ("/tags/new", {"name": "v9", "target": "main"}),
    ):
        shown = text(owner, project, path, data)
        assert f"is a mirror of {upstream.url}" in shown
        assert "Push to the original" in shown
    answer = owner.post(
        f"/api/v1/repos/{project}/branches", {"new_branch_name": "mine"}, content_type="application/json"
    )
    assert (answer.status_code, answer.json()["code"]) == (403, "mirror")


def test_a_writer_may_ask_and_not_choose(project: Project, owner: Client, upstream: Upstream) -> None:
    start(owner, project, upstream)
    run_asked(project)
    writer = browser(builders.make_collaborator(project, "writer"))
    reader = browser(builders.make_collaborator(project, "reader"))
    assert reader.post(f"/{project}/mirror/sync").status_code == 403
    assert writer.post(f"/{project}/mirror/sync").status_code == 302
    assert writer.get(f"/{project}/settings/mirror").status_code == 403
    run_asked(project)


def test_faults_are_told_at_the_form(
    project: Project, owner: Client, upstream: Upstream, settings: Any
) -> None:
    assert "This field is required" in start(owner, project, upstream, agreed="")
    assert "This is not an address" in start(owner, project, upstream, address="x\\y")
    settings.ROPEWALK_MIRROR_MIN_MINUTES = 120
    assert "not one of the available choices" in start(owner, project, upstream)
    settings.ROPEWALK_ALLOWED_NETWORKS = ()
    assert "does not go to" in start(owner, project, upstream, interval="0")
    assert not PullMirror.objects.for_project(project.pk).exists()


def test_failures_are_shown_where_somebody_can_mend_them(
    project: Project, owner: Client, upstream: Upstream
) -> None:
    start(owner, project, upstream)
    run_asked(project)
    upstream.path.rename(upstream.path.with_suffix(".away"))
    for _ in range(3):
        text(owner, project, "/mirror/sync", {})
        run_asked(project)
    assert "The last 3 syncs failed" in text(owner, project, "/settings/mirror")
    assert "failed 3 times in a row" in text(owner, project, "/src/main")
    anybody = text(Client(), project, "")
    assert "last sync failed" in anybody
    assert "failed 3 times in a row" not in anybody


def test_an_archived_mirror_rests(project: Project, owner: Client, upstream: Upstream) -> None:
    start(owner, project, upstream)
    run_asked(project)
    text(owner, project, "/settings/archive", {})
    assert "resting while the project is archived" in text(owner, project, "")
    assert owner.post(f"/{project}/mirror/sync").status_code == 403
    assert "Sync now" not in text(owner, project, "/settings/mirror")


def test_the_interval_is_changed(project: Project, owner: Client, upstream: Upstream) -> None:
    start(owner, project, upstream)
    run_asked(project)
    assert "Saved." in text(owner, project, "/settings/mirror", {"interval": "0"})
    row = PullMirror.objects.for_project(project.pk).get()
    assert (row.interval, row.next_at) == (0, None)


def test_pushing_to_another_server(
    project: Project, owner: Client, upstream: Upstream, tmp_path: Path
) -> None:
    start(owner, project, upstream)
    run_asked(project)
    make_repository(tmp_path / "there" / "copy.git")
    config = [
        "git",
        "-C",
        str(tmp_path / "there" / "copy.git"),
        "config",
        "receive.denyDeleteCurrent",
        "ignore",
    ]
    subprocess.run(config, check=True)
    with serving(Elsewhere(tmp_path / "there", user="robot", password="s3cret")) as there:
        data = {
            "address": f"{there.url}/copy.git",
            "username": "robot",
            "password": "s3cret",
            "sync_on_push": "on",
            "interval": "0",
        }
        assert "This field is required" in text(owner, project, "/settings/mirror/push/new", data)
        shown = text(owner, project, "/settings/mirror/push/new", data | {"agreed": "on"})
        assert "The first push has begun." in shown
        assert "s3cret" not in shown
        job = Job.objects.get(project_id=project.pk, kind="push-to-mirror")
        base.run(str(job.pk), "test")
        key = job.subject.split(":")[1]
        shown = text(owner, project, f"/settings/mirror/push/{key}")
        assert 'branch <span class="mono">main</span> new' in shown
        assert 'branch <span class="mono">trunk</span> deleted' in shown
        assert "the beginning" in shown
    assert "Saved." in text(owner, project, f"/settings/mirror/push/{key}", {"interval": "86400"})
    listed = text(owner, project, "/settings/mirror")
    assert "by the clock" in listed
    assert "each change" not in listed
    assert "Nothing is pushed to" in text(owner, project, f"/settings/mirror/push/{key}/remove", {})
    assert owner.get(f"/{project}/settings/mirror/push/{key}").status_code == 404
