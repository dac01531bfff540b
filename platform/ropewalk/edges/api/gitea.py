"""``/contents`` as Gitea has it: files of git as JSON and base64, each change guarded by the blob that the caller has seen."""

import base64
import binascii
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.decorators import api_view
from rest_framework.request import Request
from rest_framework.response import Response

from ropewalk.access.types import ProjectAccess
from ropewalk.core.errors import Conflict, Invalid, TooLarge
from ropewalk.edges.api import gitea_shapes as shapes
from ropewalk.edges.api.committing import Wanted, make_commit
from ropewalk.edges.api.entries import MAX_LISTED, PAGING, at_ref, page_of
from ropewalk.edges.api.shapes import ErrorShape
from ropewalk.repos import selectors as repos
from ropewalk.repos.edits import Author, DeletePath, Edit, EditConflict, MovePath, Text, WriteFile
from ropewalk.repos.errors import PathNotFound
from ropewalk.repos.paths import cleaned_path
from ropewalk.repos.types import Revision

MAX_BODY_BYTES = 32 << 20
_REFUSED = {
    400: ErrorShape,
    403: ErrorShape,
    404: ErrorShape,
    409: ErrorShape,
    413: ErrorShape,
    422: ErrorShape,
}
_REF = OpenApiParameter("ref", str, description="Branch, tag or commit; the default branch without it.")
_PATH = OpenApiParameter("path", str, OpenApiParameter.PATH)
_READ: dict[str, Any] = {
    "summary": "A file, or a folder's entries, of git",
    "description": "In Gitea's shape. What DVC tracks is read with `/content`.",
    "responses": {200: shapes.ContentsShape(many=True), 404: ErrorShape},
    "tags": ["contents"],
}


@extend_schema(methods=["GET"], operation_id="contents_root", parameters=[_REF, *PAGING], **_READ)
@extend_schema(
    methods=["POST"],
    summary="Change several files as one commit",
    request=shapes.ChangesOptionsShape,
    responses={201: shapes.FilesAnswerShape, **_REFUSED},
    tags=["contents"],
)
@api_view(["GET", "POST"])
def contents(request: Request, access: ProjectAccess) -> Response:
    """The root's entries; or several changes."""
    if request.method == "GET":
        return _read(request, access, "")
    asked = _validated(shapes.ChangesOptionsShape, request.data)
    changes = asked["files"]
    summary = f"Change {len(changes)} files" if len(changes) > 1 else ""
    sha, revision = _change(access, asked, changes, summary)
    kept = [cleaned_path(change["path"]) for change in changes if change["operation"] != "delete"]
    files = [_written(access, revision, path) for path in kept]
    return Response({"files": files, **_made(access, sha)}, status=201)


@extend_schema(methods=["GET"], operation_id="contents_path", parameters=[_PATH, _REF, *PAGING], **_READ)
@extend_schema(
    methods=["POST"],
    summary="Create a file",
    parameters=[_PATH],
    request=shapes.WriteOptionsShape,
    responses={201: shapes.FileAnswerShape, **_REFUSED},
    tags=["contents"],
)
@extend_schema(
    methods=["PUT"],
    summary="Replace, rename or create a file",
    parameters=[_PATH],
    request=shapes.WriteOptionsShape,
    responses={200: shapes.FileAnswerShape, 201: shapes.FileAnswerShape, **_REFUSED},
    tags=["contents"],
)
@extend_schema(
    methods=["DELETE"],
    summary="Delete a file",
    parameters=[_PATH, shapes.DeleteOptionsShape],
    responses={200: shapes.FileAnswerShape, **_REFUSED},
    tags=["contents"],
)
@api_view(["GET", "POST", "PUT", "DELETE"])
def contents_path(request: Request, access: ProjectAccess, path: str) -> Response:
    """Read or change what is at one path."""
    if request.method == "GET":
        return _read(request, access, path)
    if request.method == "DELETE":
        asked = _validated(shapes.DeleteOptionsShape, _fields(request))
        sha, _ = _change(access, asked, [{**asked, "operation": "delete", "path": path}], "")
        return Response({"content": None, **_made(access, sha)})
    asked = _validated(shapes.WriteOptionsShape, request.data)
    creates = request.method == "POST" or not (asked["sha"] or asked["from_path"])
    operation = "create" if creates else "update"
    sha, revision = _change(access, asked, [{**asked, "operation": operation, "path": path}], "")
    body = {"content": _written(access, revision, cleaned_path(path)), **_made(access, sha)}
    return Response(body, status=201 if creates else 200)


def _read(request: Request, access: ProjectAccess, path: str) -> Response:
    revision = at_ref(access, request.query_params.get("ref", ""), path)
    entry = repos.entry(access.project.id, revision.sha, revision.path)
    if entry.kind != "directory":
        return Response(shapes.contents_bodies(access, revision, [entry], with_content=True)[0])
    found = list(repos.listing(access.project.id, revision.sha, revision.path))
    if len(found) > MAX_LISTED and not request.query_params.get("limit"):
        raise TooLarge(
            f"This folder has more than {MAX_LISTED} entries.", hint="Clone the repository to read it."
        )
    shown, headers = page_of(request, found)
    bodies = shapes.contents_bodies(access, revision, repos.sized(access.project.id, shown))
    return Response(bodies, headers=headers)


def _fields(request: Request) -> Any:
    """A DELETE's options come as JSON or, from clients that send no body with it, as a query."""
    return request.data or request.query_params.dict()


def _validated(shape: type[shapes.CommitOptionsShape], data: Any) -> dict[str, Any]:
    options = shape(data=data)
    options.is_valid(raise_exception=True)
    return dict(options.validated_data)


def _change(
    access: ProjectAccess, asked: dict[str, Any], changes: list[dict[str, Any]], summary: str
) -> tuple[str, Revision]:
    """Make the commit; its name, and the revision where its files are now."""
    place = _branch(access, asked["branch"])
    edits: list[Edit] = []
    expected: dict[str, str] = {}
    for change in changes:
        edits += _edits(change, expected)
    paths = [cleaned_path(change["path"]) for change in changes]
    if len(set(paths)) < len(paths):
        raise Invalid("Two of the changes are of the same path.", code="bad_edits")
    author = asked["author"]
    wanted = Wanted(
        branch=place.name,
        seen=place.sha,
        message=asked["message"].strip() or summary or _summary(changes[0]),
        edits=edits,
        new_branch=asked["new_branch"],
        author=Author(author["name"], author["email"])
        if author.get("name") and author.get("email")
        else None,
        signoff=asked["signoff"],
        check=_seen_as(access.project.id, expected),
    )
    try:
        sha = make_commit(access, wanted)
    except EditConflict as error:
        raise Conflict(
            f"Somebody changed “{error.paths[0]}” at the same time.",
            hint="Read it again.",
            code="sha_mismatch",
        ) from None
    return sha, replace(place, name=asked["new_branch"] or place.name, sha=sha)


def _branch(access: ProjectAccess, name: str) -> Revision:
    default = access.project.default_branch
    chosen = name or repos.state(access.project.id).default_branch or default
    place = repos.branch_at(access.project.id, chosen, chosen)
    if place.path or place.name != chosen.removeprefix("refs/heads/"):
        raise PathNotFound(f"There is no branch “{name[:200]}”.", code="revision_not_found")
    return place


def _edits(change: dict[str, Any], expected: dict[str, str]) -> list[Edit]:
    """One change as edits; ``expected`` is told which blob must be at which path before."""
    operation, path = change["operation"], cleaned_path(change["path"])
    source = cleaned_path(change["from_path"]) if change.get("from_path") else path
    if change.get("sha"):
        expected[source] = change["sha"].lower()
    elif operation in {"update", "delete"}:
        raise Invalid(f"Name the `sha` of “{source}” that you have seen.", code="sha_needed")
    if operation == "delete":
        return [DeletePath(path)]
    moved: list[Edit] = [MovePath(source, path)] if source != path else []
    if operation == "rename":
        return moved
    content = Text(_decoded(change["content"]))
    return [*moved, WriteFile(path, content, create=operation == "create")]


def _decoded(content: str) -> bytes:
    try:
        data = base64.b64decode("".join(content.split()), validate=True)
    except (binascii.Error, ValueError):
        raise Invalid("`content` is no base64.", code="bad_content") from None
    if len(data) > shapes.MAX_CONTENT_BYTES:
        raise TooLarge(
            f"A file has at most {shapes.MAX_CONTENT_BYTES >> 20} MiB here.",
            hint="Send it with PUT /content, or push it.",
        )
    return data


def _seen_as(project_id: int, expected: dict[str, str]) -> Callable[[str], None]:
    """A check that the paths have these blobs in a commit. Raises :class:`Conflict`."""

    def check(parent: str) -> None:
        for path, oid in expected.items():
            found = repos.entry(project_id, parent, path) if parent else None
            if found is not None and found.kind == "directory":
                raise Invalid(
                    f"“{path}” is a folder.", hint="Delete folders with DELETE /content.", code="wrong_kind"
                )
            if found is None or found.oid != oid:
                now = f"has the blob {found.oid}" if found else "is not there"
                raise Conflict(
                    f"“{path}” {now}, not {oid}.",
                    hint="Look at what changed, then send its sha.",
                    code="sha_mismatch",
                )

    return check


def _summary(change: dict[str, Any]) -> str:
    word = {"create": "Create", "upload": "Upload", "delete": "Delete", "rename": "Rename"}.get(
        change["operation"], "Update"
    )
    return f"{word} {change['path']}"


def _written(access: ProjectAccess, revision: Revision, path: str) -> dict[str, Any]:
    entry = repos.entry(access.project.id, revision.sha, path)
    return shapes.contents_bodies(access, revision, [entry])[0]


def _made(access: ProjectAccess, sha: str) -> dict[str, Any]:
    return {"commit": shapes.commit_body(access, sha), "verification": shapes.VERIFICATION}
