"""Branches and commits, in the shape that DagsHub's client reads."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import api_view
from rest_framework.request import Request
from rest_framework.response import Response

from ropewalk.access.types import ProjectAccess
from ropewalk.accounts.selectors import usernames_by_email
from ropewalk.core.errors import NotFound
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
    """A commit, wrapped as DagsHub does."""

    commit = CommitShape()


class BranchShape(serializers.Serializer):
    """A branch with its tip."""

    name = serializers.CharField()
    commit = CommitShape()


@extend_schema(summary="A branch", responses={200: BranchShape, 404: ErrorShape}, tags=["code"])
@api_view(["GET"])
def branch(request: Request, access: ProjectAccess, branch: str) -> Response:
    """Find a branch by its name, which may contain slashes."""
    found = repos.resolve(access.project.id, branch)
    if found.kind != "branch" or found.name != branch:
        raise NotFound(f"There is no branch “{branch}”.", code="revision_not_found")
    tip = repos.commit(access.project.id, found.sha)
    return Response({"name": found.name, "commit": _commit_body(access.project, tip)})


@extend_schema(summary="A commit", responses={200: WrappedCommitShape, 404: ErrorShape}, tags=["code"])
@api_view(["GET"])
def commit(request: Request, access: ProjectAccess, revision: str) -> Response:
    """Find a commit by its sha or by any ref: the client asks here for branches whose names look like a sha."""
    found = repos.resolve(access.project.id, revision)
    if found.path:
        raise NotFound(f"There is no commit “{revision}”.", code="revision_not_found")
    return Response({"commit": _commit_body(access.project, repos.commit(access.project.id, found.sha))})


def _commit_body(project: ProjectView, found: Commit) -> dict[str, Any]:
    names = usernames_by_email([found.author.email, found.committer.email])

    def signature(person: Person) -> dict[str, str]:
        return {"name": person.name, "email": person.email, "username": names.get(person.email.lower(), "")}

    return {
        "id": found.sha,
        "message": f"{found.subject}\n\n{found.body}" if found.body else found.subject,
        "url": f"{project.url}/commit/{found.sha}",
        "timestamp": found.committer.when.isoformat(),
        "author": signature(found.author),
        "committer": signature(found.committer),
    }
