"""Who may clone and push, what they are told, and the rules of the default branch."""

import json
import re
import urllib.error
import urllib.request
from base64 import b64encode

import pytest

from tests.protocol.git.conftest import Git, Stage

SEES = {
    "public": {"", "owner", "writer", "reader", "stranger"},
    "internal": {"owner", "writer", "reader", "stranger"},
    "private": {"owner", "writer", "reader"},
}
WRITES = {"owner", "writer"}


def status(
    stage: Stage, path: str, who: str = "", data: bytes | None = None, content_type: str = ""
) -> tuple[int, str, str]:
    """(status, WWW-Authenticate, body) of one request."""
    request = urllib.request.Request(f"{stage.instance.url}/git-owner/{path}", data=data)
    if who:
        pair = f"git-{who.removesuffix('-readonly')}:{stage.tokens[f'git-{who}']}"
        request.add_header("Authorization", f"Basic {b64encode(pair.encode()).decode()}")
    if content_type:
        request.add_header("Content-Type", content_type)
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status, "", answer.read().decode("utf-8", "replace")
    except urllib.error.HTTPError as error:
        return error.code, error.headers.get("WWW-Authenticate", ""), error.read().decode("utf-8", "replace")


@pytest.mark.parametrize("project", ["public", "internal", "private", "nothing-here"])
@pytest.mark.parametrize("who", ["", "owner", "writer", "reader", "stranger"])
def test_every_service_for_everybody(stage: Stage, project: str, who: str) -> None:
    sees = who in SEES.get(project, set())
    hidden = 404 if who else 401
    read = 200 if sees else hidden
    write = 200 if who in WRITES and sees else hidden if not sees else 403 if who else 401
    for address in (project, f"{project}.git"):
        assert status(stage, f"{address}/info/refs?service=git-upload-pack", who)[0] == read
        assert status(stage, f"{address}/info/refs?service=git-receive-pack", who)[0] == write
        for service, expected in (("git-upload-pack", read), ("git-receive-pack", write)):
            found, challenge, _ = status(
                stage, f"{address}/{service}", who, b"0000", f"application/x-{service}-request"
            )
            assert found == expected
            assert bool(challenge) == (expected == 401)


def test_missing_and_hidden_projects_look_the_same(stage: Stage) -> None:
    for who in ("", "stranger"):
        hidden = status(stage, "private.git/info/refs?service=git-upload-pack", who)
        missing = status(stage, "nothing-here.git/info/refs?service=git-upload-pack", who)
        assert (hidden[0], hidden[1], hidden[2].replace("private", "*")) == (
            missing[0],
            missing[1],
            missing[2].replace("nothing-here", "*"),
        )


def test_public_clone_needs_no_password_and_private_asks(stage: Stage, git: Git) -> None:
    assert git.run("ls-remote", stage.url("public"), ok=False).code == 0
    assert "could not read Username" in git.run("ls-remote", stage.url("private"), ok=False).err
    assert "not found" in git.run("ls-remote", stage.url("private", "stranger"), ok=False).err


def test_a_reader_learns_why_they_may_not_push(stage: Stage, git: Git) -> None:
    done = git.run("push", stage.url("public", "reader"), "main", ok=False)
    assert done.code != 0 and "403" in done.err
    assert "remote: Your role in git-owner/public" in done.err


def test_a_token_for_reading_does_not_push(stage: Stage, git: Git) -> None:
    assert status(stage, "public.git/info/refs?service=git-receive-pack", "owner-readonly")[0] == 403


def test_wrong_credentials_are_refused(stage: Stage, git: Git) -> None:
    address = stage.url("private", "owner").replace(stage.tokens["git-owner"], "wrong")
    done = git.run("ls-remote", address, ok=False)
    assert "Authentication failed" in done.err and "wrong" in done.err


def test_dumb_protocol_browser_and_lfs_get_an_answer_in_words(stage: Stage) -> None:
    code, _, text = status(stage, "public.git/info/refs")
    assert code == 403 and "smart protocol" in text
    code, _, text = status(stage, "public.git/HEAD")
    assert code == 404 and "git clone" in text
    code, _, text = status(
        stage, "public.git/info/lfs/objects/batch", "owner", b"{}", "application/vnd.git-lfs+json"
    )
    assert code == 404 and "dvc add" in text


def test_rules_of_the_default_branch(stage: Stage, git: Git) -> None:
    slug = stage.project()
    writer, owner = stage.url(slug, "writer"), stage.url(slug, "owner")
    first = git.commit()
    git.run("push", "-q", writer, "main", "main:other")
    git.run("commit", "-q", "--amend", "-m", "Other history")

    refused = git.run("push", "--force", writer, "main", ok=False)
    assert refused.code != 0
    assert "would replace history of main" in refused.err and "Only maintainers" in refused.err
    refused = git.run("push", owner, ":main", ok=False)
    assert "is the default branch and can't be deleted" in refused.err
    [page] = re.findall(r"default branch first: http://[^/\s]+/git-owner/(\S+)", refused.err)
    assert status(stage, page, "owner")[0] == 200, "what it points to is there"
    assert git.run("ls-remote", writer, "main").out.split()[0] == first

    git.run("push", "-q", "--force", writer, "main:other")  # any other branch is its writers' own
    git.run("push", "-q", "--force", owner, "main")
    git.run("push", "-q", writer, ":other")
    kinds = [(u["forced"], u["new"] == "0" * 40) for row in stage.pushes(slug) for u in row.updates]
    assert kinds == [(False, False), (False, False), (True, False), (True, False), (False, True)]


def test_part_of_a_push_may_be_refused_and_the_rest_is_recorded(stage: Stage, git: Git) -> None:
    slug = stage.project()
    git.run("push", "-q", stage.url(slug, "writer"), "main")
    done = git.run(
        "push",
        stage.url(slug, "writer"),
        "main:good",
        ":main",
        "main:refs/ropewalk/x",
        "main:refs/pull/1/head",
        ok=False,
    )
    assert done.err.count("[remote rejected]") == 3
    names = [u["name"] for row in stage.pushes(slug) for u in row.updates]
    assert names == ["refs/heads/main", "refs/heads/good"]
    done = git.run("push", "--atomic", stage.url(slug, "writer"), "main:more", ":main", ok=False)
    assert done.code != 0
    assert "more" not in git.run("ls-remote", stage.url(slug)).out


def test_an_archived_project_can_be_cloned_and_not_pushed(stage: Stage, git: Git) -> None:
    slug = stage.project()
    git.run("push", "-q", stage.url(slug, "owner"), "main")
    stage.archive(slug)
    git.commit()
    done = git.run("push", stage.url(slug, "owner"), "main", ok=False)
    assert done.code != 0 and "is archived" in done.err
    assert git.run("ls-remote", stage.url(slug)).out


def test_rules_for_branches_in_the_pushers_terminal(stage: Stage, git: Git) -> None:
    slug = stage.project()
    owner, writer = stage.url(slug, "owner"), stage.url(slug, "writer")
    first = git.commit()
    git.run("push", "-q", owner, "main", "main:release/1", "main:shared")
    for rule in (
        {"rule_name": "release/*", "push_role": "maintainer", "allow_delete": True},
        {"rule_name": "shared", "push_role": "nobody", "push_whitelist_usernames": ["git-writer"]},
    ):
        request = urllib.request.Request(
            f"{stage.instance.url}/api/v1/repos/git-owner/{slug}/branch_protections",
            data=json.dumps(rule).encode(),
            headers={
                "Authorization": f"Bearer {stage.tokens['git-owner']}",
                "Content-Type": "application/json",
            },
        )
        with urllib.request.urlopen(request, timeout=30) as answer:
            assert answer.status == 201
    second = git.commit()

    refused = git.run("push", writer, "main:release/1", "main:free", ok=False)
    assert "release/1 is protected by the rule “release/*”: only maintainers may push to it." in refused.err
    assert "remote:           Push another branch, and ask somebody who may to merge it." in refused.err
    assert "protected by the rule" in git.run("push", writer, "main:release/new", ok=False).err
    assert "protected by the rule" in git.run("push", writer, ":release/1", ok=False).err
    assert "only git-writer may push to it" in git.run("push", owner, "main:shared", ok=False).err
    refs = stage.refs(slug)
    assert (refs["refs/heads/release/1"], refs["refs/heads/free"]) == (first, second)

    git.run("push", "-q", owner, "main:release/1")
    git.run("push", "-q", writer, "main:shared")
    git.run("commit", "-q", "--amend", "-m", "Other history")
    forced = git.run("push", "--force", owner, "main:release/1", ok=False)
    assert "would replace history of release/1, which the rule “release/*” protects" in forced.err
    assert "it can't be deleted" in git.run("push", writer, ":shared", ok=False).err
    git.run("push", "-q", owner, ":release/1")
    refs = stage.refs(slug)
    assert refs["refs/heads/shared"] == second and "refs/heads/release/1" not in refs
    assert "ropewalk" not in git.run("ls-remote", owner).out, "what is kept of deleted branches is not shown"
