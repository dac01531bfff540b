"""The official ``dagshub`` client, unmodified: files go up, come down and are streamed."""

import json
import os
import subprocess
from pathlib import Path

from tests.fixtures.instance import Instance
from tests.protocol.clients import client_python

_MAKE = """
from ropewalk.accounts.models import User
from ropewalk.projects import services
owner = User.objects.get(username="hubber")
services.create_project(owner_id=owner.owner_id, slug="uploads", created_by_id=owner.pk, visibility="private")
"""


def test_files_go_up_come_down_and_are_streamed(instance: Instance, tmp_path: Path) -> None:
    _, _, token = instance.user("hubber")
    instance.manage("shell", "-c", _MAKE)
    environment = {
        **os.environ,
        "DAGSHUB_CLIENT_HOST": instance.url,
        "DAGSHUB_USER_TOKEN": token,
        "DAGSHUB_DISABLE_ANALYTICS": "1",
        "DAGSHUB_CLIENT_TOKENS_CACHE": str(tmp_path / "tokens"),
        "HOME": str(tmp_path),
    }
    script = Path(__file__).with_name("drive.py")
    done = subprocess.run(
        [client_python("dagshub"), script, instance.url, "hubber", "uploads", tmp_path],
        env=environment, cwd=tmp_path, capture_output=True, text=True, timeout=240, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-5000:]
    found = json.loads(done.stdout.rstrip().rpartition("\n")[2])
    assert found["again"][0] == "UpdateNotAllowedError"
    assert "first.txt" in found["again"][1]
    assert found["dvc again"][0] == "UpdateNotAllowedError"
    assert found["tracked"] == [
        ["data/other/a.txt", "file", 3, "dvc"],
        ["data/other/late.txt", "file", 4, "dvc"],
        ["data/other/sub", "dir", 0, "dvc"],
    ]
    assert found["listed"] == [["data/tree/a.txt", "file", 3], ["data/tree/sub", "dir", 0]]
    assert found["message"].startswith("Upload files using DagsHub client")
    assert (found["streamed"], found["names"]) == (
        "one",
        [".gitignore", "other", "other.dvc", "tree"],
    )
    out = tmp_path / "out"
    assert {str(p.relative_to(out)): p.read_bytes() for p in out.rglob("*") if p.is_file()} == {
        "first.txt": b"two",
        "data/tree/a.txt": b"one",
        "data/tree/sub/b b%.bin": bytes(range(256)),
        "data/other/a.txt": b"two",
        "data/other/late.txt": b"late",
        "data/other/sub/b b%.bin": bytes(range(256)),
        **dvcs_own(out),
    }
    assert (tmp_path / "out2" / "only.txt").read_bytes() == b"two"
    as_dvc_would_have_written_it(instance, token, tmp_path)


def dvcs_own(folder: Path) -> dict[str, bytes]:
    """What the first upload to DVC set up."""
    names = (".dvc/config", ".dvc/.gitignore", ".dvcignore", "data/other.dvc", "data/.gitignore")
    return {name: (folder / name).read_bytes() for name in names}


def as_dvc_would_have_written_it(instance: Instance, token: str, folder: Path) -> None:
    """In a clone DVC finds the data, and would write the very same pointer and list."""
    clone = folder / "clone"
    environment = {
        **os.environ,
        "HOME": str(folder),
        "GIT_CONFIG_GLOBAL": "/dev/null",
        "DVC_NO_ANALYTICS": "1",
    }

    def run(*command: str) -> str:
        done = subprocess.run(
            command, cwd=clone, env=environment, capture_output=True, text=True, timeout=200, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    clone.mkdir()
    address = instance.url.replace("://", f"://hubber:{token}@")
    run("git", "clone", "-q", f"{address}/hubber/uploads.git", ".")
    dvc = str(client_python("dvc").with_name("dvc"))
    for name, value in (("auth", "basic"), ("user", "hubber"), ("password", token)):
        run(dvc, "remote", "modify", "--local", "origin", name, value)
    run(dvc, "pull")
    assert (clone / "data/other/late.txt").read_bytes() == b"late"
    run(dvc, "add", "data/other")
    assert run("git", "status", "--porcelain") == ""
