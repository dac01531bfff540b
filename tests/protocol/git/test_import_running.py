"""An import by a whole running Ropewalk: over TLS with the operator's own authority, and with its worker killed in the middle."""

import json
import os
import signal
import threading
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from infra.embedded.services import temporary_home
from tests.fixtures.elsewhere import Elsewhere, certified, make_repository, serving
from tests.fixtures.instance import Instance

SECRET = "hidden-token-of-another-server"


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Elsewhere]:
    """A repository over TLS behind a sign-in; ``authority`` is the file that makes its certificate good."""
    folder = tmp_path_factory.mktemp("elsewhere")
    make_repository(folder / "code.git", files=200)
    context, authority = certified(folder)
    found = Elsewhere(folder, user="ada", password=SECRET)
    found.authority = authority
    with serving(found, context) as running:
        yield running


@pytest.fixture(scope="module")
def running(place: Elsewhere) -> Iterator[Instance]:
    with temporary_home() as home:
        trusted = home.with_name(f"{home.name}.pem")
        trusted.write_bytes(place.authority.read_bytes())
        trusted.chmod(0o644)
        one = Instance(
            home,
            ROPEWALK_VOLATILE="1",
            ROPEWALK_ALLOWED_NETWORKS="127.0.0.1/32",
            ROPEWALK_CA_FILE=str(trusted),
        )
        try:
            yield one.start()
        finally:
            one.discard()
            trusted.unlink()


def _ask(running: Instance, path: str, body: dict[str, Any] | None = None) -> Any:
    _, _, token = running.user("ada")
    request = urllib.request.Request(
        f"{running.url}/api/v1/{path}",
        json.dumps(body).encode() if body is not None else None,
        {"Authorization": f"Bearer {token}", "Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=60) as answer:
        return json.load(answer)


def _start(running: Instance, place: Elsewhere, name: str) -> None:
    _ask(
        running,
        "repos/migrate",
        {
            "clone_addr": f"{place.url}/code.git", "repo_name": name,
            "auth_username": "ada", "auth_password": SECRET,
        },
    )  # fmt: skip


def _ended(running: Instance, name: str, patience: float = 240) -> dict[str, Any]:
    end = time.monotonic() + patience
    while time.monotonic() < end:
        jobs = _ask(running, f"repos/ada/{name}/jobs")["jobs"]
        job = next(job for job in jobs if job["kind"] == "import-repository")
        if not job["active"]:
            return dict(job)
        time.sleep(0.5)
    raise AssertionError(f"the import did not end: {job}")


def _processes_with(secret: str) -> list[str]:
    found = []
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit() and int(folder.name) != os.getpid():
            for name in ("cmdline", "environ"):
                try:
                    data = (folder / name).read_bytes()
                except OSError:  # it ended, or belongs to somebody else
                    continue
                if secret.encode() in data:
                    found.append(f"{folder.name} {name}")
    return found


def test_over_tls(running: Instance, place: Elsewhere) -> None:
    leaks: list[str] = []
    place.watch = lambda: leaks.extend(_processes_with(SECRET))
    _start(running, place, "secure")
    job = _ended(running, "secure")
    place.watch = lambda: None
    assert (job["state"], job["error_message"]) == ("succeeded", "")
    assert _ask(running, "repos/ada/secure")["default_branch"] == "trunk"
    assert not leaks
    assert SECRET not in running.log.read_text("utf-8", "replace")
    for path in running.home.rglob("*"):  # the database's own files, too
        assert not path.is_file() or SECRET.encode() not in path.read_bytes(), path


def test_unknown_authority(running: Instance, place: Elsewhere, tmp_path: Path) -> None:
    context, _ = certified(tmp_path)
    with serving(Elsewhere(place.root, user="ada", password=SECRET), context) as other:
        _start(running, other, "insecure")
        job = _ended(running, "insecure")
        assert job["state"] == "failed"
        assert "certificate is not trusted" in job["error_message"]
        assert not other.seen


def test_worker_killed_in_the_middle(running: Instance, place: Elsewhere) -> None:
    reached, goes_on = threading.Event(), threading.Event()

    def stand_still() -> None:
        if "git-upload-pack" in place.seen[-1][1] and place.seen[-1][0] == "POST":
            reached.set()
            goes_on.wait(120)

    place.watch = stand_still
    try:
        _start(running, place, "killed")
        assert reached.wait(60)
        place.watch = lambda: None
        for pid in running.pids("worker"):
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:  # a child that ended with its parent
                continue
        job = _ended(running, "killed")
    finally:
        goes_on.set()
        place.watch = lambda: None
    assert (job["state"], job["error_message"], job["attempts"]) == ("succeeded", "", 2)
    assert _ask(running, "repos/ada/killed")["default_branch"] == "trunk"
