"""The demo's own Python environment with ``dvc`` and ``mlflow``, so that the server's environment stays lean."""

import hashlib
import os
import shutil
import sys
from pathlib import Path

from infra.demo.console import run

ROOT = Path(__file__).resolve().parents[2]
REQUIREMENTS = Path(__file__).with_name("requirements.txt")


def uv() -> list[str]:
    """The command that runs uv: the program on the path, else the one that the Makefile installed (infra/setup/uv.sh)."""
    own = ROOT / ".venv-uv" / "bin" / "uv"
    return [shutil.which("uv") or str(own)]


def prepare(folder: Path) -> Path:
    """Make the environment unless it is there already; returns its ``bin`` folder.

    The stamp is written last, so an interrupted installation is done again. Each home has its own folder.
    """
    wanted = hashlib.sha256(REQUIREMENTS.read_bytes() + sys.version.encode()).hexdigest()
    stamp = folder / "installed"
    if not (stamp.exists() and stamp.read_text() == wanted):
        environ = {name: value for name, value in os.environ.items() if name != "VIRTUAL_ENV"}
        command = uv()
        run([*command, "venv", "--quiet", "--clear", "--python", sys.executable, str(folder)],
            cwd=ROOT, environ=environ, what="Making the tool environment")  # fmt: skip
        run([*command, "pip", "install", "--quiet", "--only-binary", ":all:", "--python", str(folder), "-r", str(REQUIREMENTS)],
            cwd=ROOT, environ=environ, what="Installing dvc and mlflow", seconds=1800)  # fmt: skip
        stamp.write_text(wanted)
    return folder / "bin"
