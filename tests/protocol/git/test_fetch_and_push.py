"""What real git clients do: push, clone, fetch, in every protocol version, shallow, partial, gzip and chunked."""

import gzip
import os
import urllib.request
from collections.abc import Callable

import pytest

from tests.protocol.git.conftest import Git, Stage
from tests.protocol.git.raw import packet


@pytest.fixture(scope="module")
def filled(stage: Stage, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Git]:
    """A public project with two hundred commits, a branch and tags, and the local repository that it came from."""
    local = Git(tmp_path_factory.mktemp("filled") / "local")
    local.run("init", "-q", "-b", "main")
    stream = [b"reset refs/heads/main\n"]
    for number in range(200):
        body = f"line {number}\n".encode() * 50
        stream.append(
            b"commit refs/heads/main\ncommitter T <t@e> %d +0000\ndata 5\nstep\n\nM 100644 inline dir/f%d.txt\ndata %d\n%s\n"
            % (1_700_000_000 + number, number % 40, len(body), body)
        )
    local.run("fast-import", "--quiet", stdin=b"".join(stream))
    local.run("reset", "-q", "--hard")
    local.run("branch", "feature/ünï%20code", "HEAD~3")
    local.run("tag", "v1", "HEAD~10")
    local.run("tag", "-a", "-m", "Second", "v2", "HEAD~5")
    slug = stage.project()
    local.run("push", "-q", stage.url(slug, "writer"), "--all")
    local.run("push", "-q", stage.url(slug, "writer"), "--tags")
    return slug, local


@pytest.mark.parametrize("version", ["0", "1", "2"])
@pytest.mark.parametrize("suffix", [".git", ""])
def test_clone_gives_everything_back(
    stage: Stage, filled: tuple[str, Git], folder: Callable[[str], Git], version: str, suffix: str
) -> None:
    slug, local = filled
    away = folder("away")
    away.run(
        "-c", f"protocol.version={version}", "clone", "-q", "--mirror", stage.url(slug, suffix=suffix), "copy"
    )
    there = away.run("-C", "copy", "for-each-ref", "--format=%(objectname) %(refname)").out
    assert there == local.run("for-each-ref", "--format=%(objectname) %(refname)").out
    away.run("-C", "copy", "fsck", "--strict")


@pytest.mark.parametrize("version", ["0", "2"])
def test_shallow_and_partial_clones_then_deepen(
    stage: Stage, filled: tuple[str, Git], folder: Callable[[str], Git], version: str
) -> None:
    slug, local = filled
    away = folder("away")
    option = f"protocol.version={version}"
    away.run("-c", option, "clone", "-q", "--depth", "3", stage.url(slug), "shallow")
    assert away.run("-C", "shallow", "rev-list", "--count", "HEAD").out.strip() == "3"
    away.run("-C", "shallow", "-c", option, "fetch", "-q", "--unshallow")
    assert (
        away.run("-C", "shallow", "rev-list", "--count", "HEAD").out.strip()
        == local.run("rev-list", "--count", "main").out.strip()
    )

    away.run("-c", option, "clone", "-q", "--filter=blob:none", "--no-checkout", stage.url(slug), "partial")
    listing = "rev-list --objects --all --missing=print".split()
    missing = [line for line in away.run("-C", "partial", *listing).out.splitlines() if line.startswith("?")]
    assert len(missing) >= 200
    away.run("-C", "partial", "-c", option, "checkout", "-q", "main")
    assert (away.folder / "partial/dir/f7.txt").read_bytes() == (local.folder / "dir/f7.txt").read_bytes()


def test_a_later_fetch_brings_only_what_is_new(
    stage: Stage, filled: tuple[str, Git], folder: Callable[[str], Git]
) -> None:
    slug, local = filled
    folder("away").run("clone", "-q", stage.url(slug), "copy")
    sha = local.commit("dir/new.txt")
    local.run("push", "-q", stage.url(slug, "writer"), "main")
    done = folder("away/copy").run("fetch", "--progress", "origin", "main")
    assert folder("away/copy").run("rev-parse", "origin/main").out.strip() == sha
    assert "Total 4 " in done.err or "Total 3 " in done.err


@pytest.mark.parametrize("packed", [True, False])
def test_a_long_request_may_be_gzipped(stage: Stage, filled: tuple[str, Git], packed: bool) -> None:
    slug, local = filled
    want = local.run("rev-parse", "v1^{commit}").out.strip()
    haves = b"".join(packet(f"have {number:040x}\n") for number in range(2000))
    asked = packet(f"want {want} side-band-64k ofs-delta\n") + b"0000" + haves + packet("done\n")
    request = urllib.request.Request(
        stage.url(slug) + "/git-upload-pack", data=gzip.compress(asked) if packed else asked
    )
    request.add_header("Content-Type", "application/x-git-upload-pack-request")
    if packed:
        request.add_header("Content-Encoding", "gzip")
    with urllib.request.urlopen(request, timeout=60) as answer:
        data = answer.read()
        assert answer.headers["Cache-Control"] == "no-cache, max-age=0, must-revalidate"
    assert data.startswith(b"0008NAK\n") and b"PACK" in data and data.endswith(b"0000")


def test_a_large_push_is_chunked_and_arrives_whole(
    stage: Stage, git: Git, folder: Callable[[str], Git]
) -> None:
    slug = stage.project()
    sha = git.commit("big.bin", os.urandom(12 << 20))
    done = git.run(
        "-c",
        "http.postBuffer=65536",
        "push",
        "--progress",
        stage.url(slug, "writer"),
        "main",
        GIT_TRACE_CURL="1",
    )
    assert "Transfer-Encoding: chunked" in done.err
    assert f"indexing {sha[:8]} (main)" in done.err and f"/commit/{sha}" in done.err
    folder("away").run("clone", "-q", stage.url(slug), "copy")
    assert folder("away/copy").run("rev-parse", "HEAD").out.strip() == sha
    rows = stage.pushes(slug)
    assert [(row.pusher, row.repaired) for row in rows] == [("git-writer", False)]
    [update] = rows[0].updates
    assert (update["name"], update["new"], update["commit"], update["forced"]) == (
        "refs/heads/main",
        sha,
        sha,
        False,
    )
    assert stage.recorded_refs(slug) == stage.refs(slug) == {"refs/heads/main": sha}


def test_the_first_branch_becomes_the_default_one(
    stage: Stage, git: Git, folder: Callable[[str], Git]
) -> None:
    slug = stage.project()
    git.run("push", "-q", stage.url(slug, "owner"), "main:trunk")
    folder("away").run("clone", "-q", stage.url(slug), "copy")
    assert folder("away/copy").run("branch", "--show-current").out.strip() == "trunk"


def test_an_empty_project_clones_with_a_warning(stage: Stage, folder: Callable[[str], Git]) -> None:
    slug = stage.project()
    done = folder("away").run("clone", stage.url(slug), "copy")
    assert "empty repository" in done.err
