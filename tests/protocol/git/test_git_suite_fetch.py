"""What git's own test of smart fetching (t5551-http-fetch-smart) asks of ``git http-backend``, asked of our edge.

Left out, because they try the client alone and would pass against any server: redacting of credentials and cookies in
traces (GIT_TRACE_CURL, GIT_CURL_VERBOSE, GIT_TRACE_REDACT, GIT_TRACE_CURL_NO_DATA), saved cookies,
``transfer.credentialsInUrl`` (clone, fetch, push, a user name without a password), re-rooting to an insane scheme, a broken
server's Content-Type and ERR packet (ours: :func:`test_a_wrong_content_type_is_refused`,
:func:`test_an_error_of_the_server_reaches_the_terminal`), HTTP/2 (gunicorn speaks 1.1; a proxy in front speaks 2).

Left out, because Ropewalk has no such thing on purpose: ``GIT_NAMESPACE`` addresses and dumb clones (refused in words), a
server that asks for a password for objects and not for refs ("half-auth"), required custom headers, a server without
protocol version 2, SHA-256 repositories (new ones are SHA-1), host names that are not the instance's own (refused by
ALLOWED_HOSTS). An unreachable commit may be fetched by its name by whoever may read the project
(``uploadpack.allowAnySHA1InWant``), so of the two cases about it the one where the server allows it is here. The enormous
negotiation has a fifth of the tags of git's own test (which runs it only when asked for expensive tests).
"""

import re
import subprocess
import threading
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.protocol.git.askpass import Askpass
from tests.protocol.git.conftest import Git, Stage


def on_server(stage: Stage, slug: str, *args: str, stdin: bytes = b"") -> str:
    """Run git in the server's own repository, as git's tests do."""
    done = subprocess.run(
        ["git", "-c", "safe.directory=*", *args],
        cwd=stage.repository(slug), input=stdin, capture_output=True, check=True,
    )  # fmt: skip
    return done.stdout.decode().strip()


def filled(stage: Stage, git: Git) -> str:
    """A public project with two commits on main."""
    slug = stage.project()
    git.commit(message="two")
    git.run("push", "-q", stage.url(slug, "writer"), "main")
    return slug


def requests_in(trace: str) -> list[tuple[str, str]]:
    """(method, path and query) of each request in a GIT_TRACE_CURL."""
    return re.findall(r"=> Send header: (GET|POST) (\S+) HTTP/", trace)


@pytest.mark.parametrize("version", ["0", "2"])
def test_a_clone_sends_and_gets_the_headers_that_it_should(
    stage: Stage, git: Git, folder: Callable[[str], Git], version: str
) -> None:
    slug = filled(stage, git)
    done = folder("away").run(
        "-c", f"protocol.version={version}", "clone", "--quiet", stage.url(slug), "copy",
        GIT_TRACE_CURL="1", LANGUAGE="ko_KR.UTF-8",
    )  # fmt: skip
    path = f"/git-owner/{slug}.git"
    asked = requests_in(done.err)
    assert asked[0] == ("GET", f"{path}/info/refs?service=git-upload-pack")
    assert asked[1:] == [("POST", f"{path}/git-upload-pack")] * (1 if version == "0" else 2)
    received = [line.lower() for line in re.findall(r"<= Recv header: (.*)", done.err)]
    kinds = [line for line in received if line.startswith("content-type")]
    assert kinds[0] == "content-type: application/x-git-upload-pack-advertisement"
    assert set(kinds[1:]) == {"content-type: application/x-git-upload-pack-result"}
    answers = sum(line.startswith("http/1.1 200") for line in received)
    assert answers == len(asked)
    assert received.count("pragma: no-cache") == answers
    assert received.count("cache-control: no-cache, max-age=0, must-revalidate") == answers
    assert (folder("away/copy").folder / "file.txt").read_bytes() == (git.folder / "file.txt").read_bytes()


def test_changes_are_fetched_and_pulled(stage: Stage, git: Git, folder: Callable[[str], Git]) -> None:
    slug = filled(stage, git)
    folder("away").run("clone", "-q", stage.url(slug), "copy")
    git.commit("file.txt", "content\ncontent\n")
    git.run("push", "-q", stage.url(slug, "writer"), "main")
    folder("away/copy").run("pull", "-q")
    assert (folder("away/copy").folder / "file.txt").read_text() == "content\ncontent\n"


@pytest.mark.parametrize("suffix", [".git/", "/"])
def test_no_empty_path_components(stage: Stage, git: Git, folder: Callable[[str], Git], suffix: str) -> None:
    slug = filled(stage, git)
    done = folder("away").run("clone", stage.url(slug, suffix=suffix), "copy", GIT_TRACE_CURL="1")
    assert requests_in(done.err) and not [path for _, path in requests_in(done.err) if "//" in path]


@pytest.fixture
def redirector(stage: Stage) -> Iterator[str]:
    """Another server that knows where the repository went: ``/301/…``, ``/302/…``; it answers a first request only."""

    class Elsewhere(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            _, way, rest = self.path.split("/", 2)
            self.send_response(int(way) if way.isdigit() else 301)
            self.send_header("Location", f"{stage.instance.url}/{rest}")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def do_POST(self) -> None:
            self.send_error(404)

        def log_message(self, *_: object) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Elsewhere)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize("way", ["301", "302", "refs"])
def test_a_redirected_clone_goes_on_at_the_new_address(
    stage: Stage, git: Git, folder: Callable[[str], Git], redirector: str, way: str
) -> None:
    slug = filled(stage, git)
    folder("away").run("clone", "-q", f"{redirector}/{way}/git-owner/{slug}.git", "copy")
    assert folder("away/copy").run("rev-parse", "HEAD").out == git.run("rev-parse", "HEAD").out


def test_a_redirected_client_sends_its_password_to_the_new_address(
    stage: Stage, git: Git, folder: Callable[[str], Git], redirector: str, tmp_path: Path
) -> None:
    git.run("push", "-q", "--force", stage.url("private", "owner"), "main:redirected")
    person = Askpass(tmp_path, "git-reader", stage.tokens["git-reader"])
    done = folder("away").run(
        "-c", "credential.useHttpPath=true", "clone", "-b", "redirected", f"{redirector}/301/git-owner/private.git", "copy",
        **person.environment,
    )  # fmt: skip
    assert done.code == 0 and person.asked() == ["user", "password"]


def test_a_password_is_asked_for_where_it_is_needed_and_only_there(
    stage: Stage, git: Git, folder: Callable[[str], Git], tmp_path: Path
) -> None:
    git.run("push", "-q", "--force", stage.url("private", "owner"), "main:protected")
    person = Askpass(tmp_path, "git-reader", stage.tokens["git-reader"])
    away = folder("away")
    away.run("clone", "-q", "--bare", "-b", "protected", stage.url("private"), "secret", **person.environment)
    assert person.asked() == ["user", "password"]
    slug = filled(stage, git)
    away.run("clone", "-q", "--bare", stage.url(slug), "open", **person.environment)
    assert person.asked() == []


def test_a_stored_password_is_used_and_a_wrong_one_forgotten(
    stage: Stage, git: Git, folder: Callable[[str], Git], tmp_path: Path
) -> None:
    away, address = folder("away"), stage.url("private")
    right = Askpass(tmp_path, "git-reader", stage.tokens["git-reader"])
    store = ("-c", f"credential.helper=store --file={tmp_path / 'credentials'}")
    assert away.run(*store, "ls-remote", address, **right.environment).code == 0
    assert right.asked() == ["user", "password"]
    assert away.run(*store, "ls-remote", address, **right.environment).code == 0
    assert right.asked() == []

    url = address.split("/git-owner")[0]
    (tmp_path / "credentials").write_text(url.replace("://", "://bogus:bogus@") + "\n")
    assert away.run(*store, "ls-remote", address, ok=False, **right.environment).code != 0
    assert right.asked() == []
    assert away.run(*store, "ls-remote", address, **right.environment).code == 0
    assert right.asked() == ["user", "password"]


def test_a_client_of_the_dumb_protocol_is_refused_in_words(stage: Stage, git: Git) -> None:
    slug = filled(stage, git)
    done = git.run("ls-remote", stage.url(slug), ok=False, GIT_SMART_HTTP="0")
    assert done.code != 0 and "smart protocol only" in done.err


def test_a_wrong_content_type_is_refused(stage: Stage, git: Git) -> None:
    slug = filled(stage, git)
    request = urllib.request.Request(f"{stage.url(slug)}/git-upload-pack", data=b"0000")
    request.add_header("Content-Type", "application/x-www-form-urlencoded")
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(request, timeout=30)
    assert refused.value.code == 400
    assert b"Content-Type must be application/x-git-upload-pack-request" in refused.value.read()


def test_an_error_of_the_server_reaches_the_terminal(stage: Stage, git: Git) -> None:
    slug = filled(stage, git)
    wrong = "1" * 40
    for version in ("0", "2"):
        done = git.run("-c", f"protocol.version={version}", "fetch", stage.url(slug), wrong, ok=False)
        assert done.code != 0 and f"not our ref {wrong}" in done.err


def test_hidden_refs_are_not_advertised(stage: Stage, git: Git, folder: Callable[[str], Git]) -> None:
    slug = filled(stage, git)
    git.run("push", "-q", stage.url(slug, "writer"), "main:seen")
    on_server(stage, slug, "update-ref", "refs/ropewalk/keep/1", "refs/heads/main")
    folder("away").run("clone", "-q", "--mirror", stage.url(slug), "hidden")
    names = folder("away/hidden").run("for-each-ref", "--format=%(refname)").out.split()
    assert names == ["refs/heads/main", "refs/heads/seen"]


def make_tags(stage: Stage, slug: str, first: int, last: int) -> None:
    """A tag with a long name for each of many commits that hang on nothing else, in the server's repository."""
    stream, refs = [], []
    for number in range(first, last + 1):
        stream.append(
            f"commit refs/heads/too-many\nmark :{number}\ncommitter git <git@example.com> {number} +0000\ndata 0\n"
            "M 644 inline bla.txt\ndata 4\nbla\n"
            f"reset refs/heads/too-many\nfrom :{first}\n"
        )
    marks = stage.repository(slug).parent / f"marks-{slug}-{first}"
    on_server(
        stage,
        slug,
        "fast-import",
        "--quiet",
        "--force",
        f"--export-marks={marks}",
        stdin="".join(stream).encode(),
    )
    for line in marks.read_text().splitlines():
        mark, sha = line.split(" ")
        refs.append(f"create refs/tags/{'bla' * 30}-{mark[1:]} {sha}\n")
    marks.unlink()
    on_server(stage, slug, "update-ref", "--stdin", stdin="".join(refs).encode())
    on_server(stage, slug, "pack-refs", "--all")


def test_many_tags_clone_and_a_long_request_is_chunked(
    stage: Stage, git: Git, folder: Callable[[str], Git]
) -> None:
    slug = filled(stage, git)
    make_tags(stage, slug, 1, 2000)
    away = folder("away")
    away.run("clone", "-q", stage.url(slug), "too-many-refs")
    assert len(away.run("-C", "too-many-refs", "for-each-ref", "refs/tags").out.splitlines()) == 2000
    done = away.run(
        "-c", "http.postbuffer=65536", "clone", "-q", "--bare", stage.url(slug), "split", GIT_TRACE_CURL="1",
        GIT_TRACE_CURL_NO_DATA="1",
    )  # fmt: skip
    assert "=> Send header: Transfer-Encoding: chunked" in done.err
    assert len(away.run("-C", "split", "for-each-ref", "refs/tags").out.splitlines()) == 2000


def test_an_enormous_negotiation(stage: Stage, git: Git, folder: Callable[[str], Git]) -> None:
    slug = filled(stage, git)
    make_tags(stage, slug, 1, 10_000)
    away = folder("away")
    away.run("clone", "-q", "--bare", stage.url(slug), "many")
    make_tags(stage, slug, 10_001, 20_000)
    away.run("-C", "many", "fetch", "-q", "--tags", stage.url(slug))
    assert len(away.run("-C", "many", "for-each-ref", "refs/tags").out.splitlines()) == 20_000


def test_a_commit_is_fetched_by_its_name(stage: Stage, git: Git, folder: Callable[[str], Git]) -> None:
    slug = filled(stage, git)
    reachable = git.run("rev-parse", "main~1").out.strip()
    unreachable = git.commit()
    git.run("push", "-q", stage.url(slug, "writer"), "main:doomed")
    git.run("push", "-q", stage.url(slug, "writer"), ":doomed")
    for version in ("0", "2"):
        for sha in (reachable, unreachable):
            fresh = folder(f"fresh-{version}-{sha[:6]}")
            fresh.run("init", "-q", "--bare")
            fresh.run("-c", f"protocol.version={version}", "fetch", "-q", "--no-tags", stage.url(slug), sha)
            assert fresh.run("cat-file", "-t", sha).out == "commit\n"


def test_a_fetch_of_version_0_updates_refs(stage: Stage, git: Git, folder: Callable[[str], Git]) -> None:
    slug = filled(stage, git)
    git.run("push", "-q", stage.url(slug, "writer"), "main:anotherbranch")
    folder("away").run("clone", "-q", stage.url(slug), "copy")
    sha = git.commit()
    git.run("push", "-q", stage.url(slug, "writer"), "main")
    folder("away/copy").run("-c", "protocol.version=0", "fetch", "-q")
    assert folder("away/copy").run("rev-parse", "origin/main").out.strip() == sha


@pytest.mark.parametrize("version", ["0", "2"])
def test_an_empty_repository_clones_and_lists_nothing(
    stage: Stage, folder: Callable[[str], Git], version: str
) -> None:
    address, away = stage.url(stage.project()), folder("away")
    away.run("-c", f"protocol.version={version}", "clone", "-q", address, "copy")
    assert away.run("-C", "copy", "rev-parse", "--show-object-format").out == "sha1\n"
    assert away.run("-c", f"protocol.version={version}", "ls-remote", address).out == ""
