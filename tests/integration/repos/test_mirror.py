"""A project follows a repository on another server: what changes there arrives here, and only that."""

import ipaddress
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from ropewalk.access.roles import Permission
from ropewalk.core import clock, jobs
from ropewalk.core.errors import Denied, Invalid, NotFound
from ropewalk.core.models import AuditEvent, Job
from ropewalk.data import services
from ropewalk.data.types import SYNC_MIRROR
from ropewalk.projects.models import Project
from ropewalk.projects.services import archive_project
from ropewalk.repos import git, refs
from ropewalk.repos import services as repos
from ropewalk.repos.models import PullMirror, Push
from ropewalk.repos.selectors import pull_mirror
from tests.factories import builders
from tests.fixtures.upstream import Upstream, git_daemon
from workers.runners import base

HOUR = 3600


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("elsewhere")


@pytest.fixture(scope="module")
def daemon(folder: Path) -> Iterator[str]:
    with git_daemon(folder) as url:
        yield url


@pytest.fixture
def upstream(folder: Path, daemon: str, request: pytest.FixtureRequest) -> Upstream:
    """Three commits on ``main``, one on ``side``, a tag, a pull that nobody follows."""
    name = f"{request.node.name}.git"
    made = Upstream(folder / name, f"{daemon}/{name}")
    made.commits("main", 3)
    made.commits("side", 1, parent="refs/heads/main", start=10)
    made.git("tag", "v1", "main")
    made.git("update-ref", "refs/pull/1/head", "main")
    return made


@pytest.fixture(autouse=True)
def allowed(db: None, settings: Any, tmp_path: Path) -> None:
    settings.REPOSITORIES_ROOT = tmp_path / "repos"
    settings.ROPEWALK_ALLOWED_NETWORKS = (ipaddress.ip_network("127.0.0.1/32"),)


def imported(upstream: Upstream, interval: int = HOUR) -> Project:
    """A project that was imported as a mirror."""
    user = builders.make_user()
    project = services.start_import(
        url=upstream.url,
        owner_id=user.owner.pk,
        slug="copy",
        created_by_id=user.pk,
        description="",
        visibility="private",
        mirror_interval=interval,
    )
    job = Job.objects.get(project_id=project.pk, kind="import-repository")
    base.run(str(job.pk), "test")
    job.refresh_from_db()
    assert (job.state, job.error_message) == ("succeeded", "")
    project.refresh_from_db()
    return project


def run_asked(project: Project) -> Job:
    """Run the sync that waits; how it ended."""
    job = jobs.unfinished(project.pk, [SYNC_MIRROR])
    assert job is not None
    base.run(str(job.pk), "test")
    job.refresh_from_db()
    return job


def sync(project: Project) -> Job:
    services.request_sync(project_id=project.pk, cause="button")
    return run_asked(project)


def here(project: Project) -> dict[str, str]:
    return repos.followed_refs(project.pk)


def row(project: Project) -> PullMirror:
    return PullMirror.objects.for_project(project.pk).get()


def test_every_kind_of_change_arrives(upstream: Upstream) -> None:
    project = imported(upstream)
    assert here(project) == upstream.refs()
    path = git.repository_path(project.pk)
    tip = here(project)["refs/heads/main"]
    for name in ("refs/ropewalk/own", "refs/exps/ab/cdef", "refs/pull/7/head"):
        git.run(path, "update-ref", name, tip)
    side = upstream.tip("refs/heads/side")
    upstream.commits("main", 1, start=20)  # a new commit
    upstream.commits("new/branch", 2, parent="refs/heads/main", start=30)
    upstream.git("update-ref", "-d", "refs/heads/side")
    upstream.commits("side/below", 1, parent="refs/tags/v1", start=35)  # git can't have both at once
    upstream.git("tag", "-f", "v1", "main~2")
    upstream.git("tag", "-a", "-m", "second", "v2", "main")
    job = sync(project)
    assert (job.state, job.error_message) == ("succeeded", "")
    assert here(project) == upstream.refs()
    told = {update["name"]: update["what"] for update in job.result["updates"]}
    assert told == {
        "refs/heads/main": "moved",
        "refs/heads/new/branch": "new",
        "refs/heads/side": "deleted",
        "refs/heads/side/below": "new",
        "refs/tags/v1": "replaced",
        "refs/tags/v2": "new",
    }
    all_refs = git.run(path, "for-each-ref", "--format=%(refname)").data.decode().split()
    hidden = [name for name in all_refs if not name.startswith(("refs/heads/", "refs/tags/"))]
    kept = [name for name in hidden if name.startswith(refs.KEPT_PREFIX)]
    assert [name.rpartition("/")[2] for name in kept] == [side]  # a deleted branch can be restored
    assert set(hidden) - set(kept) == {"refs/ropewalk/own", "refs/exps/ab/cdef", "refs/pull/7/head"}
    push = Push.objects.for_project(project.pk).latest("pk")
    assert (push.mirrored, push.repaired, push.pusher_id) == (True, False, None)
    indexed = Job.objects.filter(project_id=project.pk, kind="index-revision").values_list(
        "fingerprint", flat=True
    )
    assert upstream.tip("refs/heads/main") in indexed


def test_replaced_history_is_followed_and_told(upstream: Upstream) -> None:
    project = imported(upstream)
    upstream.git("update-ref", "refs/heads/main", "main~2")
    upstream.commits("main", 1, start=40)
    job = sync(project)
    assert here(project) == upstream.refs()
    assert job.result["updates"][0]["what"] == "replaced"
    update = Push.objects.for_project(project.pk).latest("pk").updates[0]
    assert (update["name"], update["forced"]) == ("refs/heads/main", True)


def test_nothing_new_is_no_push(upstream: Upstream) -> None:
    project = imported(upstream)
    before = Push.objects.for_project(project.pk).count()
    job = sync(project)
    assert job.result == {"changed": 0, "updates": [], "skipped": 0}
    assert Push.objects.for_project(project.pk).count() == before
    assert row(project).synced_at is not None


def test_an_emptied_server_removes_nothing(upstream: Upstream) -> None:
    project = imported(upstream)
    before = here(project)
    upstream.git("update-ref", "-d", "refs/heads/side")
    upstream.git("update-ref", "-d", "refs/heads/main")
    job = sync(project)
    assert (job.state, job.error_code) == ("failed", "fetch_failed")
    assert "offers no branches; nothing was removed" in job.error_message
    assert here(project) == before


def test_default_branch_follows_unless_chosen_here(upstream: Upstream) -> None:
    project = imported(upstream)
    upstream.git("branch", "-m", "main", "trunk")
    sync(project)
    project.refresh_from_db()
    assert project.default_branch == "trunk"
    repos.set_default_branch(project_id=project.pk, name="side")
    upstream.git("branch", "other", "trunk")
    upstream.git("symbolic-ref", "HEAD", "refs/heads/other")
    sync(project)
    project.refresh_from_db()
    assert project.default_branch == "side"


def test_an_existing_project_becomes_one_and_ends_it(upstream: Upstream, daemon: str) -> None:
    project = builders.make_project()
    access = builders.access_of(project.created_by, project)
    assert access.may(Permission.CODE_WRITE)
    services.start_mirror(
        project_id=project.pk, address=upstream.url, interval=0, requested_by_id=project.created_by_id
    )
    run_asked(project)
    assert here(project) == upstream.refs()
    project.refresh_from_db()
    assert project.mirror_of == upstream.url
    with pytest.raises(Denied) as refused:
        builders.access_of(project.created_by, project, Permission.CODE_WRITE)
    assert f"is a mirror of {upstream.url}" in refused.value.message
    services.end_mirror(project_id=project.pk)
    assert builders.access_of(project.created_by, project, Permission.CODE_WRITE)
    with pytest.raises(NotFound):
        services.request_sync(project_id=project.pk, cause="button")
    actions = AuditEvent.objects.filter(project_id=project.pk).values_list("action", flat=True)
    assert {"mirror.started", "mirror.ended"} <= set(actions)


def test_addresses_are_checked_when_chosen_and_at_each_sync(upstream: Upstream, settings: Any) -> None:
    project = imported(upstream)
    settings.ROPEWALK_ALLOWED_NETWORKS = ()
    job = sync(project)
    assert (job.state, job.error_code) == ("failed", "address_refused")
    other = builders.make_project()
    for address in (upstream.url, "file:///etc", upstream.url.replace("//", "//me:secret@")):
        with pytest.raises(Invalid):
            services.start_mirror(project_id=other.pk, address=address, interval=0, requested_by_id=1)
    assert not PullMirror.objects.for_project(other.pk).exists()


def test_it_does_not_follow_itself(settings: Any) -> None:
    project = builders.make_project()
    settings.ROPEWALK_URL = "http://127.0.0.1:8000"
    with pytest.raises(Invalid, match="itself"):
        services.start_mirror(
            project_id=project.pk,
            address=f"http://127.0.0.1:8000/{project}.git",
            interval=0,
            requested_by_id=1,
        )


def test_failures_wait_longer_and_are_forgotten(upstream: Upstream) -> None:
    project = imported(upstream)
    away = upstream.path.rename(upstream.path.with_suffix(".away"))
    for failures, hours in ((1, 2), (2, 4), (3, 8), (4, 16), (5, 24), (6, 24)):
        assert sync(project).state == "failed"
        now = row(project)
        assert now.failures == failures
        assert now.next_at is not None
        assert abs((now.next_at - clock.now()).total_seconds() / HOUR - hours) < hours * 0.06
    seen = pull_mirror(project.pk)
    assert seen is not None
    assert seen.keeps_failing
    assert "no repository at this address" in seen.last_error
    away.rename(upstream.path)
    sync(project)
    now = row(project)
    assert (now.failures, now.last_error) == (0, "")


def test_one_waits_at_a_time_and_one_follows_a_running_one(upstream: Upstream) -> None:
    project = imported(upstream)
    services.request_sync(project_id=project.pk, cause="webhook")
    services.request_sync(project_id=project.pk, cause="webhook")
    assert Job.objects.filter(project_id=project.pk, kind="sync-mirror").count() == 1
    running = Job.objects.get(project_id=project.pk, kind="sync-mirror")
    Job.objects.filter(pk=running.pk).update(state="running")
    services.request_sync(project_id=project.pk, cause="webhook")
    assert services.request_due_syncs() == 0  # one runs
    Job.objects.filter(pk=running.pk).update(state="queued")
    base.run(str(running.pk), "test")
    assert services.request_due_syncs() == 1


def test_the_schedule_asks_for_what_is_due(upstream: Upstream, settings: Any) -> None:
    settings.ROPEWALK_MIRRORS_AT_ONCE = 1
    projects = [imported(upstream), imported(upstream)]
    assert services.request_due_syncs() == 0  # the hour is not over
    past = clock.now() - timedelta(minutes=1)
    PullMirror.objects.unscoped("test").update(next_at=past)
    archive_project(project_id=projects[0].pk, archived=True)
    assert services.request_due_syncs() == 1
    assert jobs.unfinished(projects[1].pk, [SYNC_MIRROR]) is not None
    run_asked(projects[1])
    assert services.request_due_syncs() == 0
    with pytest.raises(Denied, match="archived"):
        services.request_sync(project_id=projects[0].pk, cause="button")
    archive_project(project_id=projects[0].pk, archived=False)
    assert services.request_due_syncs() == 1


def test_what_was_archived_meanwhile_is_not_changed(upstream: Upstream) -> None:
    project = imported(upstream, interval=0)
    before = here(project)
    services.request_sync(project_id=project.pk, cause="button")
    archive_project(project_id=project.pk, archived=True)
    upstream.commits("main", 1, start=60)
    assert run_asked(project).state == "succeeded"
    assert here(project) == before
    archive_project(project_id=project.pk, archived=False)
    assert services.request_due_syncs() == 1
    run_asked(project)
    assert here(project) == upstream.refs()


def test_a_lost_sync_is_settled_by_the_sweep(upstream: Upstream) -> None:
    project = imported(upstream)
    services.request_sync(project_id=project.pk, cause="button")
    Job.objects.filter(project_id=project.pk, kind="sync-mirror").update(
        state="failed", error_message="The worker ended 3 times while it ran this."
    )
    services.request_due_syncs()
    now = row(project)
    assert (now.failures, now.asked_at) == (1, None)
    assert "worker ended" in now.last_error
    assert now.next_at is not None


def test_a_cancelled_import_does_not_begin_again_by_itself(upstream: Upstream) -> None:
    user = builders.make_user()
    project = services.start_import(
        url=upstream.url,
        owner_id=user.owner.pk,
        slug="copy",
        created_by_id=user.pk,
        description="",
        visibility="private",
        mirror_interval=HOUR,
    )
    assert services.cancel_import(project_id=project.pk, cancelled_by="ada")
    assert services.request_due_syncs() == 0
    now = row(project)
    assert (now.asked_at, now.next_at) == (None, None)
    assert "ada cancelled it" in now.last_error
    sync(project)
    assert here(project) == upstream.refs()


def test_the_size_limit_holds(upstream: Upstream, settings: Any) -> None:
    project = imported(upstream)
    before = here(project)
    settings.ROPEWALK_MAX_IMPORT_BYTES = 1000
    upstream.fill(
        b"commit refs/heads/main\ncommitter A <a@example.org> 1700001000 +0000\ndata 1\nx\nfrom refs/heads/main^0\n"
        b"M 100644 inline big\ndata 100000\n" + bytes(range(250)) * 400 + b"\n"
    )
    assert sync(project).error_code == "too_large"
    assert here(project) == before


def test_ten_thousand_commits_and_what_changes_after_them(upstream: Upstream) -> None:
    upstream.commits("trunk", 10_001)
    project = imported(upstream)
    path = git.repository_path(project.pk)
    assert int(git.run(path, "rev-list", "--count", "refs/heads/trunk").data) == 10_001
    git.run(path, "update-ref", "refs/ropewalk/own", "refs/heads/main")
    upstream.commits("trunk", 1, start=10_001)
    upstream.commits("fresh", 1, parent="refs/heads/trunk", start=10_100)
    upstream.git("update-ref", "-d", "refs/heads/side")
    upstream.git("tag", "-f", "v1", "trunk~5000")
    upstream.git("update-ref", "refs/heads/main", "main~2")
    assert sync(project).state == "succeeded"
    assert here(project) == upstream.refs()
    assert int(git.run(path, "rev-list", "--count", "refs/heads/fresh").data) == 10_003
    assert git.run(path, "rev-parse", "refs/ropewalk/own").code == 0
    assert not git.run(path, "for-each-ref", repos.STAGING).data
    git.run(path, "fsck", "--connectivity-only", timeout=120)
