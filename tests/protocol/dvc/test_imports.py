"""What `dvc import` brings from another project stays with its source: here, in the API, on the pages, and for a clone."""

import json
import time
import urllib.request
from pathlib import Path
from typing import Any

from tests.fixtures.instance import Instance
from tests.protocol.dvc.test_starter import Shell

AUTHOR = ("-c", "user.name=F", "-c", "user.email=f@example.org")
SOURCE = "kept by the repository that it was imported from"


class Asker:
    """Requests of one person to one project."""

    def __init__(self, url: str, path: str, token: str) -> None:
        self.url, self.path, self.headers = url, path, {"Authorization": f"Bearer {token}"}

    def text(self, address: str) -> str:
        request = urllib.request.Request(f"{self.url}{address}", headers=self.headers)
        with urllib.request.urlopen(request, timeout=60) as answer:
            return str(answer.read().decode())

    def availability(self, patience: float = 120) -> dict[str, Any]:
        """The default branch's, once a worker has read it."""
        deadline = time.monotonic() + patience
        while True:
            said: dict[str, Any] = json.loads(self.text(f"/api/v1/repos{self.path}/availability/main"))
            if said["state"] != "unindexed" or time.monotonic() > deadline:
                return said
            time.sleep(0.2)


def made(instance: Instance, name: str, token: str) -> str:
    """The address of a new public project that began with DVC."""
    asked = {"name": name, "auto_init": True, "dvc": True, "private": False}
    request = urllib.request.Request(
        f"{instance.url}/api/v1/user/repos",
        data=json.dumps(asked).encode(),
        headers={"Authorization": f"Bearer {token}", "Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=60) as answer:
        return str(json.load(answer)["clone_url"])


def test_an_import_is_with_its_source(instance: Instance, tmp_path: Path) -> None:
    username, _, token = instance.user("dvc-importer")
    shell = Shell(tmp_path)
    address = {name: made(instance, name, token) for name in ("import-source", "import-target")}
    signed = {name: one.replace("://", f"://{username}:{token}@") for name, one in address.items()}

    def clone(name: str, folder: Path) -> None:
        shell.run(tmp_path, "git", "clone", "-q", signed[name], str(folder))
        for key, value in (("auth", "basic"), ("user", username), ("password", token)):
            shell.dvc(folder, "remote", "modify", "--local", "origin", key, value)

    def publish(folder: Path) -> None:
        shell.dvc(folder, "push", "-q")
        shell.run(folder, "git", "add", "-A")
        shell.run(folder, "git", *AUTHOR, "commit", "-q", "-m", "Data")
        shell.run(folder, "git", "push", "-q", "origin", "HEAD")

    source, target, fresh = tmp_path / "source", tmp_path / "target", tmp_path / "fresh"
    clone("import-source", source)
    files = {"raw/in.csv": b"a,b\n1,2\n", "raw/houses/1.csv": b"1\n", "raw/houses/2.csv": b"2\n"}
    for path, content in files.items():
        (source / path).parent.mkdir(parents=True, exist_ok=True)
        (source / path).write_bytes(content)
    shell.dvc(source, "add", "-q", "raw/in.csv", "raw/houses")
    publish(source)
    locked = shell.run(source, "git", "rev-parse", "HEAD").strip()

    clone("import-target", target)
    for path in ("raw/in.csv", "raw/houses"):
        shell.dvc(target, "import", "-q", address["import-source"], path)
    publish(target)

    asker = Asker(instance.url, f"/{username}/import-target", token)
    said = asker.availability()
    assert (said["state"], said["outputs"], said["imported"], said["missing"]) == ("imported", 2, 2, 0)
    for path, origin in (("in.csv", "raw/in.csv"), ("houses", "raw/houses")):
        page = asker.text(f"{asker.path}/data/main/{path}")
        assert SOURCE in page and address["import-source"] in page
        assert f">{origin}</span>" in page and f">{locked[:8]}</span>." in page
    assert "can't be checked out" not in asker.text(f"{asker.path}/data")

    clone("import-target", fresh)
    shell.dvc(fresh, "pull", "-q")
    assert (fresh / "in.csv").read_bytes() == files["raw/in.csv"]
    assert (fresh / "houses/2.csv").read_bytes() == files["raw/houses/2.csv"]
