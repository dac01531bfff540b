"""Only PostgreSQL and Valkey, in a temporary home: what tests run against, without durability and gone afterwards.

The same initialisation, command lines and account as a real instance; started as plain children of the caller.
"""

import os
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from infra.embedded import postgres, valkey
from infra.embedded.account import service_account
from infra.embedded.child import PROGRAMS
from infra.embedded.config import ROOT, Instance, LaunchError
from infra.embedded.layout import layout, prepare_home, prepare_state
from infra.embedded.up import make_plan, only_one, stop_everything_left


@dataclass(frozen=True)
class Services:
    """A running pair: its home (also holds ``instance.env``) and addresses."""

    home: Path
    database_url: str
    redis_url: str


@contextmanager
def temporary_home() -> Iterator[Path]:
    """A path for a new home that the service account can reach; whatever an instance made there is removed afterwards.

    The folder itself is left for the instance to make, with the modes that it needs.
    """
    home = Path(tempfile.gettempdir()) / f"ropewalk-{secrets.token_hex(5)}"
    try:
        yield home
    finally:
        outside = home / "services"
        if outside.is_symlink():
            shutil.rmtree(outside.readlink(), ignore_errors=True)
        shutil.rmtree(home, ignore_errors=True)


@contextmanager
def running_services(home: Path) -> Iterator[Services]:
    """Start both services in a home, volatile, and stop them on leaving. Raises :class:`LaunchError`."""
    instance = Instance(
        home=home,
        bind="127.0.0.1",
        port=0,
        ssh_port=0,
        url="http://127.0.0.1",
        database_url="",
        redis_url="",
        volatile=True,
        passed={},
    )
    account = service_account()
    prepare_home(home, account)
    with ExitStack() as stack:
        stack.enter_context(only_one(instance))
        where = layout(home, account)
        prepare_state(where)
        stop_everything_left(instance, where)
        plan = make_plan(instance, where)
        environment = {
            "PATH": os.environ.get("PATH", os.defpath),
            "ROPEWALK_HOME": str(home),
            "ROPEWALK_VOLATILE": "1",
        }
        processes = {
            name: stack.enter_context(_running(name, environment, where.logs / f"{name}.log"))
            for name in ("postgres", "valkey")
        }
        maintenance = postgres.url(where, plan.secrets.superuser_password, "postgres", "postgres")
        try:
            postgres.wait_until_ready(maintenance, 60, lambda: processes["postgres"].poll() is None)
            valkey.wait_until_ready(plan.redis_url, 60, lambda: processes["valkey"].poll() is None)
        except LaunchError as error:
            tails = "\n".join(
                (where.logs / f"{name}.log").read_text(encoding="utf-8", errors="replace")[-2000:]
                for name in processes
            )
            raise LaunchError(f"{error}\n{tails}") from None
        postgres.bootstrap(where, plan.secrets, may_create_databases=True)
        yield Services(home, plan.database_url, plan.redis_url)


@contextmanager
def _running(name: str, environment: dict[str, str], log: Path) -> Iterator[subprocess.Popen[bytes]]:
    program = PROGRAMS[name]
    with log.open("ab") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "infra.embedded.child", name],
            cwd=ROOT,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            process_group=0,  # Ctrl-C is for the caller, which then stops its services in order
        )
    try:
        yield process
    finally:
        process.send_signal(program.stop_signal)
        try:
            process.wait(program.patience)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def foreground() -> int:
    """Print the addresses as shell assignments and hold both services until a signal."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with temporary_home() as home, running_services(home) as services:
        print(
            f"export ROPEWALK_HOME='{home}' DATABASE_URL='{services.database_url}' REDIS_URL='{services.redis_url}'",
            flush=True,
        )
        try:
            while True:
                time.sleep(3600)
        except KeyboardInterrupt:
            return 0
