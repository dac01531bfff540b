"""What every driver has: the bucket to work on, and a way to say which operations worked. Run by the clients' own interpreters.

A driver is a dictionary from an operation's name to a function without arguments that raises when it does not work. Each
operation stands alone: it makes what it needs below its own folder.
"""

import json
import os
import subprocess
import traceback
import urllib.request
from collections.abc import Callable
from pathlib import Path

URL, BUCKET = os.environ["S3_URL"], os.environ["S3_BUCKET"]
KEY, SECRET = os.environ["S3_KEY"], os.environ["S3_SECRET"]
PAIR = tuple(os.environ["S3_PAIR"].split(" "))  # the key pair, which may sign addresses
FOLDER = Path(os.environ["S3_FOLDER"])
LARGE = FOLDER / "large.bin"
SMALL = b"0123456789"


def run(cells: dict[str, Callable[[], None]]) -> None:
    """Try each; the last line printed says what came of it: nothing, or why not."""
    found = {}
    for name, cell in cells.items():
        try:
            cell()
            found[name] = ""
        except Exception:  # noqa: BLE001  # whatever it is, the test shows it
            found[name] = traceback.format_exc()
    print("\n" + json.dumps(found))


def program(*command: str, data: bytes = b"") -> bytes:
    """A command's output; raises with what it complained of."""
    done = subprocess.run(command, input=data, capture_output=True, timeout=120, check=False)
    if done.returncode:
        raise RuntimeError(f"{command}: {done.stdout[-500:]!r} {done.stderr[-1500:]!r}")
    return done.stdout


def fetched(address: str, method: str = "GET", data: bytes | None = None) -> bytes:
    """What somebody gets who has nothing but an address."""
    with urllib.request.urlopen(urllib.request.Request(address, data=data, method=method), timeout=60) as got:
        return bytes(got.read())
