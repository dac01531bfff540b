"""Plain builders of rows for tests; each names what it makes and takes only what the test cares about."""

import itertools

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from ropewalk.access.roles import Permission
from ropewalk.access.selectors import resolve_project
from ropewalk.access.types import Actor, ProjectAccess
from ropewalk.accounts import services as accounts
from ropewalk.accounts.models import Organization, User
from ropewalk.accounts.types import SshKeyView
from ropewalk.projects import services as projects
from ropewalk.projects.models import Project
from ropewalk.projects.standing import find
from ropewalk.projects.types import ProjectView

_numbers = itertools.count(1)


def make_user(
    username: str = "", *, password: str | None = None, email: str = "", is_admin: bool = False
) -> User:
    """A person; without a password unless one is given (hashing one costs a tenth of a second)."""
    name = username or f"user{next(_numbers)}"
    return accounts.create_user(
        username=name, password=password, email=email or f"{name}@example.org", is_admin=is_admin, check=False
    )


def make_organization(slug: str = "", *, owner: User | None = None) -> Organization:
    """An organization with one owner."""
    return accounts.create_organization(
        slug=slug or f"org{next(_numbers)}", created_by_id=(owner or make_user()).pk
    )


def make_project(
    slug: str = "", *, owner: User | Organization | None = None, visibility: str = "private"
) -> Project:
    """A project in a person's or an organization's namespace."""
    holder = owner or make_user()
    creator = holder if isinstance(holder, User) else holder.created_by
    return projects.create_project(
        owner_id=holder.owner_id,
        slug=slug or f"project{next(_numbers)}",
        created_by_id=creator.pk,
        visibility=visibility,
    )


def live_project(owner: str, slug: str) -> ProjectView | None:
    """The project that has this name now, whoever asks."""
    found = find(owner, slug, None)
    return found[0] if found else None


def make_collaborator(project: Project, role: str, user: User | None = None) -> User:
    """A person with a role in a project."""
    person = user or make_user()
    projects.set_collaborator(project_id=project.pk, username=person.username, role=role)
    return person


def make_token(user: User, *scopes: str, project: Project | None = None) -> str:
    """A token's secret; all scopes when none is named."""
    wanted = list(scopes) or ["read", "write", "admin"]
    _, secret = accounts.create_token(
        user_id=user.pk, name="test", scopes=wanted, project_id=project.pk if project else None
    )
    return secret


def make_public_key() -> str:
    """A fresh ed25519 public key, as ``ssh-keygen`` writes it."""
    key = Ed25519PrivateKey.generate().public_key()
    return f"{key.public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()} test"


def make_ssh_key(
    user: User, text: str = "", *, read_only: bool = False, project: Project | None = None
) -> SshKeyView:
    """A person's SSH key; a fresh one unless its text is given."""
    return accounts.add_ssh_key(
        user_id=user.pk,
        text=text or make_public_key(),
        read_only=read_only,
        project_id=project.pk if project else None,
    )


def access_of(
    user: User | None, project: Project, needs: Permission = Permission.PROJECT_VIEW
) -> ProjectAccess:
    """What the gate answers for a person in a browser session."""
    actor = Actor.in_session(user.pk, user.username, user.is_staff) if user else Actor()
    return resolve_project(actor, project.owner.slug, project.slug, needs)
