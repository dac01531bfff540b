"""``python -m infra.embedded.child NAME``: what the supervisor runs for each program of an instance.

It ends what an earlier, killed incarnation of the same program left behind, drops root's privileges where a service needs none,
ties its life to the supervisor's, and then *becomes* the program (exec), so that the supervisor's pid is the program's.
Configuration comes from the environment that the supervisor was given.
"""

import os
import shlex
import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass

from infra.embedded import leftovers, postgres, valkey
from infra.embedded.account import bare_environment, follow_parent, service_account
from infra.embedded.config import ROOT, Instance, LaunchError, from_environ
from infra.embedded.layout import layout

# Patience that a leftover program gets before SIGKILL; its work is safe by design (jobs are rows, uploads are atomic).
_LEFTOVER_PATIENCE = 5.0


@dataclass(frozen=True)
class Program:
    """How the supervisor treats a program. ``order``: started in this order, stopped in reverse.

    ``patience`` is the time in seconds that it gets to end after ``stop_signal``. ``one_shot`` programs run to their end once.
    """

    name: str
    order: int
    stop_signal: signal.Signals
    patience: int
    one_shot: bool = False


PROGRAMS = {
    program.name: program
    for program in (
        Program(
            "postgres", 10, signal.SIGINT, 60
        ),  # SIGINT is the fast shutdown; writing out its buffers may take a while
        Program("valkey", 20, signal.SIGTERM, 30),
        Program("migrate", 30, signal.SIGTERM, 30, one_shot=True),
        Program(
            "worker", 40, signal.SIGTERM, 25
        ),  # Celery's warm shutdown; a job cut off here is sent again by the sweep
        Program("beat", 50, signal.SIGTERM, 10),
        Program("ssh", 55, signal.SIGTERM, 20),
        Program("web", 60, signal.SIGTERM, 20),
        Program("then", 70, signal.SIGTERM, 10, one_shot=True),
    )
}


def command(name: str, instance: Instance) -> list[str]:
    """The command line of a program that runs as the caller."""
    python = sys.executable
    concurrency = instance.passed.get("ROPEWALK_WORKER_PROCESSES", "2")
    # Celery's advice against root is given by the launcher, once and in one line.
    celery = [
        python,
        "-W",
        "ignore:You're running the worker with superuser",
        "-m",
        "celery",
        "--quiet",
    ]
    commands = {
        "migrate": [python, "manage.py", "migrate", "--no-input"],
        "web": [python, "-m", "gunicorn", "-c", "python:infra.embedded.gunicorn_settings", "ropewalk.conf.wsgi:application"],
        "ssh": [python, "manage.py", "serve_ssh"],
        "worker": [*celery, "-A", "workers.app", "worker", "--pool=prefork", f"--concurrency={concurrency}", "--loglevel=INFO",
                   "--without-gossip", "--without-mingle"],
        "beat": [*celery, "-A", "workers.clock", "beat", "--loglevel=INFO", "--pidfile=",
                 f"--schedule={instance.home / 'beat-schedule'}"],
        "then": shlex.split(instance.passed.get("ROPEWALK_THEN", "")),
    }  # fmt: skip
    return commands[name]


def run_service(name: str, instance: Instance) -> None:
    """Become PostgreSQL or Valkey. Does not return."""
    module = {"postgres": postgres, "valkey": valkey}[name]
    where = layout(instance.home, service_account())
    line: list[str] = module.command(where, volatile=instance.volatile)
    # Everything that touches the service's files happens with the service's own rights.
    where.account.become()
    module.clear_the_way(where)
    os.umask(0o077)
    os.chdir(where.postgres if name == "postgres" else where.valkey)
    follow_parent(PROGRAMS[name].stop_signal)
    os.execve(line[0], line, bare_environment())  # noqa: S606


def run_program(name: str, instance: Instance) -> None:
    """Become web, ssh, worker, beat, migrate or the command of ``--then``. Does not return."""
    stop_leftovers(name, instance)
    environment = {**os.environ, leftovers.MARK: leftovers.mark(name, instance.home), "PYTHONUNBUFFERED": "1"}
    # Threads that stream would otherwise each keep a malloc arena's worth of garbage.
    environment.setdefault("MALLOC_ARENA_MAX", "2")
    os.umask(0o077 if name != "then" else 0o022)
    os.chdir(ROOT)
    follow_parent(PROGRAMS[name].stop_signal)
    line = command(name, instance)
    os.execvpe(line[0], line, environment)  # noqa: S606


def stop_leftovers(name: str, instance: Instance) -> None:
    """End what a killed incarnation of this program, or its children, still does."""
    leftovers.stop(leftovers.marked(name, instance.home), [(PROGRAMS[name].stop_signal, _LEFTOVER_PATIENCE)])


def main(arguments: list[str]) -> int:
    """Entry point; returns only when the program could not be started."""
    name = arguments[0]
    try:
        instance = from_environ(os.environ)
        run: Callable[[str, Instance], None] = run_service if name in {"postgres", "valkey"} else run_program
        run(name, instance)
    except (LaunchError, OSError) as error:
        print(f"{name} cannot start: {error}", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
