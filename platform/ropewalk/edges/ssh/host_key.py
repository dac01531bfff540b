"""The instance's own key, by which people know that they reached it: made once, kept in the home."""

import os
import secrets
from contextlib import suppress
from pathlib import Path

import asyncssh


def host_key(path: Path) -> asyncssh.SSHKey:
    """The key at ``path`` (0600), made at first use, its public half beside it. Whole or absent, whoever is killed."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not path.exists():
        fresh = asyncssh.generate_private_key("ssh-ed25519", comment="ropewalk")
        draft = path.with_name(f".{path.name}-{secrets.token_hex(8)}")
        _write(draft, fresh.export_private_key("openssh"))
        with suppress(FileExistsError):  # another process was quicker: its key counts
            os.link(draft, path)
        draft.unlink()
    path.chmod(0o600)
    key = asyncssh.read_private_key(path)
    public = path.with_name(f"{path.name}.pub")
    draft = public.with_name(f".{public.name}-{secrets.token_hex(8)}")
    _write(draft, key.export_public_key("openssh"))
    draft.replace(public)
    return key


def _write(path: Path, data: bytes) -> None:
    with open(path, "wb", opener=lambda name, flags: os.open(name, flags | os.O_EXCL, 0o600)) as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
