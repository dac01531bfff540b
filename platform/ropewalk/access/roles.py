"""Roles, permissions and the one table between them."""

from enum import IntEnum, StrEnum


class Permission(StrEnum):
    """One thing that somebody may do in a project."""

    PROJECT_VIEW = "project.view"
    PROJECT_FORK = "project.fork"
    CODE_READ = "code.read"
    CODE_WRITE = "code.write"
    CODE_SYNC = "code.sync"
    DATA_READ = "data.read"
    DATA_WRITE = "data.write"
    DATA_DELETE = "data.delete"
    RUNS_READ = "runs.read"
    RUNS_WRITE = "runs.write"
    MODELS_READ = "models.read"
    MODELS_WRITE = "models.write"
    ANALYSES_READ = "analyses.read"
    ANALYSES_START = "analyses.start"
    JOBS_READ = "jobs.read"
    SETTINGS_READ = "settings.read"
    SETTINGS_WRITE = "settings.write"
    MEMBERS_WRITE = "members.write"
    CODE_FORCE = "code.force"
    PROJECT_MOVE = "project.move"
    PROJECT_DELETE = "project.delete"


class Role(IntEnum):
    """Ordered: the strongest of several wins. ``VIEWER`` is what visibility gives to somebody without a role."""

    NONE = 0
    VIEWER = 1
    READER = 2
    WRITER = 3
    MAINTAINER = 4
    OWNER = 5


P = Permission
_VIEWER = frozenset(
    {P.PROJECT_VIEW, P.CODE_READ, P.DATA_READ, P.RUNS_READ, P.MODELS_READ, P.ANALYSES_READ, P.JOBS_READ}
)
_READER = _VIEWER | {P.ANALYSES_START, P.PROJECT_FORK}
_WRITER = _READER | {P.CODE_WRITE, P.CODE_SYNC, P.DATA_WRITE, P.RUNS_WRITE, P.MODELS_WRITE}
_MAINTAINER = _WRITER | {
    P.SETTINGS_READ,
    P.SETTINGS_WRITE,
    P.MEMBERS_WRITE,
    P.CODE_FORCE,
    P.DATA_DELETE,
}
_OWNER = _MAINTAINER | {P.PROJECT_MOVE, P.PROJECT_DELETE}

PERMISSIONS: dict[Role, frozenset[Permission]] = {
    Role.NONE: frozenset(),
    Role.VIEWER: _VIEWER,
    Role.READER: _READER,
    Role.WRITER: _WRITER,
    Role.MAINTAINER: _MAINTAINER,
    Role.OWNER: _OWNER,
}

# What a refusal says, after "may not" or "let you".
DEEDS: dict[Permission, str] = {
    P.PROJECT_VIEW: "see this project",
    P.PROJECT_FORK: "fork it",
    P.CODE_READ: "read its code",
    P.CODE_WRITE: "change its code",
    P.CODE_SYNC: "bring its mirrors in step",
    P.DATA_READ: "read its data",
    P.DATA_WRITE: "change its data",
    P.DATA_DELETE: "remove its data",
    P.RUNS_READ: "read its runs",
    P.RUNS_WRITE: "record or change runs",
    P.MODELS_READ: "read its models",
    P.MODELS_WRITE: "register or change models",
    P.ANALYSES_READ: "read comparisons and drift reports",
    P.ANALYSES_START: "start comparisons and drift reports",
    P.JOBS_READ: "see its jobs",
    P.SETTINGS_READ: "see its settings",
    P.SETTINGS_WRITE: "change its settings",
    P.MEMBERS_WRITE: "change its members",
    P.CODE_FORCE: "replace history of protected branches",
    P.PROJECT_MOVE: "rename it or give it to another owner",
    P.PROJECT_DELETE: "delete it",
}

# What each scope of a token lets through, whatever its user may do.
_WRITE_SCOPE = _WRITER
SCOPE_PERMISSIONS: dict[str, frozenset[Permission]] = {
    "read": _VIEWER,
    "write": _WRITE_SCOPE,
    "admin": frozenset(Permission),
}
WRITES = frozenset(Permission) - _VIEWER - {P.SETTINGS_READ}
# What an archived project still allows: reading, and settings (so that it can be unarchived or deleted).
FROZEN_BY_ARCHIVE = frozenset(
    {
        P.CODE_WRITE,
        P.CODE_SYNC,
        P.DATA_WRITE,
        P.DATA_DELETE,
        P.RUNS_WRITE,
        P.MODELS_WRITE,
        P.ANALYSES_START,
        P.CODE_FORCE,
    }
)
# What a mirror leaves to the server that it follows.
FROZEN_BY_MIRROR = frozenset({P.CODE_WRITE, P.CODE_FORCE})


def least_role(permission: Permission) -> Role:
    """The weakest role that has a permission."""
    return min(role for role, has in PERMISSIONS.items() if permission in has)


def scoped(scopes: frozenset[str]) -> frozenset[Permission]:
    """The union of what the scopes let through."""
    return frozenset().union(*(SCOPE_PERMISSIONS.get(scope, frozenset()) for scope in scopes))
