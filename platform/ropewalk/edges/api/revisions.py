"""Commits, in the shape that DagsHub's client reads."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import api_view
from rest_framework.request import Request
from rest_framework.response import Response

from ropewalk.access.types import ProjectAccess
from ropewalk.accounts.selectors import usernames_by_email
from ropewalk.core.errors import NotFound
from ropewalk.data import selectors as data
from ropewalk.edges.api.availability import AvailabilityShape, summary
from ropewalk.edges.api.shapes import ErrorShape
from ropewalk.projects.types import ProjectView
from ropewalk.repos import selectors as repos
from ropewalk.repos.types import Commit, Person


class SignatureShape(serializers.Serializer):
    """An author or committer, as the commit claims; ``username`` is empty unless a verified address says whose it is."""

    name = serializers.CharField()
    email = serializers.CharField()
    username = serializers.CharField()


class CommitShape(serializers.Serializer):
    """A commit."""

    id = serializers.CharField()
    message = serializers.CharField()
    url = serializers.CharField()
    timestamp = serializers.CharField()
    author = SignatureShape()
    committer = SignatureShape()


class WrappedCommitShape(serializers.Serializer):
    """A commit, wrapped as DagsHub does, and whether its data can be checked out."""

    commit = CommitShape()
    availability = AvailabilityShape()


@extend_schema(summary="A commit", responses={200: WrappedCommitShape, 404: ErrorShape}, tags=["code"])
@api_view(["GET"])
def commit(request: Request, access: ProjectAccess, revision: str) -> Response:
    """Find a commit by its sha or by any ref: the client asks here for branches whose names look like a sha."""
    found = repos.resolve(access.project.id, revision)
    if found.path:
        raise NotFound(f"There is no commit “{revision}”.", code="revision_not_found")
    tip = repos.commit(access.project.id, found.sha)
    stock = data.availability(access.project.id, tip.sha, per_page=0)
    return Response({"commit": commit_bodies(access.project, [tip])[tip.sha], "availability": summary(stock)})


def commit_bodies(project: ProjectView, commits: list[Commit]) -> dict[str, dict[str, Any]]:
    """The body of :class:`CommitShape` of each commit, by its sha; one query for all."""
    names = usernames_by_email(
        person.email for commit in commits for person in (commit.author, commit.committer)
    )

    def signature(person: Person) -> dict[str, str]:
        return {"name": person.name, "email": person.email, "username": names.get(person.email.lower(), "")}

    return {
        found.sha: {
            "id": found.sha,
            "message": f"{found.subject}\n\n{found.body}" if found.body else found.subject,
            "url": f"{project.url}/commit/{found.sha}",
            "timestamp": found.committer.when.isoformat(),
            "author": signature(found.author),
            "committer": signature(found.committer),
        }
        for found in commits
    }
