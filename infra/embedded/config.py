"""What an instance is asked to be: read from the environment once, written to the home for ``manage.py`` run by hand."""

import os
import secrets
import socket
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
_ANY = {"0.0.0.0", "*"}  # noqa: S104  # names of "all interfaces", to be replaced
_REACHED_AT = {**dict.fromkeys(_ANY, "127.0.0.1"), "::": "::1"}
# Variables that say what this process is, not how the instance is set up; never written to a home.
_NOT_SETTINGS = {"ROPEWALK_HOME", "ROPEWALK_CHILD"}


class LaunchError(Exception):
    """Starting is impossible; the message says why and what to do, in words for a person at a terminal."""


@dataclass(frozen=True)
class Instance:
    """One Ropewalk on this machine.

    ``ssh_port`` is 0 where SSH is off.
    ``database_url`` and ``redis_url`` are empty when the embedded service is wanted. ``volatile`` trades durability for speed
    and is for tests only. ``passed`` are the ``ROPEWALK_*`` settings that go to every program unchanged.
    """

    home: Path
    bind: str
    port: int
    ssh_port: int
    url: str
    database_url: str
    redis_url: str
    volatile: bool = False
    passed: Mapping[str, str] = field(default_factory=dict)

    @property
    def ssh_bind(self) -> str:
        """Where the SSH server listens: a proxy for HTTP in front does not carry SSH."""
        return (self.passed.get("ROPEWALK_SSH_BIND") or self.bind).strip("[]")

    @property
    def address(self) -> str:
        """Where this machine reaches the web process, whatever the public URL is."""
        host = _REACHED_AT.get(self.bind, self.bind)
        return f"http://{f'[{host}]' if ':' in host else host}:{self.port}"

    @property
    def ssh_address(self) -> tuple[str, int]:
        """Where this machine reaches the SSH server."""
        return _REACHED_AT.get(self.ssh_bind, self.ssh_bind), self.ssh_port


def from_environ(environ: Mapping[str, str]) -> Instance:
    """The instance that the environment describes; raises :class:`LaunchError` naming an unusable variable.

    Port 0 asks for any free port.
    """
    home = Path(environ.get("ROPEWALK_HOME") or ROOT / ".ropewalk").absolute()
    if any(char in str(home) for char in "\n\r\0"):
        raise LaunchError("ROPEWALK_HOME must not contain a line break.")
    raw = environ.get("ROPEWALK_PORT") or "8000"
    if not raw.isdigit() or int(raw) > 65535:
        raise LaunchError(f"ROPEWALK_PORT must be a port number between 0 and 65535, not {raw!r}.")
    bind = (environ.get("ROPEWALK_BIND") or "127.0.0.1").strip("[]")
    instance = Instance(
        home=home,
        bind=bind,
        port=int(raw) or _free_port(bind),
        ssh_port=0,
        url="",
        database_url=environ.get("DATABASE_URL", ""),
        redis_url=environ.get("REDIS_URL", ""),
        volatile=environ.get("ROPEWALK_VOLATILE") == "1",
        passed={
            k: v for k, v in environ.items() if k.startswith("ROPEWALK_") and k not in _NOT_SETTINGS and v
        },
    )
    url = environ.get("ROPEWALK_URL", "").rstrip("/") or instance.address
    return replace(instance, url=url, ssh_port=_ssh_port(environ, instance, chosen=int(raw)))


def _ssh_port(environ: Mapping[str, str], instance: Instance, *, chosen: int) -> int:
    """``off``, a port, 0 for any free one; by default 22 above the web's, so that a second instance has its own too."""
    raw = (environ.get("ROPEWALK_SSH_PORT") or "").lower()
    if raw == "off":
        return 0
    if not raw:
        raw = str(chosen + 22 if 0 < chosen <= 65535 - 22 else 0)
    if not raw.isdigit() or int(raw) > 65535:
        raise LaunchError(
            f"ROPEWALK_SSH_PORT must be “off” or a port number between 0 and 65535, not {raw!r}."
        )
    return int(raw) or _free_port(instance.ssh_bind)


def _free_port(bind: str) -> int:
    with socket.socket(socket.AF_INET6 if ":" in bind else socket.AF_INET) as probe:
        try:
            probe.bind((bind, 0))
        except OSError as error:
            raise LaunchError(
                f"ROPEWALK_BIND must be an address of this machine, not {bind!r} ({error.strerror})."
            ) from None
        return int(probe.getsockname()[1])


def read_pairs(path: Path) -> dict[str, str]:
    """KEY=VALUE lines of a file; empty when there is none."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return {}
    return dict(line.split("=", 1) for line in lines if "=" in line and not line.startswith("#"))


def write_pairs(path: Path, pairs: Mapping[str, str], comment: str) -> None:
    """Replace a 0600 file of KEY=VALUE lines in one step. Values with a line break are refused: they would forge a line."""
    for key, value in pairs.items():
        if "\n" in value or "\r" in value:
            raise LaunchError(f"{key} must not contain a line break.")
    text = "".join([f"# {comment}\n", *(f"{key}={value}\n" for key, value in sorted(pairs.items()))])
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
        stream.write(text)
        stream.flush()
        os.fsync(stream.fileno())
    fresh.replace(path)


@dataclass(frozen=True)
class Secrets:
    """Made once for each home and kept in ``secrets.env`` (0600)."""

    superuser_password: str
    database_password: str
    secret_key: str


def load_secrets(home: Path) -> Secrets:
    """The home's secrets; missing ones are made and stored first."""
    path = home / "secrets.env"
    pairs = read_pairs(path)
    wanted = ("POSTGRES_SUPERUSER_PASSWORD", "POSTGRES_PASSWORD", "ROPEWALK_SECRET_KEY")
    missing = [name for name in wanted if not pairs.get(name)]
    if missing:
        pairs.update({name: secrets.token_urlsafe(36) for name in missing})
        write_pairs(
            path,
            pairs,
            "Made by Ropewalk for this home. Losing it locks the embedded database: keep it with your backups.",
        )
    return Secrets(*(pairs[name] for name in wanted))
