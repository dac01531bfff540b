"""Projects as repositories, many at a time: what belongs to them comes in one query a kind."""

from collections.abc import Sequence
from typing import Any

from ropewalk.access.roles import Permission
from ropewalk.access.selectors import accesses
from ropewalk.access.types import Actor, ProjectAccess
from ropewalk.accounts.selectors import owners_by_id
from ropewalk.edges.api.shapes import repository_body
from ropewalk.projects import lineage
from ropewalk.repos.selectors import import_source, pull_mirror, state


def described_all(actor: Actor, found: Sequence[ProjectAccess]) -> list[dict[str, Any]]:
    """The bodies of ``RepositoryShape``. A fork tells its parent where the caller may see it, else not even that it is one."""
    parents = lineage.parents_for(actor.viewer_id, [access.project for access in found])
    shown = {access.project.id: access for access in accesses(actor, parents.values())}
    plain = _bodies(actor, list(shown.values()), {})
    bodies = {access.project.id: body for access, body in zip(shown.values(), plain, strict=True)}
    return _bodies(
        actor, found, {fork: bodies[parent.id] for fork, parent in parents.items() if parent.id in bodies}
    )


def _bodies(
    actor: Actor, found: Sequence[ProjectAccess], parents: dict[int, dict[str, Any]]
) -> list[dict[str, Any]]:
    if not found:
        return []
    owners = owners_by_id(access.project.owner_id for access in found)
    forks = lineage.fork_counts(actor.viewer_id, [access.project.id for access in found])
    bodies = []
    for access in found:
        project, now = access.project, state(access.project.id)
        whole = (
            project.mirror_of == "" and project.forked_from_id is None
        )  # nobody imports into a mirror or a fork
        told = whole and access.may(
            Permission.SETTINGS_READ
        )  # where something was copied from is not for everybody
        source = import_source(project.id) if told else None
        bodies.append(
            repository_body(
                access,
                owners[project.owner_id],
                empty=now.empty,
                size=now.size_bytes,
                mirror=pull_mirror(project.id) if project.mirror_of else None,
                original_url=source.url if source else project.mirror_of,
                forks=forks.get(project.id, 0),
                parent=parents.get(project.id),
            )
        )
    return bodies
