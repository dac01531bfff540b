"""A project that began with DVC: what DVC itself would have written, and it works in a fresh clone with credentials only."""

import json
import os
import secrets
import subprocess
import urllib.request
from pathlib import Path

from tests.fixtures.instance import Instance
from tests.protocol.clients import client_python


class Shell:
    """Programs in folders of their own home."""

    def __init__(self, home: Path) -> None:
        self.environment = {
            **os.environ,
            "HOME": str(home),
            "DVC_NO_ANALYTICS": "1",
            "DVC_SITE_CACHE_DIR": str(home / "site"),
            "GIT_CONFIG_GLOBAL": "/dev/null",
            "GIT_TERMINAL_PROMPT": "0",
        }
        self.program = str(client_python("dvc").with_name("dvc"))

    def run(self, folder: Path, *arguments: str) -> str:
        done = subprocess.run(
            arguments,
            cwd=folder,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def dvc(self, folder: Path, *arguments: str) -> str:
        return self.run(folder, self.program, *arguments)


def found(instance: Instance, name: str, token: str) -> dict[str, str]:
    request = urllib.request.Request(
        f"{instance.url}/api/v1/user/repos",
        data=json.dumps({"name": name, "auto_init": True, "dvc": True, "license": "MIT"}).encode(),
        headers={"Authorization": f"Bearer {token}", "Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=60) as answer:
        return json.load(answer)


def test_a_fresh_clone_pushes_with_only_credentials_set(instance: Instance, tmp_path: Path) -> None:
    username, _, token = instance.user("dvc-founder")
    project = found(instance, "begun-with-dvc", token)
    shell = Shell(tmp_path)
    address = project["clone_url"].replace("://", f"://{username}:{token}@")
    first, second, own = tmp_path / "first", tmp_path / "second", tmp_path / "own"

    shell.run(tmp_path, "git", "clone", "-q", address, str(first))
    shell.run(tmp_path, "git", "init", "-q", str(own))
    shell.dvc(own, "init", "-q")
    shell.dvc(own, "remote", "add", "-d", "origin", project["dvc_url"])
    for path in (".dvc/config", ".dvc/.gitignore", ".dvcignore"):
        assert (first / path).read_bytes() == (own / path).read_bytes(), path
    assert shell.run(first, "git", "ls-files", ".dvc*").split() == shell.run(own, "git", "ls-files").split()

    def credentials(folder: Path) -> None:
        for key, value in (("auth", "basic"), ("user", username), ("password", token)):
            shell.dvc(folder, "remote", "modify", "--local", "origin", key, value)

    credentials(first)
    data = secrets.token_bytes(100_000)
    (first / "wine.bin").write_bytes(data)
    shell.dvc(first, "add", "-q", "wine.bin")
    shell.dvc(first, "push", "-q")
    shell.run(first, "git", "add", "-A")
    author = ("-c", "user.name=F", "-c", "user.email=f@example.org")
    shell.run(first, "git", *author, "commit", "-q", "-m", "Add data")
    shell.run(first, "git", "push", "-q", "origin", "HEAD")

    shell.run(tmp_path, "git", "clone", "-q", address, str(second))
    credentials(second)
    shell.dvc(second, "pull", "-q")
    assert (second / "wine.bin").read_bytes() == data
