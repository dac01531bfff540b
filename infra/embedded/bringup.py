"""The order in which an instance comes up: services, database, migrations, programs, readiness, the command of ``--then``.

Runs in a thread beside the supervisor's loop, asks the loop for each start, and ends the instance with a clear message when a
step fails.
"""

import http.client
import socket
import threading
import urllib.error
import urllib.request
from dataclasses import dataclass

from supervisor.states import ProcessStates

from infra.embedded import migrated, postgres, valkey
from infra.embedded.config import Instance, LaunchError, Secrets
from infra.embedded.console import Console
from infra.embedded.layout import Layout
from infra.embedded.supervise import House, wait_for

# Crash recovery replays at most max_wal_size of log; a slow disk takes minutes for it.
_SERVICE_PATIENCE = 600.0
_EXTERNAL_PATIENCE = 30.0
# Importing MLflow alone takes a minute on a machine that is busy otherwise; a program that cannot start ends the wait by itself.
_READY_PATIENCE = 600.0


@dataclass(frozen=True)
class Plan:
    """What this start is to do; ``database_url`` and ``redis_url`` are resolved."""

    instance: Instance
    where: Layout
    secrets: Secrets
    database_url: str
    redis_url: str
    then: bool = False
    exit_after: bool = False


class BringUp:
    """Brings one instance up."""

    def __init__(self, plan: Plan, house: House, console: Console) -> None:
        self.plan = plan
        self.house = house
        self.console = console

    def begin(self) -> None:
        """Start the thread; called by the supervisor when its loop is about to run."""
        threading.Thread(target=self._run, name="bring-up", daemon=True).start()

    def _run(self) -> None:
        try:
            self.house.ask_start("web")  # it loads meanwhile, and waits for the migrations (see `migrated`)
            self._services()
            self._migrate()
            for name in ("worker", "beat", *self._ssh()):
                self.house.ask_start(name)
            self._ready()
            if self.plan.then:
                self._then()
        except LaunchError as error:
            self.house.end(1, str(error))
        except Exception as error:  # noqa: BLE001  # a fault of ours must not leave a half-started instance sitting there
            self.house.end(1, f"Starting failed: {type(error).__name__}: {error}")

    def _services(self) -> None:
        plan = self.plan
        for name, external in (("postgres", plan.instance.database_url), ("valkey", plan.instance.redis_url)):
            if not external:
                self.house.ask_start(name)
        database = plan.database_url
        if plan.instance.database_url:
            postgres.wait_until_ready(database, _EXTERNAL_PATIENCE, self._alive)
        else:
            maintenance = postgres.url(plan.where, plan.secrets.superuser_password, "postgres", "postgres")
            postgres.wait_until_ready(maintenance, _SERVICE_PATIENCE, self._alive)
            postgres.bootstrap(plan.where, plan.secrets, may_create_databases=plan.instance.volatile)
        patience = _EXTERNAL_PATIENCE if plan.instance.redis_url else _SERVICE_PATIENCE
        valkey.wait_until_ready(plan.redis_url, patience, self._alive)

    def _alive(self) -> bool:
        return not self.house.ending

    def _migrate(self) -> None:
        if self._one_shot("migrate") != 0:
            raise LaunchError(
                f"The database could not be migrated; the reason is above, and in {self.plan.where.logs / 'migrate.log'}."
            )
        migrated.say(self.plan.instance.home)

    def _ssh(self) -> tuple[str, ...]:
        return ("ssh",) if self.plan.instance.ssh_port else ()

    def _one_shot(self, name: str) -> int:
        """Run a program to its end; its exit code. Raises :class:`LaunchError` when the instance ends meanwhile."""
        self.house.ask_start(name)
        wait_for(lambda: name in self.house.exit_codes or self.house.ending, float("inf"))
        if self.house.ending:
            raise LaunchError(f"Stopped before {name} was done.")
        return self.house.exit_codes[name]

    def _ready(self) -> None:
        answer = ""

        def ready() -> bool:
            nonlocal answer
            healthy, answer = readiness(self.plan.instance.address)
            if healthy and self._ssh():
                healthy, answer = greeting(*self.plan.instance.ssh_address)
            return healthy or self.house.ending

        if not wait_for(ready, _READY_PATIENCE, 0.2):
            programs = [
                name
                for name in ("web", "worker", "beat", *self._ssh())
                if self.house.states.get(name) != ProcessStates.RUNNING
            ]
            blame = f" Not running: {', '.join(programs)}." if programs else ""
            raise LaunchError(
                f"Ropewalk did not become ready in {_READY_PATIENCE:.0f} s.{blame}\n{answer}\nLogs: {self.plan.where.logs}"
            )
        if not self.house.ending:
            self.console.announce(f"Ropewalk is ready at {self.plan.instance.url}")

    def _then(self) -> None:
        self.console.leave_the_floor_to("then")  # a line for each request would bury what the command says
        try:
            code = self._one_shot("then")
        finally:
            self.console.leave_the_floor_to("")
        if self.plan.exit_after:
            self.house.end(max(code, 0) if code >= 0 else 1, f"The command ended with exit code {code}.")
        elif code != 0:
            self.console.say(f"The command ended with exit code {code}; Ropewalk goes on serving.")


def readiness(address: str) -> tuple[bool, str]:
    """Whether ``/readyz`` is green, and its text or the reason why there is none."""
    try:
        with urllib.request.urlopen(f"{address}/readyz", timeout=15) as response:  # noqa: S310  # our own http address
            return True, response.read(4096).decode("utf-8", "replace")
    except urllib.error.HTTPError as error:
        return False, f"/readyz answers {error.code}:\n{error.read(4096).decode('utf-8', 'replace')}"
    except (OSError, http.client.HTTPException) as error:
        return False, f"/readyz does not answer: {error}"


def greeting(host: str, port: int) -> tuple[bool, str]:
    """Whether an SSH server greets there, and what it says or why it says nothing."""
    try:
        with socket.create_connection((host, port), timeout=15) as connection:
            said = connection.recv(64)
    except OSError as error:
        return False, f"The SSH server does not answer: {error}"
    return said.startswith(b"SSH-2.0-"), said.decode("ascii", "replace")
