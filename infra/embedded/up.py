"""``up``: everything between typing the command and the supervisor's loop, in the order that keeps a second start harmless."""

import errno
import fcntl
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager

from infra.embedded import migrated, postgres, valkey
from infra.embedded.account import service_account
from infra.embedded.bringup import BringUp, Plan
from infra.embedded.child import PROGRAMS, stop_leftovers
from infra.embedded.config import Instance, LaunchError, from_environ, load_secrets, read_pairs, write_pairs
from infra.embedded.console import Console
from infra.embedded.layout import Layout, layout, prepare_home, prepare_state
from infra.embedded.supervise import House, write_configuration


def up(*, then: str = "", exit_after: bool = False) -> int:
    """Run an instance in the foreground until a signal; the exit code for the shell. Raises :class:`LaunchError`.

    ``then`` is a command line that runs once the instance is ready, with ``ROPEWALK_URL`` and ``ROPEWALK_HOME`` set.
    """
    if then:
        os.environ["ROPEWALK_THEN"] = then
    instance = from_environ(os.environ)
    account = service_account()
    prepare_home(instance.home, account)
    with only_one(instance):
        where = layout(instance.home, account)
        prepare_state(where)
        stop_everything_left(instance, where)
        check_port(instance)
        migrated.forget(instance.home)
        plan = make_plan(instance, where, then=bool(then), exit_after=exit_after)
        return _supervise(plan)


def make_plan(instance: Instance, where: Layout, *, then: bool = False, exit_after: bool = False) -> Plan:
    """Initialise what is embedded, resolve the addresses, and write them to ``instance.env`` and to our own environment."""
    known = load_secrets(instance.home)
    if not instance.database_url:
        postgres.initialise(where, known, durable=not instance.volatile)
    plan = Plan(
        instance=instance,
        where=where,
        secrets=known,
        database_url=instance.database_url or postgres.url(where, known.database_password),
        redis_url=instance.redis_url or valkey.url(where),
        then=then,
        exit_after=exit_after,
    )
    values = {
        "ROPEWALK_SECRET_KEY": known.secret_key,
        **{name: value for name, value in instance.passed.items() if name != "ROPEWALK_THEN"},
        "ROPEWALK_URL": instance.url,
        "ROPEWALK_PORT": str(instance.port),
        "ROPEWALK_BIND": instance.bind,
        "ROPEWALK_SSH_PORT": str(instance.ssh_port or "off"),
        "DATABASE_URL": plan.database_url,
        "REDIS_URL": plan.redis_url,
    }
    write_pairs(
        instance.home / "instance.env",
        values,
        "Written at each start; manage.py reads it. Change the environment instead.",
    )
    return plan


def _supervise(plan: Plan) -> int:
    instance, where = plan.instance, plan.where
    # The children see external addresses only where they are external: `child` decides by them what is embedded.
    os.environ.update({
        "ROPEWALK_HOME": str(instance.home), "ROPEWALK_PORT": str(instance.port), "ROPEWALK_BIND": instance.bind,
        "ROPEWALK_URL": instance.url, "ROPEWALK_SSH_PORT": str(instance.ssh_port or "off"),
    })  # fmt: skip
    wanted = [
        program
        for name, program in PROGRAMS.items()
        if not (name == "postgres" and instance.database_url)
        and not (name == "valkey" and instance.redis_url)
        and not (name == "ssh" and not instance.ssh_port)
    ]
    configuration = instance.home / "supervisor.conf"
    write_configuration(configuration, where.logs, wanted)
    console = Console()
    if os.geteuid() == 0:
        console.say(
            f"Running as root; PostgreSQL and Valkey run as {where.account.name}. An ordinary user is the better choice."
        )
    house = House(configuration, console)
    house.at_start = BringUp(plan, house, console).begin
    code = house.serve()
    console.say("Stopped.")
    return code


@contextmanager
def only_one(instance: Instance) -> Iterator[None]:
    """Hold the home's lock; the kernel drops it with the process. Raises :class:`LaunchError` when another instance has it."""
    descriptor = os.open(instance.home / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        holder = os.pread(descriptor, 32, 0).decode("ascii", "replace").strip()
        address = read_pairs(instance.home / "instance.env").get("ROPEWALK_URL", "an unknown address")
        os.close(descriptor)
        raise LaunchError(
            f"Ropewalk already runs with the home {instance.home} (process {holder}, {address}). "
            f"Stop it first, or start a second one with another ROPEWALK_HOME and ROPEWALK_PORT."
        ) from None
    try:
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()}\n".encode("ascii"), 0)
        yield
    finally:
        os.close(descriptor)


def stop_everything_left(instance: Instance, where: Layout) -> None:
    """End what a killed instance of this home left running, users of the services first."""
    for name in ("then", "web", "ssh", "beat", "worker", "migrate"):
        stop_leftovers(name, instance)
    if where.valkey.exists():
        valkey.clear_the_way(where)
    if where.postgres.exists():
        postgres.clear_the_way(where)


def check_port(instance: Instance) -> None:
    """Raise :class:`LaunchError` when web or SSH could not listen, before anything is started for nothing."""
    _check(instance.bind, instance.port, "ROPEWALK_PORT", "ROPEWALK_BIND")
    if instance.ssh_port:
        _check(
            instance.ssh_bind, instance.ssh_port, "ROPEWALK_SSH_PORT (“off” for none)", "ROPEWALK_SSH_BIND"
        )


def _check(bind: str, port: int, port_name: str, bind_name: str) -> None:
    family = socket.AF_INET6 if ":" in bind else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((bind, port))
            probe.listen(1)
        except socket.gaierror:
            raise LaunchError(f"{bind_name} must be an address of this machine, not {bind!r}.") from None
        except OSError as error:
            reason = {
                errno.EADDRINUSE: "the port is in use by another program",
                errno.EACCES: "ports below 1024 need root",
                errno.EADDRNOTAVAIL: "this machine has no such address",
            }.get(error.errno or 0, str(error))
            raise LaunchError(
                f"Ropewalk cannot listen on {bind} port {port}: {reason}. "
                f"Choose another with {port_name} and {bind_name}."
            ) from None
