"""The embedded services' launchers: kills, stale files, strangers, folders that nobody may pass."""

import os
import shutil
import signal
import stat
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
import redis

from infra.embedded import leftovers, postgres, valkey
from infra.embedded.account import service_account
from infra.embedded.config import LaunchError
from infra.embedded.layout import Layout, layout, prepare_home
from infra.embedded.services import Services, running_services, temporary_home


@pytest.fixture
def home() -> Iterator[Path]:
    with temporary_home() as path:
        yield path


def _where(home: Path) -> Layout:
    return layout(home, service_account())


def _remember(services: Services) -> None:
    with psycopg.connect(services.database_url) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS kept (word text)")
        connection.execute("INSERT INTO kept VALUES ('hawser')")


def _remembered(services: Services) -> list[str]:
    with psycopg.connect(services.database_url) as connection:
        return [row[0] for row in connection.execute("SELECT word FROM kept")]


def _kill_all(home: Path) -> None:
    for test in (postgres.is_ours(_where(home)), valkey.is_ours(_where(home))):
        assert leftovers.stop(test, [(signal.SIGKILL, 10)]) > 0


def test_a_killed_cluster_starts_again_although_a_stranger_has_its_pid(home: Path) -> None:
    with running_services(home) as services:
        _remember(services)
        _kill_all(home)
    pid_file = _where(home).postgres / "postmaster.pid"
    lines = pid_file.read_text().splitlines()
    # This process is alive and no PostgreSQL: the state after a container's restart.
    pid_file.write_text("\n".join([str(os.getpid()), *lines[1:]]) + "\n")
    with running_services(home) as services, psycopg.connect(services.database_url) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)


def test_orphans_are_stopped_and_strangers_left_alone(home: Path) -> None:
    with running_services(home):
        pass
    where = _where(home)
    identity = (
        {"user": where.account.uid, "group": where.account.gid, "extra_groups": []}
        if where.account.foreign
        else {}
    )
    orphan = subprocess.Popen(
        postgres.command(where), cwd=where.postgres, stderr=subprocess.DEVNULL, **identity  # type: ignore[arg-type]
    )  # fmt: skip
    sockets = where.sockets / ".s.PGSQL.5432"
    while not sockets.exists():  # a signal before that would find no handler
        assert orphan.poll() is None
    stranger = subprocess.Popen(["sleep", "60"], cwd=where.postgres)
    try:
        with running_services(home) as services:
            assert orphan.wait(10) == 0
            assert stranger.poll() is None
            _remember(services)
            assert _remembered(services) == ["hawser"]
    finally:
        stranger.kill()
        stranger.wait()
        orphan.kill()
        orphan.wait()


def test_passwords_are_needed_and_the_application_is_no_superuser(home: Path) -> None:
    with running_services(home) as services:
        with psycopg.connect(services.database_url) as connection:
            assert connection.execute(
                "SELECT rolsuper FROM pg_roles WHERE rolname = current_user"
            ).fetchone() == (False,)
            rules = connection.execute("SHOW listen_addresses").fetchone()
            assert rules == ("",)
        for role in ("ropewalk", "postgres"):
            with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
                psycopg.connect(postgres.url(_where(home), "wrong", role)).close()
        hba = (_where(home).postgres / "pg_hba.conf").read_text()
        methods = {line.split()[-1] for line in hba.splitlines() if line.strip() and not line.startswith("#")}
        assert methods == {"scram-sha-256"}
        client = redis.Redis.from_url(services.redis_url)
        assert client.config_get("port") == {"port": "0"}
        assert client.config_get("maxmemory-policy") == {"maxmemory-policy": "volatile-lru"}
        assert int(client.config_get("maxmemory")["maxmemory"]) == 512 << 20


def test_a_parent_that_the_services_may_not_pass_stays_closed() -> None:
    closed = Path(tempfile.mkdtemp())
    home = closed / "home"
    try:
        with running_services(home) as services:
            _remember(services)
            where = _where(home)
            assert (where.state == home) is not where.account.foreign
            assert stat.S_IMODE(where.postgres.stat().st_mode) == 0o700
        assert stat.S_IMODE(closed.stat().st_mode) == 0o700
        with running_services(home) as services:
            assert _remembered(services) == ["hawser"]
    finally:
        if (home / "services").is_symlink():
            shutil.rmtree((home / "services").readlink())
        shutil.rmtree(closed)


def test_a_long_home_gets_a_short_private_socket_folder(home: Path) -> None:
    deep = home / ("kabelgarn-" * 9) / "home with blanks"
    prepare_home(home, service_account())
    (home / ("kabelgarn-" * 9)).mkdir(mode=0o711)
    with running_services(deep) as services:
        sockets = _where(deep).sockets
        try:
            assert home not in sockets.parents
            assert stat.S_IMODE(sockets.stat().st_mode) == 0o700
            _remember(services)
            assert redis.Redis.from_url(services.redis_url).ping()
        finally:
            outside = deep / "services"
    shutil.rmtree(sockets)
    if outside.is_symlink():
        shutil.rmtree(outside.readlink())


def test_one_home_runs_once(home: Path) -> None:
    with running_services(home), pytest.raises(LaunchError, match="already runs"), running_services(home):
        pass
