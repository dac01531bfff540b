"""``python -m tests.faults.kill_matrix [VICTIM …]``: kill -9 under load, start again, look for losses.

For each victim (web, ssh, worker, postgres, valkey, supervisor, and all of them at once) while git pushes over HTTP and SSH,
uploads over DVC and S3, MLflow batches and a drift job run, and others clone and read pages. Then: nothing acknowledged is
missing, no object is visible by half, all jobs end; nobody met a 500.
"""

import os
import re
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

import requests

from infra.embedded.config import read_pairs
from infra.embedded.services import temporary_home
from tests.faults.readers import CloneReads, PageReads
from tests.faults.uploads import BucketUploads
from tests.faults.workloads import (
    DriftJobs,
    DvcUploads,
    GitPushes,
    MlflowBatches,
    Project,
    SshPushes,
    Workload,
)
from tests.fixtures.instance import Instance

PROGRAMS = ("web", "ssh", "worker", "beat", "postgres", "valkey")
VICTIMS = ("web", "ssh", "worker", "postgres", "valkey", "supervisor", "everything")
# A dead worker's job is noticed after 45 s, by a sweep every 15 s, and sent again; then it still has to run.
JOBS_END_WITHIN = 240.0


class Matrix:
    """An instance, a project in it, and the workloads; :meth:`round` kills one victim and returns what it found wrong."""

    def __init__(self, instance: Instance, scratch: Path, *, rows: int = 150_000) -> None:
        self.instance = instance
        instance.start()
        owner, _password, token = instance.user("fault")
        answer = requests.post(
            f"{instance.url}/api/v1/user/repos",
            json={"name": "load", "private": True},
            auth=(owner, token),
            timeout=60,
        )
        answer.raise_for_status()
        self.project = Project(instance.url, owner, "load", token, self._ssh_port())
        self.drift = DriftJobs(self.project, scratch / "table", rows)
        self.workloads: list[Workload] = [
            GitPushes(self.project, scratch / "pushes"),
            SshPushes(self.project, scratch / "ssh-pushes"),
            CloneReads(self.project, scratch / "clones"),
            PageReads(self.project),
            DvcUploads(self.project),
            BucketUploads(self.project),
            MlflowBatches(self.project),
        ]

    def round(self, victim: str, log: Callable[[str], None] = print) -> list[str]:
        """Load, kill, start again, load a little more, stop, look."""
        seen = self.instance.log.stat().st_size
        for workload in self.workloads:
            workload.start()
        try:
            self._wait_for_progress(180)
            self.drift.ask()
            _wait(lambda: self.drift.jobs("running") != [], 120, "no job started to run")
            started = time.monotonic()
            killed = self._kill(victim)
            self._come_back(victim)
            log(f"{victim}: killed {killed} processes, ready again after {time.monotonic() - started:.0f} s")
            self._wait_for_progress(180)
        finally:
            for workload in self.workloads:
                workload.stop()
        _wait(self._jobs_ended, JOBS_END_WITHIN, "jobs did not end")
        found = [f"{workload.name}: {fault}" for workload in self.workloads for fault in workload.verify()]
        found += [f"{job['kind']} failed: {job['error_message']}" for job in self.drift.jobs("failed")]
        found += self._defects(seen)
        found += [
            f"drift report {number} has no result"
            for number in self.drift.asked
            if not self._has_result(number)
        ]
        counts = ", ".join(f"{w.name} {w.acknowledged} acknowledged {w.refused} not" for w in self.workloads)
        log(f"{victim}: {counts}; {len(self.drift.asked)} drift reports; {len(found)} faults")
        return found

    def end(self) -> list[str]:
        """SIGTERM, as Ctrl-C: everything ends by itself, in time and without an error."""
        code = self.instance.stop()
        left = [program for program in PROGRAMS if self.instance.pids(program)]
        return [f"the instance ended with {code} and left {left}"] * bool(code or left)

    def _ssh_port(self) -> int:
        return int(read_pairs(self.instance.home / "instance.env")["ROPEWALK_SSH_PORT"])

    def _defects(self, seen: int) -> list[str]:
        """What the log tells of 500s and tracebacks where people are answered, since it had this size."""
        text = self.instance.log.read_bytes()[seen:].decode("utf-8", "replace")
        found = re.finditer(r"^(?:web|ssh) .*(?: status=500|Traceback)", text, re.MULTILINE)
        return [f"the log has {text[match.start() : match.start() + 2000]}" for match in found]

    def _wait_for_progress(self, patience: float) -> None:
        """Every workload gets two more acknowledgements."""
        goals = {workload: workload.acknowledged + 2 for workload in self.workloads}
        for workload, goal in goals.items():
            _wait(
                lambda w=workload, g=goal: w.acknowledged >= g,
                patience,
                f"{workload.name} makes no progress",
                workload,
            )  # type: ignore[misc]

    def _kill(self, victim: str) -> int:
        assert self.instance.process is not None
        supervisor = self.instance.process.pid
        programs = {
            "everything": PROGRAMS,
            "supervisor": (),
        }.get(victim, (victim,))
        pids = [pid for program in programs for pid in self.instance.pids(program)]
        assert pids or not programs, f"found no process of {victim}"
        if victim in ("supervisor", "everything"):
            pids.insert(0, supervisor)
        for pid in pids:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
        return len(pids)

    def _come_back(self, victim: str) -> None:
        if victim in ("supervisor", "everything"):
            assert self.instance.process is not None
            self.instance.process.wait(30)
            self.instance.start()
            self.project.move(self.instance.url, self._ssh_port())
        else:
            # The supervisor does it; the state before the kill must not be taken for the one after.
            time.sleep(2)
            _wait(self._is_ready, 180, f"not ready after the kill of {victim}:\n{self.instance.tail()}")

    def _is_ready(self) -> bool:
        try:
            return requests.get(f"{self.instance.url}/readyz", timeout=15).status_code == 200
        except requests.RequestException:
            return False

    def _jobs_ended(self) -> bool:
        try:
            return self.drift.jobs("queued", "running") == []
        except requests.RequestException:
            return False

    def _has_result(self, number: str) -> bool:
        page = requests.get(f"{self.project.root}/drift/{number}", auth=self.project.auth, timeout=60)
        return page.ok and "c0" in page.text


def _wait(
    condition: Callable[[], bool], patience: float, what: str, workload: Workload | None = None
) -> None:
    deadline = time.monotonic() + patience
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(
                f"{what} within {patience:.0f} s" + (f" ({workload.last_error})" if workload else "")
            )
        time.sleep(0.3)


def run(victims: tuple[str, ...], *, rows: int = 150_000, log: Callable[[str], None] = print) -> list[str]:
    """All rounds on one instance, durable as a real one; the faults found."""
    with temporary_home() as home, temporary_home() as scratch:
        scratch.mkdir(mode=0o700)
        instance = Instance(home)
        try:
            matrix = Matrix(instance, scratch, rows=rows)
            faults = [f"[{victim}] {fault}" for victim in victims for fault in matrix.round(victim, log)]
            faults += matrix.end()
            if faults:
                log("\n".join([instance.tail(200), *faults]))
            return faults
        except BaseException:
            log(instance.tail(200))
            raise
        finally:
            instance.discard()


def main() -> int:
    """Run the matrix from the command line."""
    victims = tuple(sys.argv[1:]) or VICTIMS
    if not set(victims) <= set(VICTIMS):
        print(f"Victims are: {' '.join(VICTIMS)}", file=sys.stderr)
        return 2
    faults = run(victims, log=lambda line: print(line, flush=True))
    print("\n".join(faults) or f"No faults after killing {', '.join(victims)}.")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
