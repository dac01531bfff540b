"""A git repository with DVC set up in it, driven by DVC's own program."""

import hashlib
import os
import shutil
import subprocess
from pathlib import Path

from tests.protocol.clients import client_python


class WorkingCopy:
    """``remote`` is its remote's address; ``options`` and ``secrets`` are what ``dvc remote modify`` says of it."""

    def __init__(
        self, folder: Path, remote: str, options: dict[str, str], secrets: dict[str, str], client: str = "dvc"
    ) -> None:
        self.folder, self.program = folder, str(client_python(client).with_name("dvc"))
        self.environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("AWS_")},
            "DVC_NO_ANALYTICS": "1",
            "DVC_SITE_CACHE_DIR": str(folder.parent / "site"),
            "GIT_CONFIG_GLOBAL": "/dev/null",
            "HOME": str(folder.parent),
        }
        folder.mkdir()
        subprocess.run(["git", "init", "-q", str(folder)], check=True, env=self.environment)
        self.dvc("init", "-q")
        self.dvc("config", "core.check_update", "false")
        self.dvc("remote", "add", "-d", "ropewalk", remote)
        for name, value in options.items():
            self.dvc("remote", "modify", "ropewalk", name, value)
        for name, value in secrets.items():
            self.dvc("remote", "modify", "--local", "ropewalk", name, value)

    def dvc(self, *arguments: str, fails: bool = False) -> str:
        done = subprocess.run(
            [self.program, *arguments],
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        assert (done.returncode != 0) == fails, done.stdout + done.stderr
        return done.stdout + done.stderr

    def forget(self) -> None:
        """Remove everything that is not in git: the cache, DVC's memory of the remote, the data."""
        for name in (".dvc/cache", ".dvc/tmp", "data", "../site"):
            shutil.rmtree(self.folder / name, ignore_errors=True)
        for name in ("big.bin", "out.txt"):
            (self.folder / name).unlink(missing_ok=True)

    def digests(self) -> dict[str, str]:
        """The md5 of each file of data."""
        found = [*(self.folder / "data").rglob("*"), self.folder / "big.bin"]
        return {
            str(path.relative_to(self.folder)): hashlib.md5(path.read_bytes()).hexdigest()
            for path in found
            if path.is_file()
        }
