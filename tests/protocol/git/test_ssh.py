"""git over SSH with OpenSSH's own client: the same gate, the same rules, the same record as over HTTP."""

import os
import re
import threading
from collections.abc import Callable

import pytest

from tests.protocol.git.conftest import Git, Ssh, Stage


def filled(stage: Stage, ssh: Ssh, git: Git) -> str:
    """A public project with two commits on main, pushed over SSH."""
    slug = stage.project()
    git.commit(message="two")
    git.run("push", "-q", ssh.url(slug), "main", **ssh.env("writer"))
    return slug


def test_a_greeting_tells_who_one_is(ssh: Ssh) -> None:
    done = ssh.run("writer", options=("-T",))
    assert done.code == 0 and done.out.startswith("Hello git-writer! Your key works.")
    assert f"git clone ssh://git@127.0.0.1:{ssh.port}/OWNER/PROJECT.git" in done.out


@pytest.mark.parametrize("version", ["0", "1", "2"])
def test_clone_push_fetch(
    stage: Stage, ssh: Ssh, git: Git, folder: Callable[[str], Git], version: str
) -> None:
    slug = filled(stage, ssh, git)
    config, away = ("-c", f"protocol.version={version}"), folder("away")
    away.run(*config, "clone", "-q", ssh.url(slug), "copy", **ssh.env("reader"))
    copy = folder("away/copy")
    assert copy.run("rev-parse", "HEAD").out == git.run("rev-parse", "HEAD").out
    sha = copy.commit("new.txt")
    done = copy.run(*config, "push", "--progress", "origin", "HEAD:main", **ssh.env("writer"))
    assert re.search(rf"^remote: Ropewalk: indexing {sha[:8]} \(main\)", done.err, re.MULTILINE)
    done = git.run(*config, "fetch", "-v", ssh.url(slug), "main", GIT_TRACE_PACKET="1", **ssh.env("reader"))
    assert git.run("rev-parse", "FETCH_HEAD").out.strip() == sha
    spoken = {"0": "version 2", "1": "fetch< version 1", "2": "fetch< version 2"}[version]
    assert (spoken in done.err) == (version != "0")
    first, second = stage.pushes(slug)
    assert (first.pusher, second.pusher) == ("git-writer", "git-writer")
    assert second.updates[0]["new"] == sha and not second.repaired
    assert stage.recorded_refs(slug) == stage.refs(slug) == {"refs/heads/main": sha}


def test_shallow_partial_and_deepened_clones(
    stage: Stage, ssh: Ssh, git: Git, folder: Callable[[str], Git]
) -> None:
    slug, away, env = filled(stage, ssh, git), folder("away"), ssh.env("reader")
    away.run("clone", "-q", "--depth=1", ssh.url(slug), "shallow", **env)
    assert away.run("-C", "shallow", "rev-list", "--count", "HEAD").out.strip() == "1"
    away.run("-C", "shallow", "fetch", "-q", "--unshallow", **env)
    assert away.run("-C", "shallow", "rev-list", "--count", "HEAD").out.strip() == "2"
    away.run("clone", "-q", "--no-checkout", "--filter=blob:none", ssh.url(slug), "partial", **env)
    assert "?" in away.run("-C", "partial", "rev-list", "--objects", "--all", "--missing=print").out
    away.run("-C", "partial", "checkout", "-q", "main", **env)
    assert (away.folder / "partial/file.txt").read_bytes() == (git.folder / "file.txt").read_bytes()


def test_branches_tags_deletions_and_nothing_to_do(stage: Stage, ssh: Ssh, git: Git) -> None:
    slug, env = filled(stage, ssh, git), ssh.env("writer")
    git.run("tag", "-a", "v1", "-m", "One")
    git.run("push", "-q", ssh.url(slug), "main:dev", "v1", **env)
    assert {"refs/heads/dev", "refs/tags/v1"} < set(stage.refs(slug))
    git.run("push", "-q", ssh.url(slug), ":dev", ":v1", **env)  # no pack follows: git waits for the answer
    assert set(stage.refs(slug)) == {"refs/heads/main"} == set(stage.recorded_refs(slug))
    assert "Everything up-to-date" in git.run("push", ssh.url(slug), "main", **env).err
    assert len(stage.pushes(slug)) == 3


def test_push_options_and_atomic_pushes(stage: Stage, ssh: Ssh, git: Git) -> None:
    slug, env = filled(stage, ssh, git), ssh.env("writer")
    git.commit()
    git.run("push", "-q", "-o", "anything", ssh.url(slug), "main", **env)
    done = git.run("push", "--atomic", ssh.url(slug), "main:more", ":main", ok=False, **env)
    assert done.code != 0 and set(stage.refs(slug)) == {"refs/heads/main"}


def test_a_key_that_nobody_has_is_refused(ssh: Ssh) -> None:
    done = ssh.run("nobody", options=("-T",))
    assert done.code == 255 and "Permission denied (publickey)" in done.err and not done.out


def test_what_one_may_not_see_looks_like_nothing(stage: Stage, ssh: Ssh, git: Git) -> None:
    said = {}
    for slug in ("private", "nothing-here"):
        done = git.run("ls-remote", ssh.url(slug), ok=False, **ssh.env("stranger"))
        assert done.code != 0 and done.out == ""
        said[slug] = done.err.replace(slug, "*")
    assert said["private"] == said["nothing-here"]
    assert "There is no project git-owner/*, or you may not see it." in said["private"]
    assert "your key speaks for git-stranger" in said["private"]
    assert git.run("ls-remote", ssh.url("private"), **ssh.env("reader")).code == 0


def test_who_may_not_push_learns_why(stage: Stage, ssh: Ssh, git: Git) -> None:
    done = git.run("push", ssh.url("public"), "main", ok=False, **ssh.env("reader"))
    assert done.code != 0 and not stage.refs("public")
    assert "Ropewalk: Your role in git-owner/public (reader) does not let you change its code." in done.err
    slug = filled(stage, ssh, git)
    stage.archive(slug)
    done = git.run("push", ssh.url(slug), "main:new", ok=False, **ssh.env("owner"))
    assert done.code != 0 and "is archived" in done.err
    assert git.run("ls-remote", ssh.url(slug), **ssh.env("stranger")).out


def test_rules_of_branches_hold(stage: Stage, ssh: Ssh, git: Git) -> None:
    slug = filled(stage, ssh, git)
    git.run("commit", "-q", "--amend", "-m", "Other history")
    refused = git.run("push", "--force", ssh.url(slug), "main", ok=False, **ssh.env("writer"))
    assert refused.code != 0 and "this push would replace history of main" in refused.err
    assert re.search(r"^ ! \[remote rejected\] main -> main \(hook declined\)$", refused.err, re.MULTILINE)
    refused = git.run("push", ssh.url(slug), "main:refs/ropewalk/x", ok=False, **ssh.env("writer"))
    assert "[remote rejected]" in refused.err
    git.run("push", "-q", "--force", ssh.url(slug), "main", **ssh.env("owner"))
    assert stage.pushes(slug)[-1].updates[0]["forced"]


def test_names_that_can_not_be_pushed_are_refused_in_words(stage: Stage, ssh: Ssh, git: Git) -> None:
    slug = filled(stage, ssh, git)
    name = "x" * 600
    git.commit("big.bin", os.urandom(3 << 20))  # still being sent when the answer comes
    done = git.run("push", ssh.url(slug), f"main:refs/heads/{name}", ok=False, **ssh.env("writer"))
    assert done.code != 0 and "can't be pushed" in done.err and "bad ref name" in done.err
    assert set(stage.refs(slug)) == {"refs/heads/main"}


def test_a_key_for_reading_and_a_key_for_one_project(stage: Stage, ssh: Ssh, git: Git) -> None:
    slug = filled(stage, ssh, git)
    ssh.add("writer", ssh.make_key("reading"), read_only=True)
    assert git.run("ls-remote", ssh.url(slug), **ssh.env("reading")).out
    done = git.run("push", ssh.url(slug), "main:x", ok=False, **ssh.env("reading"))
    assert done.code != 0 and "This SSH key is for reading only" in done.err
    key = ssh.add("writer", ssh.make_key("narrow"))
    stage.project_row(slug, f"UPDATE accounts_sshkey SET project_id = %s WHERE id = {key['id']} RETURNING id")
    git.run("push", "-q", ssh.url(slug), "main:narrow", **ssh.env("narrow"))
    assert git.run("ls-remote", ssh.url("public"), ok=False, **ssh.env("narrow")).code != 0


def test_a_deleted_key_signs_nobody_in(stage: Stage, ssh: Ssh) -> None:
    key = ssh.add("reader", ssh.make_key("deleted"))
    assert ssh.run("deleted", options=("-T",)).code == 0
    ssh.api("reader", "DELETE", f"/api/v1/user/keys/{key['id']}")
    assert "Permission denied" in ssh.run("deleted", options=("-T",)).err


@pytest.mark.parametrize("options", [("-t", "rsa", "-b", "2048"), ("-t", "ecdsa", "-b", "521")])
def test_keys_of_other_kinds(ssh: Ssh, options: tuple[str, ...]) -> None:
    name = "-".join(option.strip("-") for option in options)
    ssh.add("reader", ssh.make_key(name, *options))
    assert "Hello git-reader!" in ssh.run(name, options=("-T",)).out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["ls", "-la"], "Only git is offered here"),
        (["git-upload-pack"], "takes one address"),
        (["git-upload-pack '/git-owner/public.git' --strict"], "takes one address"),
        (["git-upload-pack '../../etc/passwd'"], "is not the address of a project"),
        (["git-upload-pack '/git-owner/../x/public.git'"], "is not the address of a project"),
        (["git-upload-pack '/'"], "is not the address of a project"),
        (["git-upload-archive '/git-owner/public.git'"], "git archive --remote is not offered"),
        (["git-lfs-authenticate git-owner/public.git download"], "dvc add"),
        (["git-upload-pack 'unbalanced"], "Only git is offered here"),
        (["git-receive-pack '/git-owner/public.git'; id"], "takes one address"),
        (["x" * 100_000], "Only git is offered here"),
    ],
)
def test_nothing_but_git_is_offered(ssh: Ssh, words: list[str], said: str) -> None:
    done = ssh.run("owner", *words)
    assert done.code == 1 and done.err.startswith("Ropewalk: ") and said in done.err
    assert done.out == ""


def test_no_terminal_tunnel_or_file_transfer(stage: Stage, ssh: Ssh) -> None:
    done = ssh.run("owner", options=("-tt",), stdin=b"")
    assert "PTY allocation request failed" in done.err
    port = stage.instance.url.rsplit(":", 1)[1]
    assert "open failed" in ssh.run("owner", options=("-W", f"127.0.0.1:{port}")).err
    done = ssh.run(
        "owner",
        "git-upload-pack /git-owner/x",
        options=("-R", "0:127.0.0.1:1", "-o", "ExitOnForwardFailure=yes"),
    )
    assert "remote port forwarding failed" in done.err
    assert ssh.run("owner", "-s", "sftp", stdin=b"").code != 0
    assert ssh.run("owner", options=("-A", "-T")).code == 0  # asked for and not granted


def test_passwords_are_not_asked_for(ssh: Ssh) -> None:
    done = ssh.run("nobody", options=("-v", "-T"))
    assert "Authentications that can continue: publickey\r" in done.err or (
        "Authentications that can continue: publickey\n" in done.err
    )


def test_pushes_at_once_all_land(stage: Stage, ssh: Ssh, git: Git, folder: Callable[[str], Git]) -> None:
    slug = filled(stage, ssh, git)
    codes: dict[int, int] = {}

    def push(number: int) -> None:
        copy = folder(f"copy{number}")
        copy.run("clone", "-q", ssh.url(slug), ".", **ssh.env("writer"))
        copy.commit(f"file{number}.txt")
        codes[number] = copy.run("push", "origin", f"HEAD:mine-{number}", ok=False, **ssh.env("writer")).code

    threads = [threading.Thread(target=push, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert codes == dict.fromkeys(range(6), 0)
    assert stage.recorded_refs(slug) == stage.refs(slug)
    assert set(stage.refs(slug)) == {"refs/heads/main", *(f"refs/heads/mine-{number}" for number in range(6))}
