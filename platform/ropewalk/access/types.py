"""Frozen values of the gate: who asks, and what they were let through to."""

from dataclasses import dataclass

from ropewalk.access.roles import Permission, Role
from ropewalk.accounts.types import SCOPES, Credential
from ropewalk.projects.types import ProjectView


@dataclass(frozen=True)
class Actor:
    """Who asks. ``via`` is ``anonymous``, ``session``, ``basic``, ``bearer``, ``signed`` (S3) or ``ssh``.

    ``project_id`` limits a token or key to one project.
    """

    user_id: int | None = None
    username: str = ""
    is_staff: bool = False
    token_id: int | None = None
    scopes: frozenset[str] = frozenset()
    project_id: int | None = None
    via: str = "anonymous"

    @property
    def signed_in(self) -> bool:
        """Whether it is a known person."""
        return self.user_id is not None

    @property
    def viewer_id(self) -> int | None:
        """Whose lists (of projects, people, activity) they may read: their own, but a token for one project has no lists."""
        return None if self.project_id is not None else self.user_id

    @classmethod
    def of(cls, credential: Credential, via: str) -> "Actor":
        """The actor behind a checked credential."""
        return cls(
            credential.user_id,
            credential.username,
            credential.is_staff,
            credential.token_id,
            credential.scopes,
            credential.project_id,
            via,
        )

    @classmethod
    def in_session(cls, user_id: int, username: str, is_staff: bool) -> "Actor":
        """The actor behind a browser session: everything that the person may do."""
        return cls(user_id, username, is_staff, None, frozenset(SCOPES), None, "session")


ANONYMOUS = Actor()


@dataclass(frozen=True)
class ProjectAccess:
    """The gate's answer: the project, who came through, and what they may do there.

    ``former`` is the ``owner/name`` that was asked for when it is not the project's own any more; empty otherwise.
    """

    project: ProjectView
    actor: Actor
    role: Role
    permissions: frozenset[Permission]
    former: str = ""

    def may(self, permission: Permission) -> bool:
        """Whether they may do it here and now."""
        return permission in self.permissions
