"""Who runs the embedded services: the caller, or for root (PostgreSQL refuses root) a system account of our own."""

import ctypes
import grp
import os
import pwd
import shutil
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from infra.embedded.config import LaunchError

# A leading underscore marks a daemon's account (as Debian's _apt), so no person can have this name.
NAME = "_ropewalk"
_PR_SET_PDEATHSIG = 1


@dataclass(frozen=True)
class Account:
    """A user and group id; ``foreign`` when it is not the caller's own."""

    name: str
    uid: int
    gid: int

    @property
    def foreign(self) -> bool:
        """Whether a program must change its user to become this account."""
        return self.uid != os.geteuid()

    def become(self) -> None:
        """Drop to this account for good. Does nothing when the process runs as it already."""
        if self.foreign:
            os.setgroups([])
            os.setgid(self.gid)
            os.setuid(self.uid)

    def run(
        self, command: list[str], cwd: Path = Path("/"), timeout: float = 120
    ) -> subprocess.CompletedProcess[str]:
        """Run a command as this account with a bare environment; output is captured, the exit code is the caller's to read."""
        identity = {"user": self.uid, "group": self.gid, "extra_groups": []} if self.foreign else {}
        return subprocess.run(  # type: ignore[call-overload, no-any-return]  # typeshed wants the three spelled out
            command,
            check=False,
            cwd=cwd,
            env=bare_environment(),
            capture_output=True,
            text=True,
            errors="replace",
            timeout=timeout,
            stdin=subprocess.DEVNULL,
            **identity,
        )

    def reaches(self, folder: Path) -> bool:
        """Whether this account may traverse a folder and all its parents (asked of the kernel, so ACLs count too)."""
        return self.run(["test", "-x", str(folder)]).returncode == 0


def bare_environment() -> dict[str, str]:
    """What a service gets from our environment: nothing that holds a secret or changes its messages."""
    return {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "TZ": "UTC"}


def service_account() -> Account:
    """The caller's own account, or as root the system account :data:`NAME`, made on first use."""
    if os.geteuid() != 0:
        return Account(str(os.geteuid()), os.geteuid(), os.getegid())
    found = _lookup() or _create()
    if found.uid == 0:
        raise LaunchError(
            f"The account {NAME} has user id 0. Remove it, or start Ropewalk as an ordinary user."
        )
    return found


def _lookup() -> Account | None:
    try:
        entry = pwd.getpwnam(NAME)
    except KeyError:
        return None
    return Account(NAME, entry.pw_uid, entry.pw_gid)


def _create() -> Account:
    useradd = shutil.which("useradd") or shutil.which("useradd", path="/usr/sbin:/sbin")
    if useradd is None:
        raise LaunchError(
            f"As root, Ropewalk runs PostgreSQL as the system user {NAME}: create it, or start as an ordinary user."
        )
    command = [
        useradd,
        "--system",
        "--no-create-home",
        "--home-dir",
        "/nonexistent",
        "--shell",
        "/usr/sbin/nologin",
    ]
    command += ["--gid", NAME] if _group_exists() else ["--user-group"]
    done = None
    for _ in range(10):  # another useradd may hold the lock of /etc/passwd for a moment
        done = subprocess.run([*command, NAME], capture_output=True, text=True, check=False)
        found = _lookup()
        if found:
            return found
        time.sleep(0.3)
    detail = done.stderr.strip() if done else ""
    raise LaunchError(
        f"The system user {NAME} could not be made ({detail}). Create it, or start as an ordinary user."
    )


def _group_exists() -> bool:
    try:
        grp.getgrnam(NAME)
    except KeyError:
        return False
    return True


def follow_parent(signal_number: int) -> None:
    """Ask the kernel to signal this process when its parent dies, so that a killed supervisor leaves nothing running.

    Must be called after :meth:`Account.become` (a change of user clears it); kept across exec. Linux only, elsewhere a no-op.
    """
    prctl = getattr(ctypes.CDLL(None), "prctl", None)
    if prctl is not None:
        prctl(_PR_SET_PDEATHSIG, signal_number, 0, 0, 0)
