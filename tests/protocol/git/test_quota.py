"""A push over SSH into a project that is full; the other ways in are in ``tests/protocol/quotas``."""

import os

from tests.protocol.git.conftest import Git, Ssh, Stage

MIB = 1 << 20


def test_git_over_ssh(stage: Stage, ssh: Ssh, git: Git) -> None:
    slug = stage.project()
    whose = f"git-owner/{slug}"
    stage.instance.manage("set_quota", whose, "3MiB")
    git.commit("README.md", "x")
    git.run("push", ssh.url(slug), "main", **ssh.env("owner"))
    git.commit("big.bin", os.urandom(8 * MIB))
    said = git.run("push", ssh.url(slug), "main", ok=False, **ssh.env("owner")).err
    assert "remote: Ropewalk: The project" in said and "may store 3.0 MiB" in said
    stage.instance.manage("set_quota", whose, "1B")
    said = git.run("push", ssh.url(slug), "main", ok=False, **ssh.env("owner")).err
    assert "may store 1 B" in said and "over quota" in said
