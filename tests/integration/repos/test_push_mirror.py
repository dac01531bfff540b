"""Another server gets a project's branches and tags: all of them, nothing hidden, and what it refuses is told."""

import ipaddress
import subprocess
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from ropewalk.core import clock, jobs
from ropewalk.core.errors import Conflict, Denied, Invalid
from ropewalk.core.models import AuditEvent, Job
from ropewalk.projects.models import Project
from ropewalk.projects.services import archive_project
from ropewalk.repos import git, refs, services
from ropewalk.repos.models import PushMirror
from ropewalk.repos.selectors import push_mirrors
from ropewalk.repos.sending import read_report
from ropewalk.repos.types import PUSH_TO_MIRROR, ZERO
from tests.fixtures.elsewhere import Elsewhere, serving
from tests.integration.repos.conftest import Fill, commit, write
from workers.runners import base

USER, PASSWORD = "robot", "s3cret-of-the-mirror"
NOW = 1_700_000_000


@pytest.fixture(autouse=True)
def allowed(project: Project, settings: Any) -> None:
    settings.ROPEWALK_ALLOWED_NETWORKS = (ipaddress.ip_network("127.0.0.1/32"),)


@pytest.fixture
def target(tmp_path: Path) -> Path:
    """An empty repository on the other server."""
    path = tmp_path / "there" / "copy.git"
    subprocess.run(["git", "init", "--quiet", "--bare", "-b", "main", str(path)], check=True)
    return path


@pytest.fixture
def there(target: Path) -> Iterator[Elsewhere]:
    with serving(Elsewhere(target.parent, user=USER, password=PASSWORD)) as place:
        yield place


@pytest.fixture
def filled(project: Project, fill: Fill) -> Project:
    """Two branches, a tag, and refs that stay here."""
    fill(
        commit("refs/heads/main", NOW, "one", write("a", b"1"))
        + commit("refs/heads/side", NOW + 1, "two", write("b", b"2"), parent="refs/heads/main")
        + b"reset refs/tags/v1\nfrom refs/heads/main\n\n"
    )
    tip = refs.read_refs(project.pk)["refs/heads/main"]
    for name in ("refs/ropewalk/own", "refs/pull/1/head", "refs/exps/ab/cdef"):
        git.run(git.repository_path(project.pk), "update-ref", name, tip)
    return project


def add(project: Project, there: Elsewhere, **values: Any) -> str:
    return services.add_push_mirror(
        project_id=project.pk,
        address=f"{there.url}/copy.git",
        **({"username": USER, "password": PASSWORD} | values),
    )


def run_asked(project: Project) -> Job:
    job = jobs.unfinished(project.pk, [PUSH_TO_MIRROR])
    assert job is not None
    base.run(str(job.pk), "test")
    job.refresh_from_db()
    return job


def refs_of(path: Path) -> dict[str, str]:
    out = subprocess.run(
        ["git", "-C", str(path), "for-each-ref", "--format=%(refname) %(objectname)"],
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    return dict(line.split(" ") for line in out.splitlines())


def shown(project: Project) -> dict[str, str]:
    return services.followed_refs(project.pk)


def move(project: Project, name: str, new: str) -> None:
    """Change a ref and record it, as a push does."""
    old = refs.read_refs(project.pk).get(name, ZERO)
    command = ["update-ref", "-d", name] if new == ZERO else ["update-ref", name, new]
    git.run(git.repository_path(project.pk), *command)
    services.record_push(project_id=project.pk, pusher_id=None, changes=[(name, old, new)])


def test_everything_arrives_and_what_is_hidden_stays(filled: Project, there: Elsewhere, target: Path) -> None:
    add(filled, there)
    job = run_asked(filled)
    assert (job.state, job.error_message) == ("succeeded", "")
    assert refs_of(target) == shown(filled)
    assert {update["name"]: update["what"] for update in job.result["updates"]} == dict.fromkeys(
        shown(filled), "new"
    )
    tip = shown(filled)["refs/heads/main"]
    subprocess.run(["git", "-C", str(target), "update-ref", "refs/heads/theirs", tip], check=True)
    subprocess.run(["git", "-C", str(target), "update-ref", "refs/pull/9/head", tip], check=True)
    move(filled, "refs/heads/side", tip)  # back: history is replaced
    move(filled, "refs/tags/v1", ZERO)
    job = run_asked(filled)
    assert refs_of(target) == {**shown(filled), "refs/pull/9/head": tip}
    told = {update["name"]: update["what"] for update in job.result["updates"]}
    assert told == {
        "refs/heads/side": "replaced",
        "refs/heads/theirs": "deleted",
        "refs/tags/v1": "deleted",
    }


def test_a_change_asks_only_mirrors_that_follow_each(filled: Project, there: Elsewhere) -> None:
    add(filled, there, sync_on_push=False)
    run_asked(filled)
    move(filled, "refs/heads/new", shown(filled)["refs/heads/main"])
    assert jobs.unfinished(filled.pk, [PUSH_TO_MIRROR]) is None
    key = push_mirrors(filled.pk)[0].key
    services.change_push_mirror(project_id=filled.pk, key=key, interval=0, sync_on_push=True)
    move(filled, "refs/exps/11/2233", shown(filled)["refs/heads/main"])  # an experiment is not pushed
    assert jobs.unfinished(filled.pk, [PUSH_TO_MIRROR]) is None
    move(filled, "refs/heads/newer", shown(filled)["refs/heads/main"])
    move(filled, "refs/heads/newest", shown(filled)["refs/heads/main"])
    waiting = Job.objects.filter(project_id=filled.pk, kind="push-to-mirror", state="queued")
    assert waiting.count() == 1
    assert waiting.get().subject == f"push:{key}:push"


def test_a_wrong_sign_in_is_told_and_never_kept_in_clear(filled: Project, there: Elsewhere) -> None:
    add(filled, there, password="wrong-and-secret")
    job = run_asked(filled)
    assert job.state == "failed"
    assert "did not accept the sign-in" in job.error_message
    row = PushMirror.objects.for_project(filled.pk).get()
    assert row.failures == 1
    told = [
        job.error_detail,
        str(job.payload),
        row.sign_in,
        row.address,
        str(AuditEvent.objects.values_list("detail")),
    ]
    assert not any("wrong-and-secret" in text for text in told)


def test_refused_refs_are_named(filled: Project, there: Elsewhere, target: Path) -> None:
    hook = target / "hooks" / "update"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text('#!/bin/sh\n[ "$1" != refs/heads/side ]\n')
    hook.chmod(0o755)
    add(filled, there)
    job = run_asked(filled)
    assert (job.state, job.error_code) == ("failed", "refs_refused")
    assert "refused 1 of the branches and tags: side (hook declined)" in job.error_message
    assert set(refs_of(target)) == {"refs/heads/main", "refs/tags/v1"}


def test_an_empty_project_deletes_nothing_there(
    project: Project, fill: Fill, there: Elsewhere, target: Path
) -> None:
    services.ensure_repository(project_id=project.pk)
    add(project, there)
    job = run_asked(project)
    assert (job.state, job.error_code) == ("failed", "no_branches")
    assert not any(path.startswith("/copy.git") for _, path, _ in there.seen)


def test_circles_and_inner_addresses_are_refused(filled: Project, settings: Any) -> None:
    settings.ROPEWALK_URL, settings.ROPEWALK_PORT = "http://127.0.0.1:8123", 8124
    filled.mirror_of = "https://127.0.0.1:9/team/original.git"
    filled.save()
    for address in (
        "http://127.0.0.1:8123/somebody/other.git",
        "http://127.0.0.1:8124/somebody/other.git",
        "https://127.0.0.1:9/Team/original",
        "git://127.0.0.1/a.git",
        "http://10.0.0.1/a.git",
    ):
        with pytest.raises(Invalid):
            services.add_push_mirror(project_id=filled.pk, address=address)
    assert not push_mirrors(filled.pk)


def test_limits_and_removal(filled: Project, there: Elsewhere) -> None:
    key = add(filled, there)
    with pytest.raises(Conflict, match="already"):
        add(filled, there)
    for number in range(4):
        services.add_push_mirror(project_id=filled.pk, address=f"{there.url}/{number}.git")
    with pytest.raises(Conflict, match="at most 5"):
        services.add_push_mirror(project_id=filled.pk, address=f"{there.url}/one-more.git")
    job = Job.objects.get(project_id=filled.pk, subject=f"push:{key}:start")
    services.remove_push_mirror(project_id=filled.pk, key=key)
    assert len(push_mirrors(filled.pk)) == 4
    base.run(str(job.pk), "test")
    job.refresh_from_db()
    assert (job.state, job.error_code) == ("failed", "no_mirror")


def test_the_schedule_and_lost_pushes(filled: Project, there: Elsewhere) -> None:
    key = add(filled, there, interval=3600)
    run_asked(filled)
    assert services.request_due_pushes() == 0
    rows = PushMirror.objects.for_project(filled.pk)
    rows.update(next_at=clock.now() - timedelta(seconds=1))
    assert services.request_due_pushes() == 1
    Job.objects.filter(project_id=filled.pk, state="queued", kind="push-to-mirror").update(
        state="failed", error_message="The worker ended 3 times."
    )
    services.request_due_pushes()
    row = rows.get()
    assert (row.failures, row.last_error, row.asked_at) == (1, "The worker ended 3 times.", None)
    archive_project(project_id=filled.pk, archived=True)
    with pytest.raises(Denied, match="archived"):
        services.request_push(project_id=filled.pk, key=key, cause="button")


def test_a_report_with_hostile_text_is_read() -> None:
    report = (
        "To http://x\n=\trefs/heads/a:refs/heads/a\t[up to date]\n"
        "!\trefs/heads/b:refs/heads/b\t[remote rejected] (\x1b[31mevil\u202e"
        + "x" * 500
        + ")\n-\t:refs/heads/c\t[deleted]\nDone\n"
    ).encode()
    found = {one.name: one for one in read_report(report)}
    assert found["refs/heads/c"].what == "deleted"
    assert found["refs/heads/b"].what == "refused"
    assert len(found["refs/heads/b"].reason) == 100
    assert found["refs/heads/b"].reason.isascii()
    assert found["refs/heads/b"].reason.isprintable()
