"""The supervisor: the library of supervisord, in this process, with its events bound to our console.

Why supervisord's and not honcho's: a program that dies is started again with growing delays (honcho ends everything), programs
stop one after the other in reverse order with a patience of their own (honcho signals all at once and kills after five seconds),
and logs are rotated.
"""

import configparser
import os
import queue
import shlex
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from supervisor import events
from supervisor.medusa.asyncore_25 import ExitNow
from supervisor.options import ServerOptions
from supervisor.states import ProcessStates, SupervisorStates
from supervisor.supervisord import Supervisor

from infra.embedded.child import Program
from infra.embedded.config import ROOT
from infra.embedded.console import Console

_LOG_BYTES = 10 * 1024 * 1024
_LOG_BACKUPS = 3
# 1 + 2 + … + 8 = 36 seconds of trying before a program that cannot start ends the instance.
_RETRIES = 8


def write_configuration(path: Path, logs: Path, programs: list[Program]) -> None:
    """Write supervisord's file. No control socket: the terminal is the control.

    ``%`` is its escape character, hence the doubling.
    """
    parser = configparser.RawConfigParser()
    parser["supervisord"] = {
        "nodaemon": "true",
        "silent": "true",
        "logfile": _escape(logs / "supervisor.log"),
        "logfile_maxbytes": str(_LOG_BYTES),
        "logfile_backups": "1",
        "pidfile": _escape(path.with_name("supervisor.pid")),
        "childlogdir": _escape(logs),
        "umask": "077",
        "identifier": "ropewalk",
    }
    for program in programs:
        line = shlex.join([sys.executable, "-m", "infra.embedded.child", program.name])
        parser[f"program:{program.name}"] = {
            "command": _escape(line),
            "directory": _escape(ROOT),
            "priority": str(program.order),
            "autostart": "false",
            "autorestart": "false" if program.one_shot else "true",
            "startsecs": "0" if program.one_shot else "3",
            "startretries": str(_RETRIES),
            "stopsignal": program.stop_signal.name.removeprefix("SIG"),
            "stopwaitsecs": str(program.patience),
            "killasgroup": "true",
            "redirect_stderr": "true",
            "stdout_logfile": _escape(logs / f"{program.name}.log"),
            "stdout_logfile_maxbytes": str(_LOG_BYTES),
            "stdout_logfile_backups": str(_LOG_BACKUPS),
            "stdout_events_enabled": "true",
        }
    with open(path, "w", encoding="utf-8", opener=lambda name, flags: os.open(name, flags, 0o600)) as stream:
        parser.write(stream)


def _escape(value: object) -> str:
    return str(value).replace("%", "%%")


class House(Supervisor):
    """Runs an instance's programs until a signal, :meth:`end`, or a program that cannot be kept running.

    The supervisor's loop owns the processes: other threads ask through :meth:`ask`, and see what happened in :attr:`states`
    and :attr:`exit_codes`.
    """

    def __init__(self, configuration: Path, console: Console) -> None:
        options = ServerOptions()
        options.realize(["-c", str(configuration)])
        options.first = True
        options.test = False
        super().__init__(options)
        self.console = console
        self.exit_code = 0
        self.states: dict[str, int] = {}
        self.exit_codes: dict[str, int] = {}
        self.at_start: Callable[[], None] = lambda: None
        self._requests: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()

    def serve(self) -> int:
        """Run until everything has stopped; the exit code for the shell."""
        try:
            self.main()
        except ExitNow:
            pass
        finally:
            self.options.close_logger()
        return self.exit_code

    # --- asked by other threads

    def ask_start(self, name: str) -> None:
        """Start a program that is not running, at the loop's next turn (within a second)."""
        self.states[name] = ProcessStates.STARTING
        self.exit_codes.pop(name, None)
        self._requests.put(self.process_groups[name].processes[name].spawn)

    def end(self, exit_code: int, reason: str = "") -> None:
        """Stop everything and make :meth:`serve` return the code. The first reason wins."""

        def request() -> None:
            if self.options.mood >= SupervisorStates.RUNNING:
                if reason:
                    self.console.say(reason)
                self.exit_code = exit_code
                self.options.mood = SupervisorStates.SHUTDOWN

        self._requests.put(request)

    @property
    def ending(self) -> bool:
        """Whether the instance is on its way down."""
        return bool(self.options.mood < SupervisorStates.RUNNING)

    # --- supervisord's hooks

    def runforever(self) -> None:
        """The main loop; signals are set here because the base class sets its own just before."""
        # A closed terminal is a wish to stop, not to reload.
        signal.signal(
            signal.SIGHUP, lambda _number, frame: self.options.signal_receiver.receive(signal.SIGTERM, frame)
        )
        events.subscribe(events.ProcessLogEvent, self._on_output)
        events.subscribe(events.ProcessStateEvent, self._on_state)
        events.subscribe(events.SupervisorStoppingEvent, lambda _event: self.console.say("Stopping …"))
        self.at_start()
        super().runforever()

    def tick(self, now: float | None = None) -> None:
        """Called by the loop at each turn: carry out what other threads asked for."""
        while not self._requests.empty():
            self._requests.get()()
        super().tick(now)

    def _on_output(self, event: Any) -> None:
        name = event.process.config.name
        self.console.feed(name, event.data, bare=name == "then")

    def _on_state(self, event: Any) -> None:
        process = event.process
        name = process.config.name
        self.states[name] = process.state
        if process.state in (ProcessStates.EXITED, ProcessStates.BACKOFF, ProcessStates.STOPPED):
            self.console.finish(name, bare=name == "then")
            self.exit_codes[name] = -1 if process.exitstatus is None else process.exitstatus
        if self.ending or process.config.autorestart is False:
            return
        if process.state == ProcessStates.EXITED:
            self.console.say(f"{name} ended ({_ending(process.exitstatus)}); starting it again")
        elif process.state == ProcessStates.BACKOFF:
            self.console.say(f"{name} did not stay up; trying again in {process.backoff} s")
        elif process.state == ProcessStates.FATAL:
            self.end(
                1,
                f"{name} cannot be kept running; the reason is above, and in {process.config.stdout_logfile}.",
            )


def _ending(exit_status: int | None) -> str:
    return "killed by a signal" if exit_status in (None, -1) else f"exit code {exit_status}"


def wait_for(condition: Callable[[], bool], patience: float, pause: float = 0.1) -> bool:
    """Poll until the condition holds or the patience (seconds) is over; whether it held."""
    deadline = time.monotonic() + patience
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(pause)
    return True
