import os
import time

import pytest

from ropewalk.core.errors import Invalid
from ropewalk.core.scoping import UnscopedQuery
from ropewalk.projects.models import Project
from ropewalk.repos import git, lockfiles, refs, selectors, services, store
from ropewalk.repos.models import Push, RecordedRef
from ropewalk.repos.types import ZERO
from tests.integration.repos.conftest import Fill, commit, write

MAIN = "refs/heads/main"


def recorded(project_id: int) -> dict[str, str]:
    return dict(RecordedRef.objects.for_project(project_id).values_list("name", "sha"))


def two_commits(fill: Fill) -> tuple[int, str, str]:
    pid = fill(commit(MAIN, 1, "A", write("a", b"1")) + commit(MAIN, 2, "B", write("a", b"2")))
    newest, oldest = [item.sha for item in selectors.commits(pid, selectors.resolve(pid).sha)]
    return pid, oldest, newest


def test_a_repository_is_made_once_and_its_settings_are_kept_current(project: Project) -> None:
    path = store.make_repository(project.pk, "main")
    (path / "config").write_text("[core]\nbare = true\n[uploadpack]\npackObjectsHook = /bin/evil\n")
    assert store.make_repository(project.pk, "other") == path
    assert (path / "config").read_bytes() == store.CONFIG
    assert (path / "HEAD").read_text() == "ref: refs/heads/main\n"
    assert not list(path.parent.glob(".new-*"))
    assert git.run(path, "config", "--get", "transfer.hiderefs").data.decode().strip() == "refs/ropewalk"
    assert not (path / "hooks").exists()


def test_a_push_is_one_row_with_what_changed(fill: Fill, project: Project) -> None:
    pid, first, second = two_commits(fill)
    push = services.record_push(
        project_id=pid,
        pusher_id=project.created_by_id,
        changes=[(MAIN, ZERO, second), ("refs/tags/v1", ZERO, first)],
    )
    assert push is not None
    assert push.commits == (second, first) and push.pusher == project.created_by.username
    assert [u.kind for u in push.updates] == ["branch", "tag"]
    back = services.record_push(project_id=pid, pusher_id=None, changes=[(MAIN, second, first)])
    assert back is not None and back.updates[0].forced and back.pusher == ""
    assert [p.id for p in selectors.pushes(pid)] == [back.id, push.id]
    assert selectors.push_by_id(pid, push.id) == push
    assert selectors.push_by_id(pid + 1, push.id) is None
    assert services.record_push(project_id=pid, pusher_id=None, changes=[]) is None


def test_rows_need_a_project(db: None) -> None:
    for model in (Push, RecordedRef):
        with pytest.raises(UnscopedQuery):
            model.objects.count()


def test_pushes_recorded_out_of_order_end_at_the_real_value(fill: Fill) -> None:
    pid, first, second = two_commits(fill)
    services.record_push(project_id=pid, pusher_id=None, changes=[(MAIN, first, second)])
    services.record_push(project_id=pid, pusher_id=None, changes=[(MAIN, ZERO, first)])
    assert recorded(pid) == {MAIN: second} == refs.read_refs(pid)
    assert services.reconcile(project_id=pid) is None


def test_reconcile_finds_what_was_not_recorded_and_who_did_it(fill: Fill, project: Project) -> None:
    pid, first, second = two_commits(fill)
    services.reconcile(project_id=pid)
    person = services.pusher_environment(project.created_by_id, "somebody")
    git.run(git.repository_path(pid), "update-ref", MAIN, first, env=person)
    push = services.reconcile(project_id=pid)
    assert push is not None and push.pusher_id == project.created_by_id
    assert [(u.old, u.new, u.forced) for u in push.updates] == [(second, first, True)]
    assert services.reconcile(project_id=pid) is None
    git.run(git.repository_path(pid), "update-ref", "-d", MAIN)
    gone = services.reconcile(project_id=pid)
    assert gone is not None and gone.updates[0].deleted and recorded(pid) == {}


def test_the_periodic_repair_leaves_young_changes_to_their_process(fill: Fill) -> None:
    pid, _, second = two_commits(fill)
    assert services.reconcile_all() == []
    old = time.time() - 600
    directory = git.repository_path(pid)
    for path in (directory / "packed-refs", *[directory / "refs", *(directory / "refs").rglob("*")]):
        if path.exists():
            os.utime(path, (old, old))
    [push] = services.reconcile_all()
    assert push.commits == (second,)
    assert services.reconcile_all() == []


def test_the_default_branch_follows_the_first_push_and_the_choice(fill: Fill, project: Project) -> None:
    pid = fill(
        commit("refs/heads/zeta", 1, "A", write("a", b"1"))
        + commit("refs/heads/master", 2, "B", write("a", b"1"))
    )
    services.reconcile(project_id=pid)
    project.refresh_from_db()
    assert project.default_branch == selectors.default_branch(pid) == "master"
    services.set_default_branch(project_id=pid, name="zeta")
    project.refresh_from_db()
    assert project.default_branch == selectors.default_branch(pid) == selectors.resolve(pid).name == "zeta"
    for name in ("nope", "../x", "-d", ""):
        with pytest.raises(Invalid):
            services.set_default_branch(project_id=pid, name=name)


def test_upkeep_packs_and_removes_only_what_is_left_over(fill: Fill) -> None:
    pid, _, second = two_commits(fill)
    directory = git.repository_path(pid)
    objects = directory / "objects"
    old, young = objects / "tmp_objdir-incoming-old", objects / "tmp_objdir-incoming-young"
    for folder in (old, young):
        (folder / "pack").mkdir(parents=True)
        (folder / "pack" / "tmp_pack_1").write_bytes(b"x")
    long_ago = time.time() - 3 * 24 * 3600
    for path in (*old.rglob("*"), old):
        os.utime(path, (long_ago, long_ago))
    running = lockfiles.hold(
        directory, "receive-pack"
    )  # a push comes in: the young one may be its quarantine
    assert running is not None
    assert services.maintain(project_id=pid) == {"removed": 1, "whole": 1}
    assert young.exists() and not old.exists()
    os.close(running)
    assert services.maintain(project_id=pid) == {"removed": 1, "whole": 1}
    assert not young.exists()
    assert list(objects.glob("pack/*.bitmap")) and (objects / "info/commit-graph").exists()
    assert selectors.resolve(pid).sha == second


def test_locks_that_killed_gits_left_are_swept(fill: Fill) -> None:
    pid, _, second = two_commits(fill)
    directory = git.repository_path(pid)
    (directory / "refs/heads/deep").mkdir()
    names = ("refs/heads/deep/er.lock", "packed-refs.lock", "HEAD.lock", "objects/info/commit-graph.lock")
    for name in names:
        (directory / name).write_bytes(b"")
    running = lockfiles.hold(directory, "pack-refs")
    assert running is not None
    assert services.remove_abandoned_repositories() == 1  # what only upkeep makes
    os.close(running)
    assert services.remove_abandoned_repositories() == 3
    assert not any((directory / name).exists() for name in names)
    assert services.maintain(project_id=pid)["removed"] == 0 and refs.read_refs(pid) == {MAIN: second}


def test_a_deleted_repository_is_gone(fill: Fill) -> None:
    pid, _, _ = two_commits(fill)
    services.delete_repository(project_id=pid)
    services.delete_repository(project_id=pid)
    assert not git.repository_path(pid).exists()
    assert not list(git.repository_path(pid).parent.glob(".gone-*"))


def test_git_knows_nothing_of_this_machine(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_CONFIG_COUNT", "1")
    monkeypatch.setenv("GIT_CONFIG_KEY_0", "user.name")
    monkeypatch.setenv("GIT_CONFIG_VALUE_0", "Leaked")
    path = store.make_repository(project.pk, "main")
    assert b"leaked" not in git.run(path, "config", "--list").data.lower()
    origins = git.run(path, "config", "--list", "--show-origin").data.decode().splitlines()
    assert {line.split("\t")[0] for line in origins} == {"command line:", "file:config"} or all(
        line.startswith(("command line:", f"file:{path}", "file:config")) for line in origins
    )
