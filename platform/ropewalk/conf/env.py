"""The only reader of the process environment.

Values come from ``os.environ``, then from ``$ROPEWALK_HOME/instance.env`` (written by the launcher, mode 0600), then from the
defaults below. ``infra/env.example`` documents each variable.
"""

import ipaddress
import os
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from ropewalk.core.errors import Invalid
from ropewalk.quotas.types import parse_size

ROOT = Path(__file__).resolve().parents[3]
_SSH = 22  # the port that ssh:// means without one


class BadEnvironment(ValueError):
    """A variable has a value that cannot be used; the message names it."""


@dataclass(frozen=True)
class S3:
    """Where objects live when an S3-compatible store replaces the disk store."""

    bucket: str
    endpoint: str
    region: str
    access_key_id: str
    secret_access_key: str
    prefix: str


@dataclass(frozen=True)
class Env:
    """Everything that Ropewalk takes from its environment, typed."""

    home: Path
    url: str
    port: int
    bind: str
    ssh_port: int
    ssh_bind: str
    ssh_url: str
    database_url: str
    redis_url: str
    secret_key: str
    old_secret_keys: tuple[str, ...]
    debug: bool
    allowed_hosts: tuple[str, ...]
    email_url: str
    email_from: str
    s3: S3 | None
    log_format: str
    log_level: str
    signup_open: bool
    max_object_bytes: int
    max_push_bytes: int
    max_import_bytes: int
    mirror_min_minutes: int
    mirrors_at_once: int
    allowed_networks: tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...]
    ca_file: str
    max_data_fetch_bytes: int
    max_artifact_bytes: int
    max_release_file_bytes: int
    project_quota: int | None
    owner_quota: int | None
    pack_cache_bytes: int
    blob_copies_bytes: int
    body_stall_seconds: int
    purge_after_days: int
    removed_data_days: int
    scrub_days: int
    name_grace_days: int
    trusted_proxies: int
    job_memory_mb: int


def read_instance_file(home: Path) -> dict[str, str]:
    """KEY=VALUE lines of the running instance's file; empty when no instance ever ran in this home."""
    try:
        lines = (home / "instance.env").read_text(encoding="utf-8").splitlines()
    except (FileNotFoundError, PermissionError, NotADirectoryError):
        return {}
    pairs = (line.split("=", 1) for line in lines if "=" in line and not line.startswith("#"))
    return {key.strip(): value.strip() for key, value in pairs}


class _Values:
    """The variables by name, from the process's environment, else from the instance's file; an empty one is none."""

    def __init__(self, environ: dict[str, str], instance: dict[str, str]) -> None:
        self._environ, self._instance = environ, instance

    def text(self, name: str, default: str = "") -> str:
        return self._environ.get(name) or self._instance.get(name) or default

    def number(self, name: str, default: int) -> int:
        raw = self.text(name, str(default))
        try:
            return int(raw)
        except ValueError:
            raise BadEnvironment(f"{name} must be a whole number, not {raw!r}.") from None

    def amount(self, name: str) -> int | None:
        try:
            return parse_size(self.text(name))
        except Invalid as error:
            raise BadEnvironment(f"{name}: {error.message} {error.hint}") from None

    def flag(self, name: str, default: bool) -> bool:
        raw = self.text(name, "true" if default else "false").lower()
        if raw not in {"true", "false", "1", "0", "yes", "no"}:
            raise BadEnvironment(f"{name} must be true or false, not {raw!r}.")
        return raw in {"true", "1", "yes"}


def load(environ: dict[str, str]) -> Env:
    """Build :class:`Env`; raises :class:`BadEnvironment` naming a variable with an unusable value."""
    home = Path(environ.get("ROPEWALK_HOME") or ROOT / ".ropewalk").absolute()
    values = _Values(environ, read_instance_file(home))
    text, number, amount, flag = values.text, values.number, values.amount, values.flag

    port = number("ROPEWALK_PORT", 8000)
    url = text("ROPEWALK_URL", f"http://127.0.0.1:{port}").rstrip("/")
    # The launcher chooses a port and writes it down; without a launcher there is an SSH server only where one is named.
    ssh_port = 0 if text("ROPEWALK_SSH_PORT", "off").lower() == "off" else number("ROPEWALK_SSH_PORT", 0)
    bucket = text("ROPEWALK_S3_BUCKET")
    s3 = bucket and S3(
        bucket=bucket,
        endpoint=text("ROPEWALK_S3_ENDPOINT"),
        region=text("ROPEWALK_S3_REGION", "us-east-1"),
        access_key_id=text("ROPEWALK_S3_ACCESS_KEY_ID"),
        secret_access_key=text("ROPEWALK_S3_SECRET_ACCESS_KEY"),
        prefix=text("ROPEWALK_S3_PREFIX").strip("/"),
    )
    return Env(
        home=home,
        url=url,
        port=port,
        bind=text("ROPEWALK_BIND", "127.0.0.1"),
        ssh_port=ssh_port,
        ssh_bind=text("ROPEWALK_SSH_BIND") or text("ROPEWALK_BIND", "127.0.0.1"),
        ssh_url=_ssh_url(text("ROPEWALK_SSH_URL"), url, ssh_port),
        database_url=text("DATABASE_URL"),
        redis_url=text("REDIS_URL"),
        secret_key=text("ROPEWALK_SECRET_KEY"),
        old_secret_keys=tuple(text("ROPEWALK_OLD_SECRET_KEYS").split()),
        debug=flag("ROPEWALK_DEBUG", False),
        allowed_hosts=tuple(h.strip() for h in text("ROPEWALK_ALLOWED_HOSTS").split(",") if h.strip()),
        email_url=text("ROPEWALK_EMAIL_URL", "console:"),
        email_from=text("ROPEWALK_EMAIL_FROM", "ropewalk@localhost"),
        s3=s3 or None,
        log_format=text("ROPEWALK_LOG_FORMAT", "text"),
        log_level=text("ROPEWALK_LOG_LEVEL", "INFO").upper(),
        signup_open=flag("ROPEWALK_SIGNUP_OPEN", True),
        max_object_bytes=number("ROPEWALK_MAX_OBJECT_BYTES", 1 << 40),
        max_push_bytes=number("ROPEWALK_MAX_PUSH_BYTES", 4 << 30),
        max_import_bytes=number("ROPEWALK_MAX_IMPORT_BYTES", 8 << 30),
        mirror_min_minutes=number("ROPEWALK_MIRROR_MIN_MINUTES", 10),
        mirrors_at_once=number("ROPEWALK_MIRRORS_AT_ONCE", 1),
        allowed_networks=_networks(text("ROPEWALK_ALLOWED_NETWORKS")),
        max_data_fetch_bytes=number("ROPEWALK_MAX_DATA_FETCH_BYTES", 1 << 38),
        ca_file=text("ROPEWALK_CA_FILE"),
        max_artifact_bytes=number("ROPEWALK_MAX_ARTIFACT_BYTES", 64 << 30),
        max_release_file_bytes=number("ROPEWALK_MAX_RELEASE_FILE_BYTES", 2 << 30),
        project_quota=amount("ROPEWALK_PROJECT_QUOTA"),
        owner_quota=amount("ROPEWALK_OWNER_QUOTA"),
        pack_cache_bytes=number("ROPEWALK_PACK_CACHE_BYTES", 4 << 30),
        blob_copies_bytes=number("ROPEWALK_BLOB_COPIES_BYTES", 8 << 30),
        body_stall_seconds=number("ROPEWALK_BODY_STALL_SECONDS", 120),
        purge_after_days=number("ROPEWALK_PURGE_AFTER_DAYS", 7),
        removed_data_days=number("ROPEWALK_REMOVED_DATA_DAYS", 14),
        scrub_days=number("ROPEWALK_SCRUB_DAYS", 30),
        name_grace_days=number("ROPEWALK_NAME_GRACE_DAYS", 365),
        trusted_proxies=number("ROPEWALK_TRUSTED_PROXIES", 0),
        job_memory_mb=number("ROPEWALK_JOB_MEMORY_MB", 3072),
    )


def _networks(text: str) -> tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...]:
    """The networks of a list with commas. Raises :class:`BadEnvironment`."""
    try:
        return tuple(ipaddress.ip_network(part.strip()) for part in text.split(",") if part.strip())
    except ValueError:
        raise BadEnvironment(
            f"ROPEWALK_ALLOWED_NETWORKS must be networks such as 10.1.0.0/16,fd12::/64, not {text!r}."
        ) from None


def _ssh_url(named: str, url: str, port: int) -> str:
    """Where people reach the SSH server: what the operator named, else the site's host and our port; empty when it is off."""
    if named:
        parts = urlsplit(named)
        if parts.scheme != "ssh" or not parts.hostname or parts.path.strip("/"):
            raise BadEnvironment(
                f"ROPEWALK_SSH_URL must look like ssh://git@git.example.org:2222, not {named!r}."
            )
        return named.rstrip("/")
    if not port:
        return ""
    host = urlsplit(url).hostname or "127.0.0.1"
    shown = f"[{host}]" if ":" in host else host
    return f"ssh://git@{shown}" if port == _SSH else f"ssh://git@{shown}:{port}"


env = load(dict(os.environ))
# MLflow reports its use to its makers from the moment of its import unless it is told not to before.
os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
