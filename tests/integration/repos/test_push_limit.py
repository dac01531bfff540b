"""The size limit of a push and the late rules, through the whole edge in this process."""

import base64
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from django.conf import LazySettings
from django.test import Client

from ropewalk.projects.models import Project
from ropewalk.projects.services import archive_project
from ropewalk.repos import refs
from ropewalk.repos.models import Push
from tests.factories import builders
from tests.protocol.git.conftest import Git
from tests.protocol.git.raw import ZERO, pack_of, push_body

Send = Callable[[bytes], bytes]


@pytest.fixture
def send(project: Project, transactional_db: None) -> Send:
    """Post a receive-pack request as the project's owner; gives the answer's body."""
    token = builders.make_token(project.created_by)
    basic = base64.b64encode(f"{project.created_by.username}:{token}".encode()).decode()

    def post(body: bytes) -> bytes:
        answer = Client(headers={"authorization": f"Basic {basic}"}).post(
            f"/{project}.git/git-receive-pack",
            data=body,
            content_type="application/x-git-receive-pack-request",
        )
        content = b"".join(answer.streaming_content) if answer.streaming else answer.content
        answer.close()
        return bytes(content)

    return post


@pytest.fixture
def local(tmp_path: Path) -> Git:
    made = Git(tmp_path / "local")
    made.run("init", "-q", "-b", "main")
    made.commit("README.md", "x")
    return made


def test_a_push_over_the_limit_is_refused_in_words(
    send: Send, local: Git, project: Project, settings: LazySettings
) -> None:
    settings.ROPEWALK_MAX_PUSH_BYTES = 1 << 20
    small = local.run("rev-parse", "HEAD").out.strip()
    assert b"ok refs/heads/main" in send(
        push_body([(ZERO, small, "refs/heads/main")], pack_of(local, "main"))
    )
    # Over git's own limit, and over what the server reads at all.
    for size in (2 << 20, 12 << 20):
        large = local.commit("big.bin", os.urandom(size))
        answer = send(push_body([(small, large, "refs/heads/main")], pack_of(local, "main", f"^{small}")))
        assert b"ng refs/heads/main" in answer
        assert b"limit" in answer or b"exceeds maximum allowed size" in answer
        assert refs.read_refs(project.pk) == {"refs/heads/main": small}
    assert Push.objects.for_project(project.pk).count() == 1


def test_a_project_archived_while_a_push_runs_does_not_change(
    send: Send, local: Git, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The gate is asked again after the last byte, before git may change a ref."""
    from ropewalk.repos import pushing

    real = pushing.PushSession.feed

    def feed_and_archive(self: pushing.PushSession, block: bytes) -> bool:
        archive_project(project_id=project.pk, archived=True)
        return real(self, block)

    monkeypatch.setattr(pushing.PushSession, "feed", feed_and_archive)
    sha = local.run("rev-parse", "HEAD").out.strip()
    answer = send(push_body([(ZERO, sha, "refs/heads/main")], pack_of(local, "main")))
    assert b"is archived" in answer and b"ng refs/heads/main pre-receive hook declined" in answer
    assert refs.read_refs(project.pk) == {}


def test_a_failure_to_record_is_told_and_repaired(
    send: Send, local: Git, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    from ropewalk.data.services import pushes
    from ropewalk.repos import services

    def broken(**_: object) -> None:
        raise RuntimeError("the database is away")

    monkeypatch.setattr(pushes, "index_pushed_commits", broken)
    sha = local.run("rev-parse", "HEAD").out.strip()
    answer = send(push_body([(ZERO, sha, "refs/heads/main")], pack_of(local, "main")))
    assert b"ok refs/heads/main" in answer and b"the push is stored" in answer
    assert not Push.objects.for_project(project.pk).exists()
    push = services.reconcile(project_id=project.pk)
    assert push is not None and push.commits == (sha,) and push.pusher_id == project.created_by_id
