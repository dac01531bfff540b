"""Making, renaming, deleting, restoring and choosing branches on the pages: by the rules of a push, and nothing is lost."""

import threading

import pytest
from django.db import connection
from django.test import Client

from ropewalk.access.roles import Permission
from ropewalk.core.errors import RopewalkError
from ropewalk.core.models import AuditEvent
from ropewalk.data.services import branches as branch_services
from ropewalk.projects import services as projects
from ropewalk.repos import git, selectors, services
from ropewalk.repos.models import Push
from ropewalk.repos.refs import KEPT_PREFIX
from ropewalk.repos.selectors import protections
from tests.factories import builders
from tests.integration.branches.conftest import Stage, browser

pytestmark = pytest.mark.django_db(transaction=True)


def protect(
    stage: Stage, pattern: str, role: str = "writer", *, force: bool = False, delete: bool = False
) -> None:
    project = builders.access_of(stage.project.created_by, stage.project).project
    services.protect_branches(
        project=project, pattern=pattern, push_role=role, people=[], allow_force=force, allow_delete=delete
    )


def test_a_branch_begins_anywhere(stage: Stage) -> None:
    old, main, topic = (stage.branches[name] for name in ("old", "main", "topic/one"))
    git.run(git.repository_path(stage.project.pk), "tag", "v1", old)
    starts = {"": main, "topic/one": topic, "v1": old, "refs/heads/old": old, old[:10]: old, topic: topic}
    for number, (start, sha) in enumerate(starts.items()):
        name = f"feature/neu-ü-{number}"
        assert f"Made the branch {name}." in stage.post("new", name=name, start=start)
        assert stage.branches[name] == sha, start
    push = Push.objects.for_project(stage.project.pk).latest("pk")
    assert push.pusher is not None and push.pusher_id != stage.project.created_by_id
    assert push.updates[0]["name"] == f"refs/heads/{name}"


REFUSED = [
    ("main", "", "already a branch"),
    ("topic", "", "Because there is a branch “topic/one”, git can have none called “topic”"),
    ("main/x", "", "Because there is a branch “main”"),
    ("fine", "nothing-there", "no branch, tag or commit"),
    ("fine", "main/a", "no branch, tag or commit"),
    ("fine", "\x00", ""),
    *[
        (name, "", "")
        for name in (
            "",
            "..",
            "a..b",
            "a b",
            "-x",
            "x.lock",
            "a\nb",
            "a\x00b",
            "/",
            "@{1}",
            "x" * 5000,
            "refs/../x",
        )
    ],
]


def test_what_can_not_begin_says_why_and_changes_nothing(stage: Stage) -> None:
    before = stage.branches
    for name, start, words in REFUSED:
        answer = stage.writer.post(f"{stage.url}/branches/new", {"name": name, "start": start})
        assert answer.status_code in {200, 400, 404, 409}, (name, start)
        page = answer.content.decode()
        assert 'role="alert"' in page and words in page, (name, start)
    assert stage.branches == before


def test_a_deleted_branch_is_restored_where_it_ended(stage: Stage) -> None:
    sha = stage.branches["topic/one"]
    page = stage.post("delete", branch="topic/one", seen=sha)
    assert "topic/one" not in stage.branches
    assert f'Restore<span class="visually-hidden"> topic/one</span> at <span class="mono">{sha[:8]}' in page
    # upkeep leaves it, also when nothing else reaches it
    directory = git.repository_path(stage.project.pk)
    git.run(directory, "reflog", "expire", "--expire=now", "--all")
    services.maintain(project_id=stage.project.pk)
    git.run(directory, "prune", "--expire=now")
    assert "topic/one" in stage.page("?view=deleted")
    assert "topic/one" not in stage.page("?view=deleted", client=Client())
    assert "Restored the branch topic/one." in stage.post("restore", branch="topic/one", seen=sha)
    assert stage.branches["topic/one"] == sha
    assert "Deleted <strong" not in stage.page("?deleted=topic/one"), "an address can't claim a deletion"
    assert not [name for name in selectors.branch_names(stage.project.pk) if "deleted" in name]


def test_branches_deleted_by_a_push_are_kept_for_thirty_days(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    from datetime import timedelta

    from ropewalk.core import clock

    directory, sha = git.repository_path(stage.project.pk), stage.branches["topic/one"]
    git.run(directory, "update-ref", "-d", "refs/heads/topic/one")
    services.reconcile(project_id=stage.project.pk)
    kept = git.run(directory, "for-each-ref", "--format=%(objectname)", KEPT_PREFIX).data.decode().split()
    assert kept == [sha]
    assert "topic/one" in stage.page("?view=deleted")
    now = clock.now()
    monkeypatch.setattr(clock, "now", lambda: now + timedelta(days=29))
    services.maintain(project_id=stage.project.pk)
    assert git.run(directory, "for-each-ref", KEPT_PREFIX).data
    monkeypatch.setattr(clock, "now", lambda: now + timedelta(days=32))
    services.maintain(project_id=stage.project.pk)
    assert not git.run(directory, "for-each-ref", KEPT_PREFIX).data


def test_a_branch_that_moved_is_not_deleted(stage: Stage) -> None:
    page = stage.post("delete", branch="topic/one", seen=stage.branches["main"])
    assert "changed meanwhile" in page
    assert "topic/one" in stage.branches


def test_the_default_branch_is_not_deleted_here_either(stage: Stage) -> None:
    page = stage.post("delete", client=stage.owner, branch="main", seen=stage.branches["main"])
    assert "is the default branch and can&#x27;t be deleted" in page
    assert "main" in stage.branches


def test_rules_hold_on_the_pages(stage: Stage) -> None:
    protect(stage, "topic/*", "maintainer")
    before = stage.branches
    sha = before["topic/one"]
    for deed, data in (
        ("delete", {"branch": "topic/one", "seen": sha}),
        ("rename", {"branch": "topic/one", "seen": sha, "to": "free"}),
        ("rename", {"branch": "old", "seen": before["old"], "to": "topic/two"}),
        ("new", {"name": "topic/two", "start": "main"}),
    ):
        page = stage.post(deed, **data)
        assert "is protected by the rule “topic/*”: only maintainers may push to it" in page, deed
        assert stage.branches == before
    assert "it can&#x27;t be deleted" in stage.post(
        "delete", client=stage.owner, branch="topic/one", seen=sha
    )
    assert stage.branches == before


def test_renaming_keeps_the_commit_and_is_no_deletion(stage: Stage) -> None:
    protect(stage, "topic/one", delete=True)
    sha = stage.branches["topic/one"]
    page = stage.post("rename", client=stage.owner, branch="topic/one", seen=sha, to="topic/1")
    assert "Renamed topic/one to topic/1." in page
    assert stage.branches["topic/1"] == sha and "topic/one" not in stage.branches
    assert [rule.pattern for rule in protections(stage.project.pk)] == ["topic/1"]
    assert "Deleted" not in stage.page(), "there is no view of deleted ones"
    [first, second] = Push.objects.for_project(stage.project.pk).latest("pk").updates
    assert {first["new"], second["new"]} == {sha, "0" * 40}


def test_a_writers_rename_changes_no_rule(stage: Stage) -> None:
    protect(stage, "topic/one", delete=True)
    stage.post("rename", branch="topic/one", seen=stage.branches["topic/one"], to="mine")
    assert "mine" in stage.branches
    assert [rule.pattern for rule in protections(stage.project.pk)] == ["topic/one"]


def test_names_that_a_branch_can_not_get(stage: Stage) -> None:
    before = stage.branches
    for to in ("main", "topic/one", "topic", "topic/one/more", "", "a b", "x\x00", "..", "y" * 900):
        sent = {"branch": "topic/one", "seen": before["topic/one"], "to": to}
        answer = stage.writer.post(f"{stage.url}/branches/rename", sent)
        assert answer.status_code in {200, 400, 409}, to
        assert 'role="alert"' in answer.content.decode(), to
    assert stage.branches == before


def test_the_default_branch_is_renamed_by_those_who_may_change_settings(stage: Stage) -> None:
    sha = stage.branches["main"]
    sent = {"branch": "main", "seen": sha, "to": "trunk"}
    assert "Only maintainers may change the default branch" in stage.post("rename", **sent)
    assert "main" in stage.branches
    assert "Renamed main to trunk." in stage.post("rename", client=stage.owner, **sent)
    assert stage.branches["trunk"] == sha and "main" not in stage.branches
    assert selectors.default_branch(stage.project.pk) == "trunk"
    stage.project.refresh_from_db()
    assert stage.project.default_branch == "trunk"
    event = AuditEvent.objects.get(action="project.default_branch")
    assert event.detail == {"before": "main", "after": "trunk"}
    assert event.actor_id == stage.project.created_by_id


def test_a_rule_against_deletion_holds_the_default_branchs_name(stage: Stage) -> None:
    protect(stage, "main")
    before = stage.branches
    page = stage.post("rename", client=stage.owner, branch="main", seen=before["main"], to="trunk")
    assert "it can&#x27;t be deleted" in page
    assert stage.branches == before and selectors.default_branch(stage.project.pk) == "main"


def test_another_default_branch_is_chosen_in_the_settings(stage: Stage) -> None:
    assert stage.writer.post(f"{stage.url}/branches/default", {"branch": "old"}).status_code == 403
    assert "old is the default branch." in stage.post("default", client=stage.owner, branch="old")
    assert selectors.default_branch(stage.project.pk) == "old"
    for name in ("nope", "", "../x", "a\x00b", "-d", "x" * 5000):
        assert "There is no branch" in stage.post("default", client=stage.owner, branch=name)
    assert selectors.default_branch(stage.project.pk) == "old"


def test_forms_without_sense_change_nothing(stage: Stage) -> None:
    before = stage.branches
    for deed in ("delete", "restore", "default", "rename", "new"):
        for data in (
            {},
            {"branch": "topic/one"},
            {"branch": "topic/one", "seen": "xyz"},
            {"branch": ["a", "b"]},
        ):
            answer = stage.owner.post(f"{stage.url}/branches/{deed}", data)
            assert answer.status_code in {200, 302, 404}, (deed, data)
        assert stage.owner.get(f"{stage.url}/branches/{deed}").status_code in {200, 302, 404}
        assert stage.owner.delete(f"{stage.url}/branches/{deed}").status_code in {200, 302, 404, 405}
    assert "can&#x27;t be restored" in stage.post("restore", branch="ghost", seen="1" * 40)
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(stage.project.created_by)
    sent = {"branch": "topic/one", "seen": before["topic/one"]}
    assert strict.post(f"{stage.url}/branches/delete", sent).status_code == 403
    assert stage.branches == before


def test_readers_and_archived_projects_change_nothing(stage: Stage) -> None:
    before = stage.branches
    reader = browser(builders.make_collaborator(stage.project, "reader"))
    page = stage.page(client=reader)
    assert "New branch" not in page and 'aria-label="Delete' not in page
    deeds = {
        "new": {"name": "x"},
        "delete": {"branch": "topic/one", "seen": before["topic/one"]},
        "rename": {"branch": "topic/one", "seen": before["topic/one"], "to": "x"},
        "restore": {"branch": "x", "seen": before["topic/one"]},
    }
    for deed, data in deeds.items():
        assert reader.post(f"{stage.url}/branches/{deed}", data).status_code == 403
    projects.archive_project(project_id=stage.project.pk, archived=True)
    for deed, data in deeds.items():
        assert stage.owner.post(f"{stage.url}/branches/{deed}", data).status_code == 403
    assert stage.branches == before


def test_of_many_who_make_the_same_branch_one_wins(stage: Stage) -> None:
    access = builders.access_of(stage.project.created_by, stage.project, Permission.CODE_WRITE)
    outcomes: list[str] = []
    gate = threading.Barrier(3)

    def make(start: str) -> None:
        gate.wait()
        try:
            branch_services.create_branch(access, name="same", start=start)
            outcomes.append(start)
        except RopewalkError as error:
            outcomes.append(error.code)
        finally:
            connection.close()

    threads = [threading.Thread(target=make, args=(start,)) for start in ("main", "old", "topic/one")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    [winner] = [outcome for outcome in outcomes if outcome in {"main", "old", "topic/one"}]
    assert stage.branches["same"] == stage.branches[winner]
    assert {outcome for outcome in outcomes if outcome != winner} <= {"branch_exists", "ref_moved"}
