"""Making a repository's branches and tags equal to another server's: fetched beside them first, then moved all at once."""

from collections.abc import Iterable

from ropewalk.core.errors import Conflict
from ropewalk.repos import git, refs
from ropewalk.repos.errors import GitFailed
from ropewalk.repos.services.lifecycle import free_refs
from ropewalk.repos.services.pushes import RefChange, pusher_environment
from ropewalk.repos.types import ZERO

# Hidden; holds what a fetch brought until the real refs moved.
STAGING = f"{refs.HIDDEN_PREFIX}mirror/"
FOLLOWED = ("refs/heads/", "refs/tags/")


def followed_refs(project_id: int) -> dict[str, str]:
    """The refs that a mirror takes from the other server, as they are here."""
    return {name: sha for name, sha in refs.read_refs(project_id).items() if name.startswith(FOLLOWED)}


def staged_refs(project_id: int) -> dict[str, str]:
    """What the last fetch brought, under the names that it has on the other server. A branch that names no commit is left out."""
    out = git.run(
        git.repository_path(project_id),
        "for-each-ref",
        "--format=%(objectname) %(objecttype) %(refname)",
        STAGING,
        max_bytes=64 << 20,
        timeout=60,
    )
    rows = (line.split(" ", 2) for line in out.data.decode("utf-8", "replace").splitlines())
    return {
        f"refs/{name.removeprefix(STAGING)}": sha
        for sha, kind, name in rows
        if kind == "commit" or not name.startswith(f"{STAGING}heads/")
    }


def clear_staging(project_id: int) -> None:
    """Forget what a fetch brought, also one that was killed; the objects stay for the weeks that git gives them."""
    directory = git.repository_path(project_id)
    out = git.run(directory, "for-each-ref", "--format=%(refname)", STAGING, max_bytes=64 << 20, timeout=60)
    names = out.data.decode("utf-8", "replace").splitlines()
    if names:
        free_refs(project_id=project_id, names=names)
        _update(project_id, (f"delete {name}" for name in names))


def move_followed(project_id: int, changes: list[RefChange]) -> None:
    """Make these changes of refs (name, old, new): first all that delete, then all others, each part whole or not at all.

    Two parts because git can't delete ``a`` and make ``a/b`` in one. Raises :class:`Conflict` when something else changed one of
    them meanwhile.
    """
    free_refs(project_id=project_id, names=[name for name, _, _ in changes])
    gone = [f"delete {name} {old}" for name, old, new in changes if new == ZERO]
    other = [f"update {name} {new} {old}" for name, old, new in changes if new != ZERO]
    for part in (gone, other):
        if part:
            try:
                _update(project_id, part)
            except GitFailed as error:
                if "but expected" in error.detail or "reference already exists" in error.detail:
                    raise Conflict(
                        "The branches here changed during the sync; it stopped.", hint="Sync again."
                    ) from error
                raise


def _update(project_id: int, lines: Iterable[str]) -> None:
    git.run(
        git.repository_path(project_id),
        "update-ref",
        "--stdin",
        stdin="".join(f"{line}\n" for line in lines).encode(),
        env=pusher_environment(0, "mirror"),
        timeout=300,
    )
