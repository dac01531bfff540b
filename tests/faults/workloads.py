"""Clients that write without pause while programs are killed under them. Each remembers what was acknowledged, and later looks.

A workload's ``step`` is one write; an exception means "not acknowledged", and the next step tries something new. ``verify``
returns what it found wrong.
"""

import hashlib
import json
import os
import random
import subprocess
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Iterator
from pathlib import Path

import requests


class NotAcknowledged(Exception):
    """The server did not take this write, or nobody can know."""


class Project:
    """Where the workloads write: one private project, reached as its owner."""

    def __init__(self, url: str, owner: str, name: str, token: str, ssh_port: int = 0) -> None:
        self.owner, self.name, self.token = owner, name, token
        self.move(url, ssh_port)

    def move(self, url: str, ssh_port: int = 0) -> None:
        """An instance that was started again may have other ports."""
        self.ssh = f"ssh://git@127.0.0.1:{ssh_port}/{self.owner}/{self.name}.git"
        self.root = f"{url}/{self.owner}/{self.name}"
        self.api = f"{url}/api/v1/repos/{self.owner}/{self.name}"
        scheme, rest = self.root.split("://")
        self.git = f"{scheme}://{self.owner}:{self.token}@{rest}.git"

    @property
    def auth(self) -> tuple[str, str]:
        return self.owner, self.token


class Workload(ABC):
    """A thread that writes until it is told to stop."""

    name = ""

    def __init__(self, project: Project) -> None:
        self.project = project
        self.acknowledged = 0
        self.refused = 0
        self.last_error = ""
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        self._stop.clear()
        self._thread = threading.Thread(target=self._run, name=self.name, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        assert self._thread is not None
        self._thread.join(120)
        assert not self._thread.is_alive(), f"{self.name} hangs"

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                self.step()
                self.acknowledged += 1
            except (NotAcknowledged, requests.RequestException, subprocess.SubprocessError, OSError) as error:
                self.refused += 1
                self.last_error = f"{type(error).__name__}: {str(error)[:500]}"
                time.sleep(0.3)

    @abstractmethod
    def step(self) -> None:
        """One write; returns only when it was acknowledged."""

    @abstractmethod
    def verify(self) -> list[str]:
        """What is missing or half there."""


def run_git(*arguments: str, cwd: Path, **more: str) -> str:
    """git's output. Raises :class:`NotAcknowledged` with its words."""
    environment = {**os.environ, "GIT_TERMINAL_PROMPT": "0", "GIT_CONFIG_GLOBAL": os.devnull, **more}
    command = ["git", "-c", "user.name=Fault", "-c", "user.email=fault@example.org", *arguments]
    done = subprocess.run(
        command, cwd=cwd, env=environment, capture_output=True, text=True, timeout=300, check=False
    )
    if done.returncode != 0:
        raise NotAcknowledged(f"git {arguments[0]}: {done.stderr.strip()[-300:]}")
    return done.stdout.strip()


class GitPushes(Workload):
    """Commits of random bytes, pushed one after the other to ``load``; the branch ``main`` belongs to the drift workload."""

    name = "git push"
    branch = "load"

    def __init__(self, project: Project, folder: Path) -> None:
        super().__init__(project)
        self.folder = folder
        folder.mkdir()
        run_git("init", "--quiet", "--initial-branch", self.branch, cwd=folder)
        self.made: list[str] = []
        self.taken = ""

    def step(self) -> None:
        (self.folder / f"{len(self.made):05}.bin").write_bytes(random.randbytes(150_000))
        run_git("add", ".", cwd=self.folder)
        run_git("commit", "--quiet", "-m", f"Step {len(self.made)}.", cwd=self.folder)
        self.made.append(run_git("rev-parse", "HEAD", cwd=self.folder))
        self.push()
        self.taken = self.made[-1]

    def push(self) -> None:
        """Send it."""
        run_git("push", "--quiet", self.project.git, f"HEAD:refs/heads/{self.branch}", cwd=self.folder)

    def verify(self) -> list[str]:
        copy = self.folder.with_name(f"{self.folder.name}-copy-{len(self.made)}")
        try:
            run_git(
                "clone",
                "--quiet",
                "--branch",
                self.branch,
                self.project.git,
                str(copy),
                cwd=self.folder.parent,
            )
            run_git("fsck", "--full", "--strict", cwd=copy)
            head = run_git("rev-parse", "HEAD", cwd=copy)
        except NotAcknowledged as error:
            return [f"the repository is broken: {error}"]
        if head not in self.made:
            return [f"the branch is at {head}, which nobody pushed"]
        if self.made.index(head) < self.made.index(self.taken):
            return [f"acknowledged {self.taken}, but the branch is at the older {head}"]
        return []


class SshPushes(GitPushes):
    """The same over SSH, to a branch of its own."""

    name = "git push over SSH"
    branch = "load-ssh"

    def __init__(self, project: Project, folder: Path) -> None:
        super().__init__(project, folder)
        key = folder.with_name(f"{folder.name}-key")
        subprocess.run(["ssh-keygen", "-q", "-N", "", "-t", "ed25519", "-f", str(key)], check=True)
        body = {"title": "faults", "key": key.with_suffix(".pub").read_text().strip()}
        url = f"{project.api.split('/repos/')[0]}/user/keys"
        requests.post(url, json=body, auth=project.auth, timeout=60).raise_for_status()
        self.command = (
            f"ssh -F none -i {key} -o IdentitiesOnly=yes -o IdentityAgent=none -o BatchMode=yes -o StrictHostKeyChecking=no "
            "-o UserKnownHostsFile=/dev/null -o LogLevel=ERROR"
        )

    def push(self) -> None:
        """Send it."""
        target = f"HEAD:refs/heads/{self.branch}"
        run_git("push", "--quiet", self.project.ssh, target, cwd=self.folder, GIT_SSH_COMMAND=self.command)


class DvcUploads(Workload):
    """Chunked PUTs without a length, as DVC sends them, slow enough to be cut in the middle."""

    name = "dvc upload"

    def __init__(self, project: Project) -> None:
        super().__init__(project)
        self.sizes: dict[str, int] = {}
        self.taken: set[str] = set()

    def step(self) -> None:
        data = random.randbytes(random.randint(1, 6_000_000))
        digest = hashlib.md5(data, usedforsecurity=False).hexdigest()
        self.sizes[digest] = len(data)

        def slowly() -> Iterator[bytes]:
            for start in range(0, len(data), 524_288):
                yield data[start : start + 524_288]
                time.sleep(0.03)

        answer = requests.put(self._url(digest), data=slowly(), auth=self.project.auth, timeout=60)
        if not answer.ok:
            raise NotAcknowledged(f"{answer.status_code} {answer.text[:200]}")
        self.taken.add(digest)

    def _url(self, digest: str) -> str:
        return f"{self.project.root}.dvc/files/md5/{digest[:2]}/{digest[2:]}"

    def verify(self) -> list[str]:
        found = []
        with requests.Session() as session:
            for digest, size in self.sizes.items():
                answer = session.get(self._url(digest), auth=self.project.auth, timeout=60)
                if answer.status_code == 404:
                    if digest in self.taken:
                        found.append(f"acknowledged object {digest} is missing")
                    continue
                content = answer.content
                if not answer.ok:
                    found.append(f"object {digest} answers {answer.status_code}")
                elif hashlib.md5(content, usedforsecurity=False).hexdigest() != digest:
                    found.append(
                        f"object {digest} is visible with {len(content)} of {size} bytes, or wrong ones"
                    )
        return found


class MlflowBatches(Workload):
    """``log-batch`` calls of one run, ten points each; a batch is there as a whole or not at all."""

    name = "mlflow log-batch"
    points = 10

    def __init__(self, project: Project) -> None:
        super().__init__(project)
        self.session = requests.Session()
        experiment = self._call("experiments/create", {"name": "faults"})["experiment_id"]
        self.run = self._call("runs/create", {"experiment_id": experiment})["run"]["info"]["run_id"]
        self.sent = 0
        self.taken: set[int] = set()

    def _call(self, path: str, body: dict[str, object]) -> dict[str, dict[str, dict[str, str]]]:
        url = f"{self.project.root}.mlflow/api/2.0/mlflow/{path}"
        answer = self.session.post(url, json=body, auth=self.project.auth, timeout=30)
        if not answer.ok:
            raise NotAcknowledged(f"{answer.status_code} {answer.text[:200]}")
        return answer.json()

    def step(self) -> None:
        batch, self.sent = self.sent, self.sent + 1
        steps = range(batch * self.points, (batch + 1) * self.points)
        metrics = [{"key": "loss", "value": step / 7, "timestamp": 1, "step": step} for step in steps]
        self._call("runs/log-batch", {"run_id": self.run, "metrics": metrics})
        self.taken.add(batch)

    def verify(self) -> list[str]:
        url = f"{self.project.root}.mlflow/api/2.0/mlflow/metrics/get-history"
        query: dict[str, str] = {"run_id": self.run, "metric_key": "loss", "max_results": "5000"}
        there: dict[int, float] = {}
        while True:
            answer = self.session.get(url, params=query, auth=self.project.auth, timeout=60)
            if not answer.ok:
                return [f"metric history answers {answer.status_code} {answer.text[:200]}"]
            body = json.loads(answer.text)
            there |= {int(point["step"]): float(point["value"]) for point in body.get("metrics", [])}
            if not body.get("next_page_token"):
                break
            query["page_token"] = body["next_page_token"]
        found = []
        for batch in range(self.sent):
            steps = range(batch * self.points, (batch + 1) * self.points)
            count = sum(step in there for step in steps)
            if count not in (0, self.points):
                found.append(f"batch {batch} is there by {count} of {self.points} points")
            elif batch in self.taken and count == 0:
                found.append(f"acknowledged batch {batch} is missing")
        found += [f"step {step} has the value {value}" for step, value in there.items() if value != step / 7]
        return found


class DriftJobs:
    """Not a thread: pushes a new version of a large table for each round, and asks how far it drifted from the one before."""

    name = "drift job"

    def __init__(self, project: Project, folder: Path, rows: int) -> None:
        self.project, self.folder, self.rows = project, folder, rows
        folder.mkdir()
        run_git("init", "--quiet", "--initial-branch", "main", cwd=folder)
        self.versions = 0
        self.asked: list[str] = []
        self.push_version()

    def push_version(self) -> None:
        """A table whose numbers move with each version."""
        import numpy as np

        random_numbers = np.random.default_rng(self.versions)
        table = random_numbers.normal(self.versions / 10, 1, (self.rows, 8))
        header = ",".join(f"c{i}" for i in range(table.shape[1]))
        np.savetxt(self.folder / "table.csv", table, "%.5f", ",", header=header, comments="")
        self.versions += 1
        (self.folder / "README.md").write_text(f"# Table\n\nVersion {self.versions}.\n")
        run_git("add", ".", cwd=self.folder)
        run_git("commit", "--quiet", "-m", f"Version {self.versions}.", cwd=self.folder)
        run_git("tag", f"v{self.versions}", cwd=self.folder)
        run_git(
            "push", "--quiet", self.project.git, "HEAD:refs/heads/main", f"v{self.versions}", cwd=self.folder
        )

    def ask(self) -> None:
        """Ask for a report through the page, as a browser does."""
        self.push_version()
        page = f"{self.project.root}/drift/new"
        with requests.Session() as browser:
            browser.auth = self.project.auth
            browser.get(page, timeout=60).raise_for_status()
            body = {"path": "table.csv", "reference": f"v{self.versions - 1}", "current": f"v{self.versions}"}
            headers = {"X-CSRFToken": browser.cookies["csrftoken"], "Referer": page}
            answer = browser.post(page, data=body, headers=headers, timeout=60)
            assert answer.ok and "/drift/new" not in answer.url, f"{answer.status_code} {answer.text[:2000]}"
            self.asked.append(answer.url.rsplit("/", 1)[1])

    def jobs(self, *states: str) -> list[dict[str, str]]:
        """The project's jobs in the given states."""
        answer = requests.get(
            f"{self.project.api}/jobs", params={"state": states}, auth=self.project.auth, timeout=60
        )
        answer.raise_for_status()
        return list(answer.json()["jobs"])
