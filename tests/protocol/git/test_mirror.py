"""Mirrors on a running instance with its own workers: what is pushed to one project arrives in another, also past a kill."""

import os
import signal
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from infra.embedded.config import read_pairs
from infra.embedded.services import temporary_home
from tests.fixtures.elsewhere import Elsewhere, make_repository, serving
from tests.fixtures.instance import Instance
from tests.protocol.git.conftest import Git

CAST = """
from ropewalk.accounts.models import User
from ropewalk.projects import services
keeper = User.objects.get(username="keeper")
for slug in ("original", "follower", "killed"):
    services.create_project(owner_id=keeper.owner_id, slug=slug, created_by_id=keeper.pk, visibility="private")
"""
START = """
from ropewalk.accounts.models import User
from ropewalk.data import services
from ropewalk.projects.models import Project
keeper = User.objects.get(username="keeper")
services.start_mirror(
    project_id=Project.objects.get(slug={slug!r}).pk, address={address!r}, interval=0, requested_by_id=keeper.pk,
    username={username!r}, password={password!r},
)
"""


class Scene:
    """An instance that may go to this machine, one person, three private projects of theirs."""

    def __init__(self, instance: Instance) -> None:
        self.instance = instance
        self.user, _, self.token = instance.user("keeper")
        instance.manage("shell", "-c", CAST)

    def follow(self, slug: str, address: str, username: str, password: str) -> None:
        self.instance.manage(
            "shell", "-c", START.format(slug=slug, address=address, username=username, password=password)
        )

    def url(self, slug: str) -> str:
        scheme, rest = self.instance.url.split("://")
        return f"{scheme}://keeper:{self.token}@{rest}/keeper/{slug}.git"

    def rows(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        with psycopg.connect(read_pairs(self.instance.home / "instance.env")["DATABASE_URL"]) as connection:
            return connection.execute(sql, values).fetchall()

    def mirror(self, slug: str) -> tuple[str, bool, int]:
        """The public half of its webhook, whether it is in step, how often it failed since."""
        (found,) = self.rows(
            "SELECT hook_id, synced_at IS NOT NULL AND asked_at IS NULL, failures FROM repos_pullmirror m"
            " JOIN projects_project p ON p.id = m.project_id WHERE p.slug = %s",
            slug,
        )
        return found

    def secret(self, slug: str) -> str:
        text = (
            "from ropewalk.repos.selectors import pull_mirror; from ropewalk.projects.models import Project;"
            f"print(pull_mirror(Project.objects.get(slug={slug!r}).pk).hook_secret)"
        )
        return self.instance.manage("shell", "-c", text).strip().splitlines()[-1]


@pytest.fixture(scope="module")
def scene() -> Iterator[Scene]:
    with temporary_home() as home:
        running = Instance(home, ROPEWALK_VOLATILE="1", ROPEWALK_ALLOWED_NETWORKS="127.0.0.1/32")
        try:
            yield Scene(running.start())
        finally:
            running.discard()


def until(true: Callable[[], bool], what: str, patience: float = 240) -> None:
    end = time.monotonic() + patience
    while not true():
        assert time.monotonic() < end, what
        time.sleep(0.3)


def listed(git: Git, url: str) -> dict[str, str]:
    lines = git.run("ls-remote", url, "refs/heads/*", "refs/tags/*").out.splitlines()
    return {name: sha for sha, name in (line.split("\t") for line in lines)}


@pytest.mark.timeout(1200)
def test_a_push_to_the_original_arrives_by_webhook_and_nobody_pushes_to_the_mirror(
    scene: Scene, tmp_path: Path
) -> None:
    git = Git(tmp_path / "work")
    git.run("init", "-q", "-b", "main")
    git.commit()
    git.run("push", "-q", scene.url("original"), "main")
    scene.follow("follower", f"{scene.instance.url}/keeper/original.git", "keeper", scene.token)
    until(lambda: scene.mirror("follower")[1], "the first sync ends")
    assert listed(git, scene.url("follower")) == listed(git, scene.url("original"))

    git.run("tag", "v1")
    git.commit()
    git.run("push", "-q", scene.url("original"), "main", "v1", "main:refs/heads/next")
    hook = (
        f"{scene.instance.url}/api/v1/hooks/mirror/{scene.mirror('follower')[0]}/{scene.secret('follower')}"
    )
    with urllib.request.urlopen(urllib.request.Request(hook, data=b"{}", method="POST")) as answer:
        assert answer.status == 202
    wanted = listed(git, scene.url("original"))
    assert set(wanted) == {"refs/heads/main", "refs/heads/next", "refs/tags/v1"}
    until(lambda: listed(git, scene.url("follower")) == wanted, "what was pushed arrives")

    git.commit()
    refused = git.run("push", scene.url("follower"), "main", ok=False)
    assert refused.code != 0
    assert "keeper/follower is a mirror of" in refused.err
    assert "Push to the original" in refused.err
    assert listed(git, scene.url("follower")) == wanted
    assert scene.token not in scene.instance.tail(100_000)
    with pytest.raises(urllib.error.HTTPError) as wrong:
        urllib.request.urlopen(urllib.request.Request(hook[:-1] + "!", data=b"{}", method="POST"))
    assert wrong.value.code == 404


@pytest.mark.timeout(1200)
def test_a_sync_whose_worker_is_killed_is_taken_up(scene: Scene, tmp_path: Path) -> None:
    make_repository(tmp_path / "there" / "slow.git", files=200)
    place = Elsewhere(tmp_path / "there", user="robot", password="s3cret-of-the-mirror")
    reached, go_on = threading.Event(), threading.Event()

    def hold() -> None:
        """The third POST asks for the pack: the two before it list refs, for git ls-remote and for git fetch."""
        posts = sum(method == "POST" for method, _, _ in place.seen)
        if posts == 3 and place.seen[-1][0] == "POST" and not reached.is_set():
            reached.set()
            go_on.wait(120)

    place.watch = hold
    git = Git(tmp_path / "work")
    with serving(place):
        scene.follow("killed", f"{place.url}/slow.git", place.user, place.password)
        assert reached.wait(120), "git asks for the pack"
        for pid in scene.instance.pids("worker"):
            os.kill(pid, signal.SIGKILL)
        go_on.set()
        until(lambda: scene.mirror("killed")[1], "another attempt ends the sync")
    assert set(listed(git, scene.url("killed"))) == {"refs/heads/trunk", "refs/tags/v1"}
    (project_id,) = scene.rows("SELECT id FROM projects_project WHERE slug = 'killed'")[0]
    repository = scene.instance.home / "repos" / f"{project_id}.git"
    assert not list(repository.rglob("*.lock"))
    assert not list((repository / "refs" / "ropewalk").rglob("mirror/*"))
    pushes = scene.rows("SELECT mirrored FROM repos_push WHERE project_id = %s", project_id)
    assert pushes == [(True,)]
