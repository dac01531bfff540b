"""Clients that only read while programs are killed: they may meet closed doors and 503, never a 500 or half an answer."""

import base64
import secrets
import shutil
from pathlib import Path

import requests

from tests.faults.workloads import NotAcknowledged, Project, Workload, run_git

# What a client may meet: nobody at the door, a broken connection, 503. Anything else is kept as a fault.
_SHUT = (
    "returned error: 503", "Failed to connect", "Couldn't connect", "Connection reset", "Connection refused", "Recv failure",
    "Empty reply", "early EOF", "hung up", "RPC failed", "invalid index-pack", "unexpected disconnect", "expected flush",
    "expected 'packfile'", "bad line length", "does not answer just now",
)  # fmt: skip


class CloneReads(Workload):
    """Whole clones, each compared with what it names."""

    name = "git clone"

    def __init__(self, project: Project, folder: Path) -> None:
        super().__init__(project)
        self.folder, self.faults = folder, list[str]()
        folder.mkdir()

    def step(self) -> None:
        copy = self.folder / secrets.token_hex(4)
        # Sent at once: where git first asks without and is cut off after the 401, it says "Authentication failed".
        basic = base64.b64encode(":".join(self.project.auth).encode()).decode()
        header = f"http.extraHeader=Authorization: Basic {basic}"
        address = f"{self.project.root}.git"
        try:
            run_git("-c", header, "clone", "--quiet", "--branch", "main", address, str(copy), cwd=self.folder)
        except NotAcknowledged as error:
            if "returned error: 500" in str(error) or not any(words in str(error) for words in _SHUT):
                self.faults.append(str(error))
            raise
        else:
            if not (copy / "table.csv").is_file():
                self.faults.append("a clone ended well without its files")
        finally:
            shutil.rmtree(copy, ignore_errors=True)

    def verify(self) -> list[str]:
        found, self.faults = self.faults, []
        return found


class PageReads(Workload):
    """Pages and the API, in turn."""

    name = "page"
    paths = ("/src/main", "/commits/main", "", "/experiments", "/blame/main/README.md")

    def __init__(self, project: Project) -> None:
        super().__init__(project)
        self.faults: list[str] = []

    def step(self) -> None:
        number = (self.acknowledged + self.refused) % (len(self.paths) + 1)
        url = self.project.api if number == len(self.paths) else self.project.root + self.paths[number]
        answer = requests.get(url, auth=self.project.auth, timeout=60)
        if answer.ok:
            return
        if answer.status_code != 503 or "Retry-After" not in answer.headers:
            self.faults.append(f"{url} answers {answer.status_code} {answer.text[-2000:]}")
        raise NotAcknowledged(f"{answer.status_code}")

    def verify(self) -> list[str]:
        found, self.faults = self.faults, []
        return found
