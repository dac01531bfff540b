"""Forks: their own repository, the parent's data by reference, and who may do what."""

from datetime import timedelta

import pytest

from ropewalk.access.roles import Role
from ropewalk.accounts import services as accounts
from ropewalk.accounts.models import User
from ropewalk.core import clock, jobs
from ropewalk.core.blobs.disk import DiskStore
from ropewalk.core.errors import Conflict, Denied, Invalid, NotFound, Unauthenticated
from ropewalk.core.models import AuditEvent
from ropewalk.data import selectors
from ropewalk.data import services as data
from ropewalk.data.oids import ObjectAddress
from ropewalk.projects import services as projects
from ropewalk.projects.lineage import count_forks, parent_for
from ropewalk.projects.models import Project
from ropewalk.projects.selectors import view_of
from ropewalk.repos import git, refs
from ropewalk.repos.models import Push
from tests.factories.builders import access_of, make_organization, make_project, make_user
from tests.integration.data.conftest import md5, stored_files
from tests.integration.forks.conftest import STREAM, feed, fork_of, work
from workers.runners import purge_projects

ONE = ObjectAddress(md5(b"one"))


def test_a_fork_has_branches_and_tags_and_nothing_of_ours(
    parent: Project, forker: User, objects: DiskStore
) -> None:
    before = stored_files(objects)
    made = fork_of(parent, forker)
    theirs = refs.read_refs(parent.pk)
    copied = refs.read_refs(made.project.id)
    assert set(copied) == {"refs/heads/main", "refs/heads/side", "refs/tags/v1"}
    assert copied == {name: theirs[name] for name in copied}
    directory = git.repository_path(made.project.id)
    assert not (directory / "objects/info/alternates").exists()
    assert {path.stat().st_nlink for path in (directory / "objects").rglob("*") if path.is_file()} == {1}
    assert git.run(directory, "for-each-ref", "refs/ropewalk").data == b""
    assert git.run(directory, "fsck", "--full", "--strict").code == 0
    assert made.role is Role.OWNER
    assert made.project.visibility == "private"
    assert [content(made.project.id), stored_files(objects)] == [b"one", before]
    push = Push.objects.for_project(made.project.id).get()
    assert push.pusher_id == forker.pk
    assert AuditEvent.objects.filter(action="project.forked", project_id=made.project.id).exists()


def content(project_id: int) -> bytes:
    return b"".join(selectors.open_object(project_id, ONE))


def test_only_the_default_branch_if_so_wished(parent: Project, forker: User) -> None:
    made = fork_of(parent, forker, default_only=True, slug="small", description="Mine")
    assert set(refs.read_refs(made.project.id)) == {"refs/heads/main"}
    assert (made.project.slug, made.project.description) == ("small", "Mine")
    assert git.run(git.repository_path(made.project.id), "fsck", "--full").code == 0


def test_a_fork_outlives_its_parent_and_with_the_last_of_them_everything_goes(
    parent: Project, forker: User, objects: DiskStore
) -> None:
    made = fork_of(parent, forker)
    _purge(parent)
    assert content(made.project.id) == b"one"
    fork = Project.objects.get(pk=made.project.id)
    assert (fork.forked_from_id, git.run(git.repository_path(fork.pk), "fsck").code) == (None, 0)
    _purge(fork)
    assert stored_files(objects) == []


def _purge(project: Project) -> None:
    Project.objects.filter(pk=project.pk).update(deleted_at=clock.now() - timedelta(days=30))
    assert purge_projects.purge() == 1


def test_one_fork_an_owner_and_a_second_asking_leads_to_it(parent: Project, forker: User) -> None:
    access = access_of(forker, parent)
    made = data.start_fork(access, forker.username)
    with pytest.raises(data.ForkExists) as caught:
        data.start_fork(access, forker.username, slug="another")
    assert caught.value.fork.id == made.project.id
    team = make_organization(owner=forker)
    data.start_fork(access, team.owner.slug)
    assert count_forks(forker.pk, parent.pk) == 2
    assert count_forks(parent.created_by_id, parent.pk) == 0  # private ones of somebody else


def test_a_member_becomes_maintainer_of_a_fork_in_an_organization(parent: Project, forker: User) -> None:
    team = make_organization()
    accounts.set_member(owner_id=team.owner_id, username=forker.username, role="member")
    made = data.start_fork(access_of(forker, parent), team.owner.slug)
    assert made.role is Role.MAINTAINER


def test_who_may_not(parent: Project, forker: User) -> None:
    access = access_of(forker, parent)
    with pytest.raises(Denied):
        data.start_fork(access, make_organization().owner.slug)
    with pytest.raises(NotFound):
        data.start_fork(access, "nobody-at-all")
    with pytest.raises(Invalid, match="belongs to"):
        data.start_fork(access_of(parent.created_by, parent), parent.owner.slug)
    make_project("wine", owner=forker)
    with pytest.raises(Conflict, match="already a project"):
        data.start_fork(access, forker.username)
    everybody = make_project(visibility="public")
    with pytest.raises(Unauthenticated):
        data.start_fork(access_of(None, everybody), forker.username)
    assert not Project.objects.filter(forked_from__isnull=False).exists()


def test_a_fork_is_never_more_visible_than_its_parent(parent: Project, forker: User) -> None:
    with pytest.raises(Invalid, match="more visible"):
        data.start_fork(access_of(forker, parent), forker.username, visibility="internal")
    made = fork_of(parent, forker)
    for visibility in ("internal", "public"):
        with pytest.raises(Invalid, match="more visible"):
            projects.update_project(project_id=made.project.id, visibility=visibility)
    projects.update_project(project_id=parent.pk, visibility="internal")
    projects.update_project(project_id=made.project.id, visibility="internal")


def test_who_loses_the_parent_keeps_the_fork_and_gets_nothing_new(parent: Project, forker: User) -> None:
    made = data.start_fork(access_of(forker, parent), forker.username)
    projects.remove_collaborator(project_id=parent.pk, user_id=forker.pk)
    job = work(made.project.id)
    assert (job.state, job.error_code) == ("failed", "not_found")
    assert refs.read_refs(made.project.id) == {}
    assert selectors.usage(made.project.id).count == 0
    assert parent.owner.slug not in job.error_message


def test_the_parent_shows_only_to_who_may_see_it(parent: Project, forker: User) -> None:
    made = fork_of(parent, forker)
    assert parent_for(forker.pk, made.project) == view_of(Project.objects.get(pk=parent.pk))
    for viewer in (None, make_user().pk):
        assert parent_for(viewer, made.project) is None
    projects.delete_project(project_id=parent.pk)
    assert parent_for(forker.pk, made.project) is None


@pytest.mark.parametrize("killed_in", ["copy_refs", "_record", "share_all"])
def test_a_job_that_was_killed_is_repaired_by_the_next_attempt(
    parent: Project, forker: User, killed_in: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from ropewalk.data.services import forks

    place = forks.copying if killed_in == "copy_refs" else forks
    whole = getattr(place, killed_in)

    def killed(*args: object, **kwargs: object) -> None:
        if killed_in != "_record":
            whole(*args, **kwargs)
        raise SystemExit

    monkeypatch.setattr(place, killed_in, killed)
    made = data.start_fork(access_of(forker, parent), forker.username)
    with pytest.raises(SystemExit):
        work(made.project.id)
    monkeypatch.undo()
    _sweep_up(made.project.id)
    assert work(made.project.id).state == "succeeded"
    assert len(refs.read_refs(made.project.id)) == 3
    assert content(made.project.id) == b"one"
    recorded = Push.objects.for_project(made.project.id).get()
    assert (len(recorded.updates), recorded.repaired) == (3, killed_in != "share_all")


def _sweep_up(project_id: int) -> None:
    """What beat does with the job of a worker that died."""
    from ropewalk.core.models import Job

    long_ago = clock.now() - timedelta(hours=1)
    Job.objects.filter(project_id=project_id, kind="fork-project").update(heartbeat_at=long_ago)
    jobs.sweep()


def test_what_was_pushed_into_a_young_fork_is_not_overwritten(parent: Project, forker: User) -> None:
    from ropewalk.repos import services as repos

    made = data.start_fork(access_of(forker, parent), forker.username)
    repos.ensure_repository(project_id=made.project.id)
    feed(Project.objects.get(pk=made.project.id), STREAM.replace(b"two", b"own"))
    own = refs.read_refs(made.project.id)["refs/heads/main"]
    assert work(made.project.id).state == "succeeded"
    assert refs.read_refs(made.project.id)["refs/heads/main"] == own


def test_a_repository_beyond_the_limit_is_refused_in_words(
    parent: Project, forker: User, settings: object
) -> None:
    settings.ROPEWALK_MAX_IMPORT_BYTES = 100  # type: ignore[attr-defined]
    made = data.start_fork(access_of(forker, parent), forker.username)
    job = work(made.project.id)
    assert (job.state, job.error_code) == ("failed", "too_large")
