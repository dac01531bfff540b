"""A fork beside its parent: how far apart, brought up to it forward only, under the rules and with the data."""

import pytest

from ropewalk.accounts.models import User
from ropewalk.core.errors import Denied, NotFound
from ropewalk.core.models import Job
from ropewalk.data import selectors
from ropewalk.data import services as data
from ropewalk.projects import services as projects
from ropewalk.projects.models import Project
from ropewalk.repos import git, refs, services
from ropewalk.repos.models import Push
from tests.factories.builders import access_of
from tests.integration.data.conftest import send
from tests.integration.forks.conftest import feed, fork_of, work
from tests.integration.repos.conftest import commit, write


@pytest.fixture
def fork(parent: Project, forker: User) -> Project:
    return Project.objects.get(pk=fork_of(parent, forker).project.id)


def add(project: Project, when: int, branch: str = "main") -> str:
    """A commit on a branch; its name."""
    name = f"refs/heads/{branch}"
    now = refs.read_refs(project.pk).get(name, "")
    stream = commit(name, 1_700_001_000 + when, f"at {when}", write(f"{when}.txt", b"x"), parent=now)
    feed(project, stream)
    services.reconcile(project_id=project.pk)
    return refs.read_refs(project.pk)[name]


def tip(project: Project, branch: str = "main") -> str:
    return refs.read_refs(project.pk)[f"refs/heads/{branch}"]


def apart(forker: User, fork: Project, branch: str = "") -> tuple[int | None, int | None]:
    access = access_of(forker, fork)
    found = selectors.upstream(access.actor, access.project, branch)
    return found.ahead, found.behind


def test_new_commits_and_data_come_and_the_push_is_recorded(
    parent: Project, fork: Project, forker: User
) -> None:
    assert apart(forker, fork) == (0, 0)
    add(parent, 1)
    newest = add(parent, 2)
    late = send(parent, b"late")
    assert apart(forker, fork) == (0, 2)
    assert data.sync_fork(access_of(forker, fork))
    assert (apart(forker, fork), tip(fork)) == ((0, 0), newest)
    recorded = Push.objects.for_project(fork.pk).latest("pk")
    assert ([update["new"] for update in recorded.updates], recorded.pusher_id) == ([newest], forker.pk)
    assert Job.objects.filter(project_id=fork.pk, kind="index-revision", fingerprint=newest).exists()
    assert selectors.object_state(fork.pk, late) is None
    assert work(fork.pk).state == "succeeded"
    assert b"".join(selectors.open_object(fork.pk, late)) == b"late"
    assert git.run(git.repository_path(fork.pk), "fsck", "--full", "--strict").code == 0
    assert not data.sync_fork(access_of(forker, fork))


def test_a_branch_that_is_only_there_is_made(parent: Project, fork: Project, forker: User) -> None:
    newest = add(parent, 3, "fresh")
    assert data.sync_fork(access_of(forker, fork), branch="fresh")
    assert tip(fork, "fresh") == newest
    with pytest.raises(NotFound, match="no branch"):
        data.sync_fork(access_of(forker, fork), branch="nowhere")


def test_own_commits_alone_need_nothing(fork: Project, forker: User) -> None:
    own = add(fork, 4)
    assert apart(forker, fork) == (1, 0)
    assert not data.sync_fork(access_of(forker, fork))
    assert tip(fork) == own


def test_what_diverged_is_left_alone_and_the_way_out_is_said(
    parent: Project, fork: Project, forker: User
) -> None:
    add(parent, 5)
    own = add(fork, 6)
    assert apart(forker, fork) == (1, 1)
    with pytest.raises(data.Diverged, match="has 1 commit") as caught:
        data.sync_fork(access_of(forker, fork))
    assert f"/{parent}.git main" in caught.value.hint
    assert tip(fork) == own


def test_the_rules_for_branches_hold(parent: Project, fork: Project, forker: User) -> None:
    access = access_of(forker, fork)
    services.protect_branches(project=access.project, pattern="main", push_role="nobody", people=[])
    add(parent, 7)
    before = tip(fork)
    with pytest.raises(Denied):
        data.sync_fork(access)
    assert tip(fork) == before


def test_without_the_parent_nothing_comes_and_nothing_shows(
    parent: Project, fork: Project, forker: User
) -> None:
    add(parent, 8)
    before = tip(fork)
    projects.remove_collaborator(project_id=parent.pk, user_id=forker.pk)
    with pytest.raises(NotFound) as caught:
        data.sync_fork(access_of(forker, fork))
    assert parent.slug not in caught.value.message.replace(fork.slug, "")
    with pytest.raises(NotFound):
        apart(forker, fork)
    assert tip(fork) == before


def test_a_project_that_is_no_fork_has_nothing_to_take(parent: Project) -> None:
    with pytest.raises(NotFound):
        data.sync_fork(access_of(parent.created_by, parent))
