"""DVC's own client, unmodified, from a working copy through the remote and back."""

import hashlib
import os
import secrets
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.protocol.clients import client_python
from tests.protocol.dvc.conftest import Remote


class WorkingCopy:
    """A git repository with DVC set up for the remote as one person."""

    def __init__(self, folder: Path, remote: Remote, who: str, method: str) -> None:
        self.folder = folder
        self.program = str(client_python("dvc").with_name("dvc"))
        self.environment = {
            **os.environ,
            "DVC_NO_ANALYTICS": "1",
            "DVC_SITE_CACHE_DIR": str(folder.parent / "site"),
            "GIT_CONFIG_GLOBAL": "/dev/null",
            "HOME": str(folder.parent),
        }
        folder.mkdir()
        subprocess.run(["git", "init", "-q", str(folder)], check=True, env=self.environment)
        username, token = remote.credentials(who)
        self.dvc("init", "-q")
        self.dvc("config", "core.check_update", "false")
        self.dvc("remote", "add", "-d", "ropewalk", remote.url)
        self.dvc("remote", "modify", "ropewalk", "method", method)
        self.dvc("remote", "modify", "ropewalk", "auth", "basic")
        self.dvc("remote", "modify", "--local", "ropewalk", "user", username)
        self.dvc("remote", "modify", "--local", "ropewalk", "password", token)

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
        (self.folder / "big.bin").unlink(missing_ok=True)

    def digests(self) -> dict[str, str]:
        files = [
            path for path in [*(self.folder / "data").rglob("*"), self.folder / "big.bin"] if path.is_file()
        ]
        return {
            str(path.relative_to(self.folder)): hashlib.md5(path.read_bytes()).hexdigest() for path in files
        }


@pytest.mark.parametrize("method", ["PUT", "POST"])
def test_round_trip(remote: Remote, tmp_path: Path, method: str) -> None:
    copy = WorkingCopy(tmp_path / "repo", remote, "dvc-writer", method)
    (copy.folder / "data" / "sub").mkdir(parents=True)
    for number in range(30):
        (copy.folder / "data" / f"sub/{number}.bin").write_bytes(secrets.token_bytes(1000))
    (copy.folder / "data" / "empty.txt").touch()
    (copy.folder / "data" / "uni çodé 漢.txt").write_text(secrets.token_hex(8), encoding="utf-8")
    (copy.folder / "big.bin").write_bytes(secrets.token_bytes(12 << 20))
    before = copy.digests()
    copy.dvc("add", "-q", "data", "big.bin")
    assert "new:" in copy.dvc("status", "-c")
    copy.dvc("push", "-q")
    assert "up to date" in copy.dvc("push")
    shutil.rmtree(tmp_path / "site")
    assert "up to date" in copy.dvc("push")
    assert "in sync" in copy.dvc("status", "-c")
    copy.forget()
    copy.dvc("pull", "-q")
    assert copy.digests() == before
    copy.forget()
    copy.dvc("pull", "-q", "data/sub/7.bin")
    assert list(copy.digests()) == ["data/sub/7.bin"]


def test_reader_pulls_but_hears_that_pushing_is_denied(remote: Remote, tmp_path: Path) -> None:
    copy = WorkingCopy(tmp_path / "repo", remote, "dvc-reader", "PUT")
    (copy.folder / "data").mkdir()
    (copy.folder / "data" / "a.txt").write_text(secrets.token_hex(8))
    copy.dvc("add", "-q", "data")
    assert "403" in copy.dvc("push", fails=True)
