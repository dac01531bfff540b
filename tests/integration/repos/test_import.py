"""A real repository of more than 10,000 commits comes over git:// and http:// from another server of this machine."""

import ipaddress
import shutil
import socket
import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from ropewalk.core import jobs
from ropewalk.core.errors import Invalid
from ropewalk.core.models import AuditEvent, Job
from ropewalk.core.outbound import AddressRefused
from ropewalk.data import services
from ropewalk.projects.models import Project
from ropewalk.repos import git, refs
from tests.factories import builders
from workers.runners import base

COMMITS = 10_001


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A bare repository with a long history on ``trunk``, a tag, a hidden pull and a branch with a bad name."""
    folder = tmp_path_factory.mktemp("elsewhere")
    path = folder / "big.git"
    subprocess.run(["git", "init", "--quiet", "--bare", "-b", "trunk", str(path)], check=True)
    stream = b"".join(
        b"commit refs/heads/trunk\ncommitter A <a@example.org> %d +0000\ndata 1\nx\nM 100644 inline f%d\ndata 5\n%05d\n"
        % (1_700_000_000 + number, number % 50, number)
        for number in range(COMMITS)
    )
    stream += (
        b"reset refs/tags/v1\nfrom refs/heads/trunk\n\nreset refs/pull/1/head\nfrom refs/heads/trunk\n\n"
    )
    subprocess.run(["git", "-C", str(path), "fast-import", "--quiet"], input=stream, check=True)
    return path


@pytest.fixture(scope="module")
def daemon(source: Path) -> Iterator[str]:
    """git's own daemon; gives its address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with subprocess.Popen(
        [
            shutil.which("git") or "git", "daemon", "--export-all", "--reuseaddr", "--verbose",
            "--listen=127.0.0.1", f"--port={port}", f"--base-path={source.parent}", str(source.parent),
        ],
        stderr=subprocess.PIPE,
    ) as process:  # fmt: skip
        assert process.stderr is not None
        assert b"Ready" in process.stderr.readline()
        try:
            yield f"git://127.0.0.1:{port}"
        finally:
            process.terminate()


@pytest.fixture
def allowed(db: None, settings: Any, tmp_path: Path) -> None:
    settings.REPOSITORIES_ROOT = tmp_path / "repos"
    settings.ROPEWALK_ALLOWED_NETWORKS = (ipaddress.ip_network("127.0.0.1/32"),)


def _import(url: str) -> tuple[Project, Job]:
    user = builders.make_user()
    project = services.start_import(
        url=url,
        owner_id=user.owner.pk,
        slug="copy",
        created_by_id=user.pk,
        description="",
        visibility="private",
    )
    job = Job.objects.get(project_id=project.pk, kind="import-repository")
    base.run(str(job.pk), "test")
    job.refresh_from_db()
    project.refresh_from_db()
    return project, job


def _count(project: Project) -> int:
    out = git.run(git.repository_path(project.pk), "rev-list", "--count", "--all")
    return int(out.data)


def test_git_daemon(allowed: None, daemon: str) -> None:
    project, job = _import(f"{daemon}/big.git")
    assert (job.state, job.error_message) == ("succeeded", "")
    assert _count(project) == COMMITS
    assert set(refs.read_refs(project.pk)) == {"refs/heads/trunk", "refs/tags/v1"}
    assert project.default_branch == "trunk"
    assert Job.objects.filter(project_id=project.pk, kind="index-revision").count() == 1
    assert AuditEvent.objects.filter(action="project.import_started", project_id=project.pk).exists()
    again = services.run_import(project_id=project.pk, user_id=None, report=lambda *_: None)
    assert again == {"refs": 2, "skipped": 0}


def test_limit_ends_it_and_a_retry_completes_it(allowed: None, daemon: str, settings: Any) -> None:
    settings.ROPEWALK_MAX_IMPORT_BYTES = 10_000
    project, job = _import(f"{daemon}/big.git")
    assert (job.state, job.error_code) == ("failed", "too_large")
    settings.ROPEWALK_MAX_IMPORT_BYTES = 1 << 30
    jobs.retry(job.pk)
    base.run(str(job.pk), "test")
    assert _count(project) == COMMITS


def test_no_repository_there(allowed: None, daemon: str) -> None:
    _, job = _import(f"{daemon}/none.git")
    assert (job.state, job.error_code) == ("failed", "fetch_failed")
    assert "There is no repository" in job.error_message


def test_refused_before_anything_is_made(db: None) -> None:
    for url in ("git://127.0.0.1/a.git", "https://me:secret@127.0.0.1/a.git"):
        with pytest.raises(Invalid) as caught:
            _import(url)
        assert "secret" not in str(caught.value)
    assert not Project.objects.exists()


def test_looked_at_again_when_the_job_runs(allowed: None, daemon: str, settings: Any) -> None:
    project, _ = _import(f"{daemon}/none.git")
    settings.ROPEWALK_ALLOWED_NETWORKS = ()
    with pytest.raises(AddressRefused):
        services.run_import(project_id=project.pk, user_id=None, report=lambda *_: None)


class _Web(BaseHTTPRequestHandler):
    """Serves files as dumb http, redirects below /away/, asks for a password below /closed/."""

    root: Path
    seen: list[str]

    def do_GET(self) -> None:
        path = self.path.split("?")[0]
        self.seen.append(path)
        if path.startswith("/away/"):
            self.send_response(302)
            self.send_header("Location", path.replace("/away/", "/"))
            self.end_headers()
            return
        file = self.root / path.lstrip("/")
        status = 401 if path.startswith("/closed/") else 200 if file.is_file() else 404
        body = file.read_bytes() if status == 200 else b""
        self.send_response(status)
        if status == 401:
            self.send_header("WWW-Authenticate", 'Basic realm="x"')
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Quiet."""


@pytest.fixture
def web(source: Path) -> Iterator[tuple[str, list[str]]]:
    subprocess.run(["git", "-C", str(source), "update-server-info"], check=True)
    handler = type("Web", (_Web,), {"root": source.parent, "seen": []})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", handler.seen  # type: ignore[attr-defined]  # made above
    server.shutdown()
    server.server_close()


def test_http(allowed: None, web: tuple[str, list[str]]) -> None:
    project, job = _import(f"{web[0]}/big.git")
    assert (job.state, job.error_message) == ("succeeded", "")
    assert _count(project) == COMMITS


def test_redirect_is_not_followed(allowed: None, web: tuple[str, list[str]]) -> None:
    _, job = _import(f"{web[0]}/away/big.git")
    assert job.state == "failed"
    assert "another address" in job.error_message
    assert all(path.startswith("/away/") for path in web[1])


def test_sign_in_is_asked_for(allowed: None, web: tuple[str, list[str]]) -> None:
    _, job = _import(f"{web[0]}/closed/big.git")
    assert job.state == "failed"
    assert (job.error_code, "asks for a sign-in" in job.error_message) == ("sign_in_needed", True)


def test_without_room_nothing_of_it_is_here_and_a_retry_completes_it(
    allowed: None, daemon: str, settings: Any
) -> None:
    settings.ROPEWALK_PROJECT_QUOTA = 20_000
    project, job = _import(f"{daemon}/big.git")
    assert (job.state, job.error_code) == ("failed", "over_quota")
    assert "may store 19.5 KiB" in job.error_message and "more do not fit" in job.error_message
    assert "ask this server's operator for more room" in job.error_message
    directory = git.repository_path(project.pk)
    assert refs.read_refs(project.pk) == {}
    assert not [path for path in (directory / "objects").rglob("*") if path.is_file()]
    assert not list(directory.parent.glob(".new-*"))
    settings.ROPEWALK_PROJECT_QUOTA = 1 << 30
    jobs.retry(job.pk)
    base.run(str(job.pk), "test")
    assert _count(project) == COMMITS
