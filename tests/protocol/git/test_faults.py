"""Clients that die, race or lie: refs stay as they were, nothing acknowledged is lost, nothing is left lying about."""

import gzip
import os
import threading
import time
from collections.abc import Callable

import pytest

from tests.protocol.git.conftest import Git, Stage
from tests.protocol.git.raw import ZERO, chunk, open_push, pack_of, push_body, push_raw


def eventually(condition: Callable[[], bool], patience: float = 60.0) -> bool:
    """Whether it becomes true within a generous time."""
    end = time.monotonic() + patience
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.1)
    return False


def leftovers(stage: Stage, slug: str) -> list[str]:
    """Quarantines and temporary packs in the repository."""
    objects = stage.repository(slug) / "objects"
    return [
        path.name for pattern in ("tmp_objdir*", "incoming*", "pack/tmp_*") for path in objects.glob(pattern)
    ]


@pytest.mark.parametrize("chunked", [True, False])
def test_a_client_that_dies_half_way_changes_nothing(stage: Stage, git: Git, chunked: bool) -> None:
    slug = stage.project()
    git.run("push", "-q", stage.url(slug, "writer"), "main")
    before = stage.refs(slug)
    sha = git.commit("big.bin", os.urandom(4 << 20))
    body = push_body([(before["refs/heads/main"], sha, "refs/heads/main")], pack_of(git, "main"))
    half = body[: len(body) // 2]
    connection = open_push(stage, slug, length=None if chunked else len(body))
    connection.sendall(chunk(half) if chunked else half)
    assert eventually(lambda: bool(leftovers(stage, slug)))  # git is at work
    connection.close()
    assert eventually(lambda: not leftovers(stage, slug))
    assert stage.refs(slug) == before == stage.recorded_refs(slug)
    git.run("push", "-q", stage.url(slug, "writer"), "main")
    assert stage.refs(slug) == {"refs/heads/main": sha}


def test_a_client_that_leaves_before_the_answer_is_recorded(stage: Stage, git: Git) -> None:
    slug = stage.project()
    sha = git.commit()
    body = push_body([(ZERO, sha, "refs/heads/main")], pack_of(git, "main"))
    connection = open_push(stage, slug, length=len(body))
    connection.sendall(body)
    connection.close()
    assert eventually(lambda: bool(stage.pushes(slug)))
    [push] = stage.pushes(slug)
    assert push.pusher == "git-writer" and push.updates[0]["new"] == sha
    assert stage.recorded_refs(slug) == stage.refs(slug) == {"refs/heads/main": sha}


def test_pushes_at_once_are_each_recorded(stage: Stage, git: Git, folder: Callable[[str], Git]) -> None:
    slug = stage.project()
    git.run("push", "-q", stage.url(slug, "writer"), "main")
    copies = []
    for number in range(6):
        folder("copies").run("clone", "-q", stage.url(slug, "writer"), f"c{number}")
        copies.append(folder(f"copies/c{number}"))
        copies[-1].commit(f"file{number}.txt")
    codes: dict[int, int] = {}

    def push(number: int) -> None:
        # Everybody wants main (one wins) and a branch of their own (all win).
        codes[number] = (
            copies[number].run("push", "origin", "HEAD:main", f"HEAD:mine-{number}", ok=False).code
        )

    threads = [threading.Thread(target=push, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    refs = stage.refs(slug)
    assert sum(code == 0 for code in codes.values()) == 1
    assert set(refs) == {"refs/heads/main", *(f"refs/heads/mine-{number}" for number in range(6))}
    assert stage.recorded_refs(slug) == refs
    updates = [u["name"] for push in stage.pushes(slug) for u in push.updates]
    assert sorted(updates) == sorted([*refs, "refs/heads/main"])  # the first push and the winner


def test_a_ref_that_moved_without_a_record_is_found(stage: Stage, git: Git) -> None:
    """As after a death between the ref's change and the row: repair by the worker's own code."""
    slug = stage.project()
    git.run("push", "-q", stage.url(slug, "writer"), "main")
    git.run("push", "-q", stage.url(slug, "writer"), "main:lost", "main:kept")
    repository = stage.repository(slug)
    (repository / "refs/heads/lost").rename(repository / "refs/heads/moved")
    code = f"from ropewalk.repos.services import reconcile; reconcile(project_id={stage.ids[slug]})"
    stage.instance.manage("shell", "-c", code)
    assert stage.recorded_refs(slug) == stage.refs(slug)
    last = stage.pushes(slug)[-1]
    assert last.repaired
    assert {(u["name"], u["old"] == ZERO, u["new"] == ZERO) for u in last.updates} == {
        ("refs/heads/lost", False, True),
        ("refs/heads/moved", True, False),
    }


HOSTILE_NAMES = [
    b"refs/heads/../../config", b"refs/heads/a..b", b"refs/heads/.hidden", b"refs/heads/x.lock", b"refs/heads/\xff\xfe",
    b"refs/heads/a b", b"refs/heads/" + b"x" * 600, b"refs/heads/a\x01b", b"HEAD", b"refs/heads/a//b", b"../../../etc/passwd",
    b"refs/heads/-", b"refs/heads/@{x}", b"refs/heads/HEAD", b"config", b"refs/heads/a\nb",
]  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE_NAMES)
def test_hostile_ref_names_change_nothing(stage: Stage, git: Git, name: bytes) -> None:
    slug = "public"
    sha = git.run("rev-parse", "HEAD").out.strip()
    answer = push_raw(stage, slug, push_body([(ZERO, sha, name)], pack_of(git, "main")))
    if name == b"refs/heads/-":  # odd, and allowed by git
        assert b"ok refs/heads/-" in answer
        push_raw(stage, slug, push_body([(sha, ZERO, name)]))
    else:
        assert b"ok refs" not in answer and b"ok HEAD" not in answer
    assert not stage.refs(slug)
    config = stage.repository(slug) / "config"
    assert not config.exists() or config.read_text().startswith("# Written by Ropewalk")


NONSENSE = [
    b"",
    b"0000",
    b"zzzz",
    b"0003",
    b"ffff" + b"a" * 100,
    b"\0" * 5000,
    b"0032" + b"g" * 46 + b"0000",
    b"-001aaaa",
]


@pytest.mark.parametrize("body", NONSENSE)
def test_nonsense_gets_an_answer_and_harms_nothing(stage: Stage, body: bytes) -> None:
    answer = push_raw(stage, "public", body)
    assert answer.split(b" ", 2)[1] in {b"200", b"400"}
    assert not stage.refs("public")


def test_objects_that_fsck_refuses_do_not_come_in(stage: Stage, git: Git) -> None:
    blob = git.run("hash-object", "-w", "--stdin", stdin=b"evil").out.strip()
    for name in (b".git", b"..", b"a/b"):
        raw = b"100644 " + name + b"\0" + bytes.fromhex(blob)
        tree = git.run("hash-object", "-w", "-t", "tree", "--literally", "--stdin", stdin=raw).out.strip()
        commit = git.run("commit-tree", "-m", "Evil", tree).out.strip()
        answer = push_raw(
            stage, "public", push_body([(ZERO, commit, "refs/heads/evil")], pack_of(git, commit))
        )
        assert b"unpack ok" not in answer
    assert not stage.refs("public")


def test_a_pack_without_the_pushed_commit_is_refused(stage: Stage, git: Git) -> None:
    other = git.commit()
    answer = push_raw(stage, "public", push_body([(ZERO, other, "refs/heads/x")], pack_of(git, "main~1")))
    assert b"ok refs/heads/x" not in answer
    assert not stage.refs("public")


def test_a_gzipped_push_arrives_and_a_bomb_does_not(stage: Stage, git: Git) -> None:
    slug = stage.project()
    sha = git.run("rev-parse", "HEAD").out.strip()
    body = gzip.compress(push_body([(ZERO, sha, "refs/heads/main")], pack_of(git, "main")))
    assert b"ok refs/heads/main" in push_raw(stage, slug, body, extra="Content-Encoding: gzip\r\n")
    assert stage.refs(slug) == {"refs/heads/main": sha}
    truncated = push_raw(stage, "public", body[:-20], extra="Content-Encoding: gzip\r\n")
    assert b"ok refs" not in truncated and not stage.refs("public")
    bomb = gzip.compress(b"0032" * (4 << 20))
    assert push_raw(stage, "public", bomb, extra="Content-Encoding: gzip\r\n").split(b" ", 2)[1] == b"400"
