"""Clones of a project that got another name: unmodified git goes on with the old address, over HTTP and SSH."""

import json
import time
from collections.abc import Callable

import pytest

from tests.protocol.git.conftest import Git, Ssh, Stage


def rename(ssh: Ssh, slug: str) -> str:
    """Through the API, as its owner."""
    name = f"{slug}-renamed"
    answer = ssh.api("owner", "PATCH", f"/api/v1/repos/git-owner/{slug}", json.dumps({"name": name}).encode())
    assert json.loads(answer)["full_name"] == f"git-owner/{name}"
    return name


@pytest.mark.parametrize("suffix", [".git", ""])
def test_clone_fetch_and_push_over_http(
    stage: Stage, ssh: Ssh, git: Git, folder: Callable[[str], Git], suffix: str
) -> None:
    slug = stage.project()
    git.commit()
    git.run("remote", "add", "origin", stage.url(slug, "writer", suffix))
    git.run("push", "-q", "origin", "HEAD:main")
    name = rename(ssh, slug)
    first = git.commit("more.txt")
    done = git.run("push", "origin", "HEAD:main")
    assert f"redirecting to {stage.url(name, suffix=suffix)}" in done.err
    assert stage.refs(slug)["refs/heads/main"] == first
    away = folder("away")
    done = away.run("clone", stage.url(slug, suffix=suffix), "copy")
    assert "redirecting to" in done.err
    copy = folder("away/copy")
    assert copy.run("rev-parse", "HEAD").out.strip() == first
    second = git.commit("third.txt")
    git.run("push", "-q", stage.url(name, "writer"), "HEAD:main")
    copy.run("pull", "-q")
    assert copy.run("rev-parse", "HEAD").out.strip() == second


def test_clone_fetch_and_push_over_ssh(
    stage: Stage, ssh: Ssh, git: Git, folder: Callable[[str], Git]
) -> None:
    slug = stage.project()
    git.commit()
    git.run("remote", "add", "origin", ssh.url(slug))
    git.run("push", "-q", "origin", "HEAD:main", **ssh.env("writer"))
    name = rename(ssh, slug)
    first = git.commit("more.txt")
    done = git.run("push", "origin", "HEAD:main", **ssh.env("writer"))
    assert f"Ropewalk: git-owner/{slug} is git-owner/{name} now." in done.err
    assert f"git remote set-url origin {ssh.url(name)}" in done.err
    away = folder("away")
    away.run("clone", "-q", ssh.url(slug), "copy", **ssh.env("reader"))
    assert folder("away/copy").run("rev-parse", "HEAD").out.strip() == first
    done = git.run("ls-remote", ssh.url(name), **ssh.env("reader"))
    assert "Ropewalk:" not in done.err, "nobody is told what they know"


def test_a_private_projects_former_name_is_hidden_from_git(stage: Stage, ssh: Ssh, git: Git) -> None:
    slug = stage.project()
    stage.project_row(slug, "UPDATE projects_project SET visibility = 'private' WHERE id = %s RETURNING id")
    rename(ssh, slug)
    for command in (["ls-remote"], ["push"]):
        for address, env in ((stage.url(slug, "stranger"), {}), (ssh.url(slug), ssh.env("stranger"))):
            done = git.run(
                *command, address, *(["HEAD:main"] if command == ["push"] else []), ok=False, **env
            )
            assert done.code != 0 and "renamed" not in done.err
    assert "could not read Username" in git.run("ls-remote", stage.url(slug), ok=False).err


def test_a_push_goes_on_while_its_project_is_renamed(
    stage: Stage, ssh: Ssh, git: Git, folder: Callable[[str], Git]
) -> None:
    slug = stage.project()
    sha = git.commit()
    git.run("remote", "add", "origin", ssh.url(slug))
    # git runs this after it read the server's refs and before it sends anything: the connection stands open meanwhile.
    hook = git.folder / ".git/hooks/pre-push"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\ntouch asked\nwhile [ ! -e go ]; do sleep 0.05; done\n")
    hook.chmod(0o755)
    pushing = git.start("push", "origin", "HEAD:main", **ssh.env("writer"))
    while not (git.folder / "asked").exists():
        assert pushing.poll() is None
        time.sleep(0.02)
    rename(ssh, slug)
    (git.folder / "go").touch()
    output = pushing.communicate(timeout=120)[0].decode()
    assert pushing.returncode == 0, output
    assert stage.refs(slug)["refs/heads/main"] == sha == stage.recorded_refs(slug)["refs/heads/main"]
