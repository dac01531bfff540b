"""A decision of the gate kept for a minute, with the facts on which it rests: a statement itself asks whether these still hold.

A training loop logs point after point with the same token. Its statement writes only if token, person, project and standing are
to the letter what they were when the gate decided, so nothing is let through that the gate would refuse now: a token that was
revoked, a role that was taken, a project that was archived, renamed or deleted counts from the next request on.
"""

from dataclasses import dataclass
from typing import Any

from django.db import DatabaseError, connection, transaction
from django.http import HttpRequest

from ropewalk.access.authentication import actor_in, plain_token
from ropewalk.access.roles import Permission
from ropewalk.access.selectors import resolve_project
from ropewalk.access.types import ProjectAccess
from ropewalk.accounts.credentials import TOKEN_FACTS, digest
from ropewalk.core import clock
from ropewalk.core.errors import RopewalkError
from ropewalk.core.statements import Condition, ask_row
from ropewalk.projects.standing import facts

_PROJECT = facts("token.user_id")
_FACTS = f"(SELECT token.said || project.said FROM ({TOKEN_FACTS}) token, LATERAL ({_PROJECT}) project)"  # noqa: S608  # our own


@dataclass(frozen=True)
class Grant:
    """What somebody may do in a project as long as ``facts`` hold."""

    project_id: int
    permissions: frozenset[Permission]
    owner: str
    slug: str
    digest: str
    facts: str

    def condition(self) -> Condition:
        """That the facts still hold, for a statement to ask."""
        return Condition(
            f"{_FACTS} = %(facts)s", {**_named(self.owner, self.slug, self.digest), "facts": self.facts}
        )


def grant_of(request: HttpRequest, access: ProjectAccess) -> Grant | None:
    """The grant of a request that the gate let through; None when it came by something else than a token, or by a former name.

    The gate decides anew, and sees the same rows as the question for the facts.
    """
    header = request.META.get("HTTP_AUTHORIZATION", "")
    secret = plain_token(header, access.actor.username)
    if secret is None or access.actor.token_id is None or access.former:
        return None
    project = access.project
    names = _named(project.owner, project.slug, digest(secret))
    try:
        with transaction.atomic(durable=True):
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
            row = ask_row(f"SELECT {_FACTS}", names)
            actor = actor_in(request)
            found = resolve_project(actor, project.owner, project.slug, Permission.RUNS_READ)
    except (DatabaseError, RopewalkError):
        return None
    if (
        row is None
        or row[0] is None
        or actor.token_id != access.actor.token_id
        or found.project.id != project.id
    ):
        return None
    return Grant(project.id, found.permissions, names["owner"], names["slug"], names["digest"], row[0])


def _named(owner: str, slug: str, token: str) -> dict[str, Any]:
    return {"owner": owner, "slug": slug, "digest": token, "now": clock.now()}
