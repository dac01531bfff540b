"""How the web process learns that the migrations of this start are done: a file that names the supervisor.

It lets the web process load (several seconds) while the migrations run, without serving a page before they ended.
"""

import os
import signal
import sys
import time
from pathlib import Path


def _file(home: Path) -> Path:
    return home / "migrated-by"


def say(home: Path) -> None:
    """Called by the supervisor's process."""
    _file(home).write_text(str(os.getpid()), encoding="ascii")


def wait(home: Path) -> None:
    """Called by a direct child of the supervisor; returns when its parent has migrated. SIGTERM and an orphan's life end it."""
    previous = signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    parent = os.getppid()
    try:
        while _read(home) != str(parent):
            if os.getppid() != parent:
                sys.exit(1)
            time.sleep(0.05)
    finally:
        signal.signal(signal.SIGTERM, previous)


def _read(home: Path) -> str:
    try:
        return _file(home).read_text(encoding="ascii")
    except FileNotFoundError:
        return ""


def forget(home: Path) -> None:
    """Called before the supervisor starts anything: a pid may be used again."""
    _file(home).unlink(missing_ok=True)
