"""What the person who waits for the demo sees: one line a step with its time, and the whole output of what fails."""

import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path


class DemoError(Exception):
    """The demo cannot go on. ``advice`` says what the reader can do; ``output`` is what the failing command printed."""

    def __init__(self, message: str, *, advice: str = "", output: str = "") -> None:
        super().__init__(message)
        self.advice = advice
        self.output = output


def say(message: str) -> None:
    """Print a line at once, whatever the other end of the pipe is."""
    print(message, flush=True)


@contextmanager
def step(title: str) -> Iterator[None]:
    """Name a step before it starts and its seconds when it ends."""
    started = time.monotonic()
    say(f"… {title}")
    yield
    say(f"✓ {title} ({time.monotonic() - started:.1f} s)")


def run(
    command: list[str],
    *,
    cwd: Path,
    environ: Mapping[str, str],
    what: str,
    seconds: int = 900,
    show: str = "",
) -> str:
    """Run a command to its end and return what it printed; lines with the text ``show`` are shown as they come.

    Raises :class:`DemoError` with all of its output when it fails or takes longer than ``seconds``.
    """
    try:
        process = subprocess.Popen(
            command,
            cwd=cwd,
            env=dict(environ),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
        )
    except FileNotFoundError:
        raise DemoError(
            f"{what}: there is no program “{command[0]}”.", advice=f"Install {command[0]}."
        ) from None
    late = threading.Timer(seconds, process.kill)
    late.daemon = True
    late.start()
    lines = []
    with process:
        for line in process.stdout or ():
            lines.append(line)
            if show and show in line:
                say(f"  {line.rstrip()}")
    late.cancel()
    if process.returncode:
        ended = f"ended with code {process.returncode}" if process.returncode > 0 else "was killed"
        raise DemoError(
            f"{what}: {Path(command[0]).name} {ended}.",
            output="".join(lines),
            advice="Mend what it says and run the demo again; it goes on where it stopped.",
        )
    return "".join(lines)


def complain(error: DemoError) -> None:
    """Say what went wrong, what was printed and what to do."""
    if error.output.strip():
        print("\n".join(f"    {line}" for line in error.output.strip().splitlines()), file=sys.stderr)
    print(f"✗ The demo stopped. {error}", file=sys.stderr)
    if error.advice:
        print(f"  {error.advice}", file=sys.stderr)
    sys.stderr.flush()
