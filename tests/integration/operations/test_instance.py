"""A running instance, asked from outside."""

import json
import os
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from infra.embedded.config import ROOT
from infra.embedded.services import temporary_home
from tests.fixtures.instance import PASSWORD, Instance


def _get(url: str) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(url, timeout=30) as response:
            return response.status, response.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def test_readyz_has_a_line_for_each_part(instance: Instance) -> None:
    status, text = _get(f"{instance.url}/readyz")
    assert status == 200
    assert [line.split(":")[0] for line in text.splitlines()] == [
        "database",
        "broker",
        "object store",
        "worker",
    ]
    assert all(": ok (" in line for line in text.splitlines())


def test_healthz_asks_nothing(instance: Instance) -> None:
    assert _get(f"{instance.url}/healthz") == (200, "ok\n")


def test_a_person_made_by_hand_reaches_the_running_instance(instance: Instance) -> None:
    instance.manage("create_user", "quay", "--password", PASSWORD)
    token = instance.manage("create_token", "quay", "--name", "by hand", "--scopes", "admin").strip()
    request = urllib.request.Request(
        f"{instance.url}/api/v1/user", headers={"Authorization": f"Bearer {token}"}
    )
    with urllib.request.urlopen(request, timeout=30) as response:
        assert json.load(response)["username"] == "quay"


def test_home_keeps_its_secrets_private(instance: Instance) -> None:
    for name in ("instance.env", "secrets.env", "supervisor.conf"):
        assert (instance.home / name).stat().st_mode & 0o077 == 0, name
    where = instance.layout()
    for folder in (
        where.postgres,
        where.valkey,
        where.sockets,
        instance.home / "repos",
        instance.home / "objects",
        where.logs,
    ):
        assert folder.stat().st_mode & 0o077 == 0, folder


def test_services_open_no_tcp_port(instance: Instance) -> None:
    pids = {*instance.pids("postgres"), *instance.pids("valkey")}
    assert pids
    sockets = set()
    for pid in pids:
        for link in _links(pid):
            if link.startswith("socket:["):
                sockets.add(link[8:-1])
    listening = set()
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        rows = [line.split() for line in Path(table).read_text().splitlines()[1:]]
        listening |= {row[9] for row in rows if row[3] == "0A"}
    assert not sockets & listening


def _links(pid: int) -> list[str]:
    found = []
    for descriptor in Path(f"/proc/{pid}/fd").iterdir():
        try:
            found.append(str(descriptor.readlink()))
        except OSError:
            continue  # closed in the meantime
    return found


def _refusal(**environment: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "infra.embedded", "up"],
        cwd=ROOT,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    return done.stderr


def test_a_second_start_on_the_same_home_is_refused(instance: Instance) -> None:
    message = _refusal(ROPEWALK_HOME=str(instance.home), ROPEWALK_PORT="0")
    assert "already runs" in message and instance.url in message
    assert _get(f"{instance.url}/readyz")[0] == 200


def test_a_port_in_use_is_named(instance: Instance) -> None:
    port = instance.url.rsplit(":", 1)[1]
    with temporary_home() as home:
        message = _refusal(ROPEWALK_HOME=str(home), ROPEWALK_PORT=port)
    assert f"port {port}" in message and "in use" in message


@pytest.mark.parametrize(
    ("variable", "value"), [("ROPEWALK_PORT", "eighty"), ("ROPEWALK_BIND", "no.such.host.invalid")]
)
def test_an_unusable_variable_is_named(variable: str, value: str) -> None:
    with temporary_home() as home:
        assert variable in _refusal(**{"ROPEWALK_HOME": str(home), "ROPEWALK_PORT": "0", variable: value})
