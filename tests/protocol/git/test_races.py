"""Two pushers for one branch, and pushes whose client or server is killed: the branch is old or new, never broken, told once."""

import os
import signal
import subprocess
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path

import pytest

from ropewalk.repos import lockfiles
from tests.protocol.git.conftest import Git, Recorded, Ssh, Stage
from tests.protocol.git.raw import open_push, pack_of, push_body
from tests.protocol.git.relay import Relay, through, web_address
from tests.protocol.git.test_faults import eventually, leftovers

MAIN = "refs/heads/main"
# More than git sends in one request, less than SSH's window: past that a client also waits for the server's leave to go on,
# which a relay that swallows answers would swallow with the rest.
SIZE = 3 << 19
EDGES = ("http", "ssh")


def locks(stage: Stage, slug: str) -> list[Path]:
    """Lock files in the repository."""
    return list(stage.repository(slug).rglob("*.lock"))


def quiet(stage: Stage, slug: str) -> bool:
    """Whether no git changes anything in the repository any more."""
    with lockfiles._alone(stage.repository(slug), "refs") as alone:
        return alone


def check(stage: Stage, slug: str) -> None:
    """No object is missing or damaged, nothing half done is left, and the database knows the refs."""
    done = subprocess.run(
        ["git", "-c", "safe.directory=*", "fsck", "--full", "--strict", "--no-dangling"],
        cwd=stage.repository(slug),
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert leftovers(stage, slug) == [] == locks(stage, slug)
    assert stage.recorded_refs(slug) == stage.refs(slug)


def told(pushes: list[Recorded], sha: str) -> int:
    """How often the record says that a ref came to this commit."""
    return sum(update["new"] == sha for push in pushes for update in push.updates)


@pytest.fixture
def address(stage: Stage, ssh: Ssh) -> Callable[[str, str], tuple[str, dict[str, str]]]:
    """A project's address over an edge with what git needs for it, as the writer."""
    return lambda edge, slug: (
        (stage.url(slug, "writer"), {}) if edge == "http" else (ssh.url(slug), ssh.env("writer"))
    )


@pytest.mark.parametrize("edges", [("http", "http"), ("ssh", "ssh"), ("http", "ssh")])
def test_of_two_who_push_to_a_branch_one_wins(
    stage: Stage,
    git: Git,
    folder: Callable[[str], Git],
    address: Callable[[str, str], tuple[str, dict[str, str]]],
    edges: tuple[str, str],
) -> None:
    slug = stage.project()
    git.run("push", "-q", stage.url(slug, "writer"), "main")
    clones: list[tuple[Git, str, dict[str, str]]] = []
    for number, edge in enumerate(edges):
        url, env = address(edge, slug)
        folder("away").run("clone", "-q", url, f"c{number}", **env)
        clone = folder(f"away/c{number}")
        # git calls this hook when it has the server's refs and before it sends: both have seen the same branch.
        hook = clone.folder / ".git/hooks/pre-push"
        hook.write_text(
            '#!/bin/sh\n[ -n "$GO" ] || exit 0\n: >"$SEEN"\nwhile [ ! -e "$GO" ]; do sleep 0.01; done\n'
        )
        hook.chmod(0o755)
        clones.append((clone, url, env))
    for turn in range(3):
        go, tips, running = git.folder / f"go{turn}", [], []
        for number, (clone, url, env) in enumerate(clones):
            clone.run("pull", "-q", "--rebase", url, "main", **env)
            tips.append(clone.commit(f"{turn}-{number}.bin", os.urandom(20_000)))
            seen = git.folder / f"seen{turn}-{number}"
            running.append(clone.start("push", url, "HEAD:main", GO=str(go), SEEN=str(seen), **env))
        assert eventually(lambda t=turn: all((git.folder / f"seen{t}-{n}").exists() for n in (0, 1)))  # type: ignore[misc]
        go.touch()
        said = [process.communicate(timeout=60)[0].decode() for process in running]
        codes = [process.returncode for process in running]
        assert sorted(code == 0 for code in codes) == [False, True], said
        winner = codes.index(0)
        assert stage.refs(slug) == {MAIN: tips[winner]}
        loser, url, env = clones[1 - winner]
        assert "! [remote rejected] HEAD -> main" in said[1 - winner]
        late = loser.run("push", url, "HEAD:main", ok=False, **env)
        assert late.code != 0 and "! [rejected]" in late.err and "(fetch first)" in late.err
        loser.run("pull", "-q", "--rebase", url, "main", **env)
        done = loser.run("push", url, "HEAD:main", ok=False, **env)
        assert done.code == 0, done.err
        assert loser.run("cat-file", "-e", tips[winner]).code == 0
        assert told(stage.pushes(slug), tips[winner]) == 1 and told(stage.pushes(slug), tips[1 - winner]) == 0
        check(stage, slug)


class Attempt:
    """A push of a few megabytes onto a branch with one commit, by a wire that the test holds."""

    def __init__(self, stage: Stage, ssh: Ssh, git: Git, edge: str) -> None:
        self.stage, self.ssh, self.git, self.edge = stage, ssh, git, edge
        self.slug = stage.project()
        git.run("push", "-q", stage.url(self.slug, "writer"), "main")
        self.old = stage.refs(self.slug)[MAIN]
        self.new = git.commit("big.bin", os.urandom(SIZE))

    def start(self, **limits: int) -> tuple["subprocess.Popen[bytes]", Relay]:
        """Let git push by a relay."""
        target = web_address(self.stage) if self.edge == "http" else ("127.0.0.1", self.ssh.port)
        relay = Relay(target, **limits)
        url, env = through(relay, self.stage, self.ssh, self.edge, self.slug)
        return self.git.start("push", "-q", url, "main", **env), relay

    def ends_well(self, *, new: bool | None) -> None:
        """The branch is old or new (``None``: either); a retry succeeds; it is told exactly once."""
        stage, slug = self.stage, self.slug
        assert eventually(lambda: quiet(stage, slug))
        tip = stage.refs(slug)[MAIN]
        assert tip in {self.old, self.new}
        if new is not None:
            assert tip == (self.new if new else self.old)
        url, env = through_directly(self)
        done = self.git.run("push", url, "main", ok=False, **env)
        assert done.code == 0, done.err
        assert stage.refs(slug) == {MAIN: self.new}
        if not eventually(lambda: stage.recorded_refs(slug) == {MAIN: self.new}, 2):  # as beat does by and by
            code = f"from ropewalk.repos.services import reconcile; reconcile(project_id={stage.ids[slug]})"
            stage.instance.manage("shell", "-c", code)
        check(stage, slug)
        assert told(stage.pushes(slug), self.new) == 1
        assert stage.jobs(slug, "index-revision").count(self.new) <= 1


def through_directly(attempt: Attempt) -> tuple[str, dict[str, str]]:
    """The project's own address."""
    if attempt.edge == "http":
        return attempt.stage.url(attempt.slug, "writer"), {}
    return attempt.ssh.url(attempt.slug), attempt.ssh.env("writer")


def kill_client(process: "subprocess.Popen[bytes]") -> None:
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate(timeout=30)


@pytest.mark.parametrize("edge", EDGES)
def test_a_client_killed_at_90_percent_changes_nothing(stage: Stage, ssh: Ssh, git: Git, edge: str) -> None:
    attempt = Attempt(stage, ssh, git, edge)
    process, relay = attempt.start(pass_on=SIZE * 9 // 10)
    assert relay.held.wait(60) and eventually(lambda: bool(leftovers(stage, attempt.slug)))
    kill_client(process)
    relay.close()
    attempt.ends_well(new=False)


@pytest.mark.parametrize("edge", EDGES)
def test_a_client_killed_after_its_last_byte_has_pushed(stage: Stage, ssh: Ssh, git: Git, edge: str) -> None:
    attempt = Attempt(stage, ssh, git, edge)
    process, relay = attempt.start(quiet_after=SIZE)
    assert eventually(relay.heard_all)
    kill_client(process)
    relay.close()
    assert eventually(lambda: stage.refs(attempt.slug)[MAIN] == attempt.new)
    attempt.ends_well(new=True)
    assert stage.jobs(attempt.slug, "index-revision").count(attempt.new) == 1


def kill_server(stage: Stage, program: str) -> None:
    """``kill -9`` of every process of an edge."""
    for pid in stage.instance.pids(program):
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            continue


def back(stage: Stage, ssh: Ssh, program: str) -> bool:
    """Whether the edge answers again."""
    try:
        if program == "ssh":
            return ssh.run("writer", options=("-T", "-o", "ConnectTimeout=5")).code == 0
        return urllib.request.urlopen(f"{stage.instance.url}/readyz", timeout=15).status == 200
    except OSError:
        return False


@pytest.mark.parametrize("edge", EDGES)
def test_a_server_killed_at_90_percent_changed_nothing(stage: Stage, ssh: Ssh, git: Git, edge: str) -> None:
    program = {"http": "web", "ssh": "ssh"}[edge]
    attempt = Attempt(stage, ssh, git, edge)
    process, relay = attempt.start(pass_on=SIZE * 9 // 10)
    assert relay.held.wait(60) and eventually(lambda: bool(leftovers(stage, attempt.slug)))
    kill_server(stage, program)
    relay.close()
    assert process.wait(60) != 0
    assert eventually(lambda: back(stage, ssh, program))
    attempt.ends_well(new=False)


def test_a_web_server_killed_right_after_the_last_byte(stage: Stage, ssh: Ssh, git: Git) -> None:
    attempt = Attempt(stage, ssh, git, "http")
    body = push_body([(attempt.old, attempt.new, MAIN)], pack_of(git, "main"))
    connection = open_push(stage, attempt.slug, length=len(body))
    connection.sendall(body[:-1])
    assert eventually(lambda: bool(leftovers(stage, attempt.slug)))
    connection.sendall(body[-1:])
    time.sleep(0.01)
    kill_server(stage, "web")
    connection.close()
    assert eventually(lambda: back(stage, ssh, "web"))
    attempt.ends_well(new=None)


def test_an_ssh_server_killed_right_after_the_last_byte(stage: Stage, ssh: Ssh, git: Git) -> None:
    attempt = Attempt(stage, ssh, git, "ssh")
    process, relay = attempt.start(quiet_after=SIZE)
    assert eventually(lambda: relay.heard_all(0.05))
    kill_server(stage, "ssh")
    relay.close()
    process.wait(60)
    assert eventually(lambda: back(stage, ssh, "ssh"))
    attempt.ends_well(new=None)


@pytest.mark.parametrize("edge", EDGES)
def test_locks_of_a_killed_git_stop_nobody(stage: Stage, ssh: Ssh, git: Git, edge: str) -> None:
    attempt = Attempt(stage, ssh, git, edge)
    repository = stage.repository(attempt.slug)
    left = [
        repository / name
        for name in ("refs/heads/main.lock", "packed-refs.lock", "HEAD.lock", "packed-refs.new")
    ]
    for path in left:
        path.write_bytes(b"")
    attempt.ends_well(new=False)
    assert not any(path.exists() for path in left)


def test_a_lock_of_a_running_git_is_left_alone(stage: Stage, git: Git) -> None:
    slug = stage.project()
    git.run("push", "-q", stage.url(slug, "writer"), "main")
    before = stage.refs(slug)
    sha = git.commit()
    lock = stage.repository(slug) / "refs/heads/main.lock"
    handle = lockfiles.hold(
        stage.repository(slug), "receive-pack"
    )  # as somebody else's push does while it runs
    try:
        lock.write_bytes(b"")
        done = git.run("push", stage.url(slug, "writer"), "main", ok=False)
        assert done.code != 0 and "failed to update ref" in done.err and lock.exists()
        assert stage.refs(slug) == before
        hours_ago = time.time() - 2 * lockfiles.HELD_SECONDS
        os.utime(lock, (hours_ago, hours_ago))
        git.run("push", "-q", stage.url(slug, "writer"), "main")  # no change of a ref takes so long
        assert stage.refs(slug) == {MAIN: sha}
    finally:
        os.close(handle or -1)
