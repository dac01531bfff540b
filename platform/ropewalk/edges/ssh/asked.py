"""What a client asks for: ``git-upload-pack '/owner/project.git'`` and little else."""

import shlex
from dataclasses import dataclass

from django.conf import settings

from ropewalk.core.errors import Denied, Invalid, NotFound
from ropewalk.repos.transport import SERVICES

_MAX_CHARACTERS = 4096


@dataclass(frozen=True)
class Asked:
    """One of git's two services and the project that it is asked of."""

    service: str
    owner: str
    project: str


def parse(command: str) -> Asked:
    """Read a command line; nothing of it is ever run. Raises :class:`Denied`, :class:`Invalid` or :class:`NotFound` in words."""
    try:
        words = shlex.split(command[: _MAX_CHARACTERS + 1])
    except ValueError:
        words = []
    if words[:1] == ["git"] and len(words) > 1:
        words = [f"git-{words[1]}", *words[2:]]
    name = words[0] if words else ""
    if name == "git-upload-archive":
        raise Denied("git archive --remote is not offered here.", hint="Clone, then run git archive.")
    if name.startswith("git-lfs-"):
        raise Denied(
            "Ropewalk keeps large files with DVC, not with Git LFS.", hint="Use dvc add and dvc push."
        )
    if name not in SERVICES or len(command) > _MAX_CHARACTERS:
        raise Denied("Only git is offered here: no shell, no files, no tunnels.", hint=_example())
    if len(words) != 2:
        raise Invalid(f"{name} takes one address.", hint=_example())
    owner, slash, project = words[1].strip("/").partition("/")
    project = project.removesuffix(".git")
    if not owner or not slash or not project or "/" in project:
        raise NotFound(f"“{words[1][:200]}” is not the address of a project.", hint=_example())
    return Asked(name, owner, project)


def _example() -> str:
    return f"git clone {settings.ROPEWALK_SSH_URL}/OWNER/PROJECT.git"
