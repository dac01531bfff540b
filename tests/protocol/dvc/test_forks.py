"""A fork of a private project with real git and DVC: shared bytes, which stay when the parent goes and go with the last."""

import json
import secrets
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

from tests.fixtures.instance import Instance
from tests.protocol.dvc.test_starter import Shell, found

_SHARE = """
from ropewalk.projects.models import Project
from ropewalk.projects import services
project = Project.objects.get(owner__slug={owner!r}, slug={slug!r})
services.set_collaborator(project_id=project.pk, username={reader!r}, role="reader")
"""
_PURGE = """
from datetime import timedelta
from ropewalk.core import clock
from ropewalk.projects.models import Project
from workers.runners import purge_projects
Project.objects.filter(owner__slug={owner!r}, slug={slug!r}).update(deleted_at=clock.now() - timedelta(days=30))
purge_projects.purge()
assert not Project.objects.filter(owner__slug={owner!r}, slug={slug!r}).exists()
"""


class Person:
    """Somebody with a token, at the API and with programs."""

    def __init__(self, instance: Instance, name: str, folder: Path) -> None:
        self.name, _, self.token = instance.user(name)
        self.instance, self.folder = instance, folder
        folder.mkdir()
        self.shell = Shell(folder)

    def ask(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        request = urllib.request.Request(
            f"{self.instance.url}/api/v1/{path}",
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"},
        )
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as error:
            return error.code, json.load(error)

    def clone(self, address: str, remote: str, name: str) -> Path:
        """A clone that has this DVC remote with the person's credentials."""
        target = self.folder / name
        address = address.replace("://", f"://{self.name}:{self.token}@")
        self.shell.run(self.folder, "git", "clone", "-q", address, str(target))
        values = (("url", remote), ("auth", "basic"), ("user", self.name), ("password", self.token))
        for key, value in values:
            self.shell.dvc(target, "remote", "modify", "--local", "origin", key, value)
        return target

    def commit(self, folder: Path, message: str) -> None:
        who = ("-c", f"user.name={self.name}", "-c", "user.email=p@example.org")
        self.shell.run(folder, "git", "add", "-A")
        self.shell.run(folder, "git", *who, "commit", "-q", "-m", message)
        self.shell.run(folder, "git", "push", "-q", "origin", "HEAD")

    def wait_for(self, project: str, kind: str) -> None:
        """Until the project's newest job of a kind ended well."""
        end = time.monotonic() + 120
        while time.monotonic() < end:
            _, answer = self.ask("GET", f"repos/{project}/jobs")
            state = next(job["state"] for job in answer["jobs"] if job["kind"] == kind)
            if state == "succeeded":
                return
            assert state != "failed", answer
            time.sleep(0.3)
        raise AssertionError(answer)


def stored(instance: Instance) -> set[str]:
    """The objects of DVC in the store, by key."""
    root = instance.home / "objects" / "o"
    paths = {str(path.relative_to(root)) for path in root.rglob("*") if path.is_file()}
    return {path for path in paths if "/dvc/" in path}


class Family:
    """Ann's project with data in her clone, Ben's fork of it, and Eve, who may see neither."""

    def __init__(self, instance: Instance, folder: Path) -> None:
        self.instance = instance
        self.ann, self.ben, self.eve = (
            Person(instance, f"fork-{name}", folder / name) for name in ("ann", "ben", "eve")
        )
        self.project = found(instance, "cellar", self.ann.token)
        self.outset = stored(instance)
        self.data = {f"d/{number}.bin": secrets.token_bytes(50_000) for number in range(8)}
        self.first = self.ann.clone(self.project["clone_url"], self.project["dvc_url"], "first")
        (self.first / "d").mkdir()
        self.add(self.ann, self.first, self.data)

    def add(self, person: Person, clone: Path, files: dict[str, bytes]) -> None:
        """Push files as data, and the commit that names them."""
        for name, content in files.items():
            (clone / name).write_bytes(content)
        person.shell.dvc(clone, "add", "-q", "d")
        person.shell.dvc(clone, "push", "-q")
        person.commit(clone, "Data")

    def fork(self) -> dict[str, Any]:
        """Ben may read and forks."""
        assert self.ben.ask("POST", "repos/fork-ann/cellar/forks", {})[0] == 404
        share = {"owner": "fork-ann", "slug": "cellar", "reader": self.ben.name}
        self.instance.manage("shell", "-c", _SHARE.format(**share))
        status, fork = self.ben.ask("POST", "repos/fork-ann/cellar/forks", {"name": "my-cellar"})
        assert status == 202
        self.ben.wait_for("fork-ben/my-cellar", "fork-project")
        return dict(fork)

    def pulled(self, fork: dict[str, Any], name: str) -> Path:
        """A fresh clone of the fork, with all its data."""
        clone = self.ben.clone(fork["clone_url"], fork["dvc_url"], name)
        self.ben.shell.dvc(clone, "pull", "-q")
        assert {name: (clone / name).read_bytes() for name in self.data} == self.data
        return clone

    def purge(self, owner: str, slug: str) -> None:
        self.instance.manage("shell", "-c", _PURGE.format(owner=owner, slug=slug))


def test_a_fork_shares_bytes_and_outlives_its_parent(instance: Instance, tmp_path: Path) -> None:
    family = Family(instance, tmp_path)
    ann, ben, eve = family.ann, family.ben, family.eve
    before = stored(instance)
    assert len(before - family.outset) == 9
    fork = family.fork()
    assert (fork["full_name"], fork["fork"], fork["private"]) == ("fork-ben/my-cellar", True, True)
    assert fork["parent"]["full_name"] == "fork-ann/cellar"
    assert ben.ask("POST", "repos/fork-ann/cellar/forks", {})[0] == 409
    assert ben.ask("GET", "repos/fork-ann/cellar")[1]["forks_count"] == 1
    assert ann.ask("GET", "repos/fork-ann/cellar")[1]["forks_count"] == 0  # it is private, and not hers
    assert eve.ask("GET", "repos/fork-ben/my-cellar")[0] == eve.ask("GET", "repos/fork-ann/cellar")[0] == 404
    mine = family.pulled(fork, "mine")
    assert stored(instance) == before

    family.add(ann, family.first, {"d/late.bin": b"late"})
    before = stored(instance)
    synced = ben.ask("POST", "repos/fork-ben/my-cellar/merge-upstream", {"branch": "main"})
    assert synced == (200, {"merge_type": "fast-forward"})
    ben.wait_for("fork-ben/my-cellar", "fork-project")
    ben.shell.run(mine, "git", "pull", "-q")
    ben.shell.dvc(mine, "pull", "-q")
    family.data["d/late.bin"] = (mine / "d" / "late.bin").read_bytes()
    assert (family.data["d/late.bin"], stored(instance)) == (b"late", before)

    family.add(ben, mine, {"d/own.bin": b"own"})
    assert len(stored(instance) - before) == 2
    again = ben.ask("POST", "repos/fork-ben/my-cellar/merge-upstream", {})
    assert again == (200, {"merge_type": "up-to-date"})

    family.purge("fork-ann", "cellar")
    fresh = family.pulled(fork, "fresh")
    assert (fresh / "d" / "own.bin").read_bytes() == b"own"
    shown = ben.ask("GET", "repos/fork-ben/my-cellar")[1]
    assert (shown["fork"], shown["parent"]) == (False, None)

    family.purge("fork-ben", "my-cellar")
    assert stored(instance) == family.outset
