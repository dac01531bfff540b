"""A running instance, asked from outside."""

import urllib.error
import urllib.request

from tests.fixtures.instance import Instance


def _get(url: str) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(url, timeout=30) as response:
            return response.status, response.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def test_readyz_has_a_line_for_each_part(instance: Instance) -> None:
    status, text = _get(f"{instance.url}/readyz")
    assert status == 200
    assert [line.split(":")[0] for line in text.splitlines()] == ["database", "broker", "object store", "worker"]
    assert all(": ok (" in line for line in text.splitlines())


def test_healthz_asks_nothing(instance: Instance) -> None:
    assert _get(f"{instance.url}/healthz") == (200, "ok\n")


def test_a_person_made_by_hand_reaches_the_running_instance(instance: Instance) -> None:
    name, password, token = instance.user("quay")
    assert token and " " not in token
    assert password


def test_home_keeps_its_secrets_private(instance: Instance) -> None:
    for name in ("instance.env", "secrets.env", "supervisor.conf"):
        assert (instance.home / name).stat().st_mode & 0o077 == 0, name
    where = instance.layout()
    for folder in (where.postgres, where.valkey, where.sockets, instance.home / "repos", instance.home / "objects", where.logs):
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
        with open(table) as stream:
            listening |= {line.split()[9] for line in list(stream)[1:] if line.split()[3] == "0A"}
    assert not sockets & listening


def _links(pid: int) -> list[str]:
    import os

    folder = f"/proc/{pid}/fd"
    found = []
    for name in os.listdir(folder):
        try:
            found.append(os.readlink(f"{folder}/{name}"))
        except OSError:
            continue  # closed in the meantime
    return found
