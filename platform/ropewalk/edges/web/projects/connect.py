"""How to reach a project with each client, and a token for it made on the spot."""

from datetime import timedelta

from django.http import HttpRequest, HttpResponse

from ropewalk.access.roles import Permission
from ropewalk.access.types import ProjectAccess
from ropewalk.accounts.services import create_token
from ropewalk.core import clock
from ropewalk.core.errors import Denied, Unauthenticated
from ropewalk.edges.web.frame import project_page

TOKEN_DAYS = 90


def connect(request: HttpRequest, access: ProjectAccess) -> HttpResponse:
    """The commands for each client; a POST makes a token for this project and shows it once, in its place in them."""
    secret = _new_token(access) if request.method == "POST" else ""
    context = {"new_token": secret, "token_days": TOKEN_DAYS, "token_writes": may_write(access)}
    response = project_page(request, access, "projects/connect_page.html", "connect", context)
    response.headers["Cache-Control"] = "no-store"
    return response


def may_write(access: ProjectAccess) -> bool:
    """Whether a token is worth the scope for writing: never wider than what its owner may do here."""
    return access.may(Permission.CODE_WRITE)


def _new_token(access: ProjectAccess) -> str:
    """A token that reaches this project only. Raises :class:`Unauthenticated` or :class:`Denied`."""
    actor = access.actor
    if actor.user_id is None:
        raise Unauthenticated("Sign in to make a token.")
    if actor.token_id is not None:  # else a token for reading could make itself one for writing
        raise Denied(
            "A token can't make another token.", hint="Sign in with your password.", code="token_scope"
        )
    _, secret = create_token(
        user_id=actor.user_id,
        name=f"Connect {access.project.full_name}"[:100],
        scopes=["read", "write"] if may_write(access) else ["read"],
        project_id=access.project.id,
        expires_at=clock.now() + timedelta(days=TOKEN_DAYS),
    )
    return secret
