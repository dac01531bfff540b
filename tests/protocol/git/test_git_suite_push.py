"""What git's own test of smart pushing (t5541-http-push-smart) asks of ``git http-backend``, asked of our edge.

Left out, because they try the client alone and would pass against any server: scrubbing of passwords from the status and from
reflogs, coloured errors. Left out, because Ropewalk has no such thing: reflog names chosen by the web server's environment (ours
are the pusher's, :func:`test_the_reflog_names_the_pusher`), signed pushes (``--signed`` needs the operator's keyring and a place
that shows certificates; the server says that it takes none, and ``--signed=if-asked`` pushes).
"""

import os
import pty
import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.protocol.git.askpass import Askpass
from tests.protocol.git.conftest import Git, Stage
from tests.protocol.git.test_git_suite_fetch import on_server, requests_in

Clone = tuple[str, Git]


@pytest.fixture
def clone(stage: Stage, git: Git, folder: Callable[[str], Git]) -> Clone:
    """A public project with one commit, and the writer's clone of it."""
    slug = stage.project()
    git.run("push", "-q", stage.url(slug, "owner"), "main")
    folder("away").run("clone", "-q", stage.url(slug, "writer"), "clone")
    return slug, folder("away/clone")


def on_terminal(git: Git, *args: str) -> tuple[int, str]:
    """Exit code and output of git whose standard error is a terminal."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        ["git", *args], cwd=git.folder, env=git.environment, stdin=theirs, stdout=theirs, stderr=theirs
    )
    os.close(theirs)
    parts = []
    while True:
        try:
            block = os.read(ours, 65536)
        except OSError:  # how Linux says that the other end closed
            break
        if not block:
            break
        parts.append(block)
    os.close(ours)
    return process.wait(60), b"".join(parts).decode("utf-8", "replace").replace("\r", "\n")


def test_a_push_is_one_request_without_expect(stage: Stage, clone: Clone) -> None:
    slug, local = clone
    sha = local.commit("path2")
    done = local.run("push", "-v", "-v", GIT_TRACE_CURL="1")
    assert "Expect: 100-continue" not in done.err
    assert re.search(r"POST git-receive-pack \([0-9]+ bytes\)", done.err)
    path = f"/git-owner/{slug}.git"
    assert set(requests_in(done.err)) == {
        ("GET", f"{path}/info/refs?service=git-receive-pack"),
        ("POST", f"{path}/git-receive-pack"),
    }
    assert stage.refs(slug)["refs/heads/main"] == sha
    again = local.run("push", GIT_TRACE_CURL="1")
    assert "Everything up-to-date" in again.err
    assert ("POST", f"{path}/git-receive-pack") not in requests_in(again.err)


def test_a_branch_is_created_and_deleted(stage: Stage, clone: Clone) -> None:
    slug, local = clone
    local.run("checkout", "-q", "-b", "dev")
    local.commit("path3")
    local.run("push", "-q", "origin", "dev")
    assert "refs/heads/dev" in stage.refs(slug)
    local.run("push", "-q", "origin", ":dev")
    assert local.run("show-ref", "--verify", "refs/remotes/origin/dev", ok=False).code != 0
    assert "refs/heads/dev" not in stage.refs(slug)


def test_a_rejected_update_prints_its_status(stage: Stage, clone: Clone) -> None:
    _, local = clone
    done = local.run("push", "origin", ":main", ok=False)
    assert done.code != 0
    assert "remote: error: hook declined to update refs/heads/main" in done.err
    assert re.search(r"^ ! \[remote rejected\] main \(hook declined\)$", done.err, re.MULTILINE)
    assert re.search(r"^error: failed to push some refs to 'http://", done.err, re.MULTILINE)


def test_what_is_not_a_fast_forward_is_refused_by_the_client(stage: Stage, clone: Clone) -> None:
    _, local = clone
    local.commit()
    local.run("push", "-q")
    local.run("commit", "-q", "--amend", "-m", "Other")
    done = local.run("push", "-v", "origin", "main", ok=False)
    assert done.code != 0
    assert re.search(r"^ ! \[rejected\] +main -> main \(non-fast-forward\)$", done.err, re.MULTILINE)
    assert "Updates were rejected because" in done.err


def test_refs_that_the_helper_can_not_match_are_refused_too(stage: Stage, clone: Clone) -> None:
    _, local = clone
    local.run("checkout", "-q", "-b", "topic")
    local.commit("path2")
    local.run("push", "-q", "origin", "topic", "topic:cipot")
    local.run("commit", "-q", "--amend", "-m", "Other")
    done = local.run("push", "-v", "origin", "+topic", "topic:cipot", ok=False)
    assert done.code != 0
    assert re.search(
        r"^ \+ [a-f0-9]+\.\.\.[a-f0-9]+ +topic -> topic \(forced update\)$", done.err, re.MULTILINE
    )
    assert re.search(r"^ ! \[rejected\] +topic -> cipot \(non-fast-forward\)$", done.err, re.MULTILINE)
    assert "Updates were rejected because" in done.err


def test_a_lease_forces_and_a_stale_one_is_refused(stage: Stage, clone: Clone) -> None:
    slug, local = clone
    local.run("checkout", "-q", "-b", "topic")
    first = local.commit()
    local.run("push", "-q", "origin", "topic")
    local.run("commit", "-q", "--amend", "-m", "Other")
    local.run("push", "-q", f"--force-with-lease=topic:{first}", "origin", "topic")
    second = stage.refs(slug)["refs/heads/topic"]
    assert second == local.run("rev-parse", "HEAD").out.strip() != first
    local.run("commit", "-q", "--amend", "-m", "Yet another")
    done = local.run("push", f"--force-with-lease=topic:{first}", "origin", "topic", ok=False)
    assert done.code != 0 and re.search(
        r"^ ! \[rejected\] +topic -> topic \(stale info\)$", done.err, re.MULTILINE
    )
    assert stage.refs(slug)["refs/heads/topic"] == second


def test_a_chunked_push(stage: Stage, clone: Clone) -> None:
    slug, local = clone
    sha = local.commit("path3", os.urandom(200_000))
    done = local.run("-c", "http.postbuffer=4", "push", "-v", "-v", "origin", "main")
    assert "POST git-receive-pack (chunked)" in done.err
    assert stage.refs(slug)["refs/heads/main"] == sha


def test_an_atomic_push_that_the_client_refuses_changes_nothing(stage: Stage, clone: Clone) -> None:
    slug, local = clone
    local.commit()
    local.run("tag", "atomic1")
    second = local.commit()
    for name in ("collateral", "other"):
        local.run("branch", name)
    local.run("push", "-q", "origin", "atomic1", "main", "collateral", "other")
    local.run("tag", "-d", "atomic1")
    local.run("checkout", "-q", "collateral")
    local.commit("collateral1")
    local.run("checkout", "-q", "main")
    local.run("reset", "-q", "--hard", "HEAD^")
    local.run("branch", "atomic")
    done = local.run("push", "--atomic", "origin", "main", "atomic", "collateral", ok=False)
    refs = stage.refs(slug)
    assert done.code != 0 and "refs/heads/atomic" not in refs
    assert refs["refs/heads/main"] == refs["refs/heads/collateral"] == second
    assert re.search(r"^ ! .*rejected.* main -> main", done.err, re.MULTILINE)
    for name in ("atomic", "collateral"):
        assert re.search(rf"^ ! .*rejected.* {name} -> {name} .*atomic push failed", done.err, re.MULTILINE)
    assert not re.search(r"^ ! .*rejected.* (atomic1|other) ", done.err, re.MULTILINE)


def test_an_atomic_push_that_the_server_can_not_do_changes_nothing(stage: Stage, clone: Clone) -> None:
    slug, local = clone
    local.run("push", "-q", "origin", "main:other")
    before = stage.refs(slug)
    (stage.repository(slug) / "refs/heads/other.lock").mkdir()
    local.commit()
    local.run("branch", "-f", "other")
    local.run("branch", "atomic")
    done = local.run("push", "--atomic", "origin", "atomic", "other", ok=False)
    assert done.code != 0 and stage.refs(slug) == before == stage.recorded_refs(slug)
    for name in ("other", "atomic"):
        assert re.search(
            rf"^ ! .*rejected.* {name} -> {name} .*atomic transaction failed", done.err, re.MULTILINE
        )


@pytest.mark.parametrize("how", ["--all", "--mirror"])
def test_everything_is_pushed_to_an_empty_repository(stage: Stage, git: Git, how: str) -> None:
    slug = stage.project()
    git.run("branch", "second")
    git.run("push", how, stage.url(slug, "writer"))
    assert set(stage.refs(slug)) == {"refs/heads/main", "refs/heads/second"}


@pytest.mark.parametrize("how", ["--all", "--mirror"])
def test_everything_is_pushed_to_a_repository_with_alternates(
    stage: Stage, clone: Clone, git: Git, how: str
) -> None:
    slug, _ = clone
    borrower = stage.project()
    git.run("ls-remote", stage.url(borrower))  # makes the repository
    alternates = stage.repository(borrower) / "objects/info/alternates"
    alternates.parent.mkdir(exist_ok=True)
    alternates.write_text(f"{stage.repository(slug)}/objects\n")
    sha = git.commit()
    git.run("push", how, stage.url(borrower, "writer"))
    assert stage.refs(borrower) == {"refs/heads/main": sha}
    on_server(stage, borrower, "fsck", "--strict")


def test_progress_and_silence_on_a_terminal(stage: Stage, clone: Clone) -> None:
    _, local = clone
    local.commit("noisy")
    code, output = on_terminal(local, "push")
    assert code == 0 and re.search(r"^Writing objects", output, re.MULTILINE)
    local.commit("quiet")
    assert on_terminal(local, "push", "--quiet") == (0, "")
    local.commit("no-progress")
    code, output = on_terminal(local, "push", "--no-progress")
    assert code == 0 and re.search(r"^To http", output, re.MULTILINE)
    assert "Writing objects" not in output
    local.commit("progress")
    done = local.run("push", "--progress")
    assert re.search(r"^To http", done.err, re.MULTILINE) and "Writing objects" in done.err


def test_the_reflog_names_the_pusher(stage: Stage, clone: Clone) -> None:
    slug, local = clone
    local.commit()
    local.run("push", "-q", GIT_COMMITTER_NAME="Somebody", GIT_COMMITTER_EMAIL="else@example.org")
    line = on_server(stage, slug, "log", "-g", "-1", "--format=%gn <%ge>", "main")
    assert re.fullmatch(r"git-writer <user-[0-9]+@ropewalk\.invalid>", line)


def test_cloning_needs_no_password_and_pushing_asks_for_it(
    stage: Stage, git: Git, folder: Callable[[str], Git], tmp_path: Path
) -> None:
    slug = stage.project()
    git.run("push", "-q", stage.url(slug, "owner"), "main")
    wrong = Askpass(tmp_path, "wrong", "wrong")
    folder("away").run("clone", "-q", stage.url(slug), "half", **wrong.environment)
    assert wrong.asked() == []
    local = folder("away/half")
    sha = local.commit(message="push-half-auth")
    right = Askpass(tmp_path, "git-writer", stage.tokens["git-writer"])
    local.run("push", "-q", **right.environment)
    assert right.asked() == ["user", "password"]
    assert stage.refs(slug)["refs/heads/main"] == sha


def test_two_thousand_tags_in_one_push(stage: Stage, clone: Clone) -> None:
    slug, local = clone
    sha = local.run("rev-parse", "HEAD").out.strip()
    tags = [f"refs/tags/really-long-tag-name-{number}" for number in sorted(map(str, range(1, 2001)))]
    (local.folder / ".git/packed-refs").write_text("".join(f"{sha} {name}\n" for name in tags))
    local.run("push", "--mirror", "origin", ok=False)  # origin's own tracking refs are refused names
    local.run("push", "-q", "origin", "--tags")
    found = [name for name in stage.refs(slug) if name.startswith("refs/tags/")]
    assert len(found) == 2000
    assert len([name for name in stage.recorded_refs(slug) if name.startswith("refs/tags/")]) == 2000


def test_a_branch_name_beyond_ascii_with_a_lease(stage: Stage, clone: Clone) -> None:
    _, local = clone
    local.run("checkout", "-q", "-b", "rama-de-árbol")
    sha = local.commit("F")
    local.run("push", "-q", "--force-with-lease", "origin", "rama-de-árbol")
    assert (
        local.run("ls-remote", "origin", "refs/heads/rama-de-árbol").out
        == f"{sha}\trefs/heads/rama-de-árbol\n"
    )
    local.run("push", "-q", "--delete", "--force-with-lease", "origin", "rama-de-árbol")
    assert local.run("ls-remote", "origin", "refs/heads/rama-de-árbol").out == ""


def test_a_signed_push_is_told_that_none_is_taken(stage: Stage, clone: Clone) -> None:
    slug, local = clone
    sha = local.commit()
    refused = local.run("push", "--signed", ok=False)
    assert refused.code != 0 and "does not support --signed push" in refused.err
    local.run("push", "-q", "--signed=if-asked")
    assert stage.refs(slug)["refs/heads/main"] == sha
