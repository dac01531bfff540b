"""Uploads as DagsHub's client sends them: each request is one commit of files below a folder of a branch."""

from collections.abc import Callable
from typing import Any

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from ropewalk.access.types import ProjectAccess
from ropewalk.core.errors import Conflict, Invalid, RopewalkError
from ropewalk.edges.api.committing import MAX_MESSAGE, Wanted, make_commit
from ropewalk.edges.api.errors import body_of
from ropewalk.edges.api.multipart import MAX_FILES, Uploaded
from ropewalk.repos import selectors as repos
from ropewalk.repos.edits import DeletePath, Edit, EditConflict, NothingChanged, WriteFile
from ropewalk.repos.paths import cleaned_path
from ropewalk.repos.types import Revision

MAX_UPLOAD_BYTES = 256 << 20  # the client's batches have about 100 MiB and one file more
MAX_AUTO_BYTES = 10 << 20
_SHA = r"^[0-9a-fA-F]{40}$"


class NotOffered(RopewalkError):
    """The API describes it, and this server does not do it."""

    status, code = 501, "not_offered"


class CommitFieldsShape(serializers.Serializer):
    """What every writing form of this API says of its commit."""

    commit_choice = serializers.ChoiceField(choices=["direct", "commit-to-new-branch"], default="direct")
    commit_summary = serializers.CharField(required=False, default="", allow_blank=True, max_length=1000)
    commit_message = serializers.CharField(
        required=False,
        default="",
        allow_blank=True,
        max_length=MAX_MESSAGE,
        help_text="Paragraphs below the summary.",
    )
    last_commit = serializers.RegexField(
        _SHA,
        required=False,
        default="",
        allow_blank=True,
        help_text="The commit of the branch that the caller has seen. Empty: only new files are accepted.",
    )
    new_branch_name = serializers.CharField(required=False, default="", allow_blank=True, max_length=240)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """A new branch has a name."""
        if attrs["commit_choice"] != "direct" and not attrs["new_branch_name"]:
            raise serializers.ValidationError({"new_branch_name": "Name the new branch."})
        if attrs["commit_choice"] == "direct":
            attrs["new_branch_name"] = ""
        return attrs


class UploadShape(CommitFieldsShape):
    """An upload. Each file's name is its path relative to the folder of the address."""

    versioning = serializers.ChoiceField(
        choices=["auto", "git", "dvc", "bucket"],
        default="auto",
        help_text=f"`git`; or `auto`, which is git for files of at most {MAX_AUTO_BYTES >> 20} MiB. `dvc` and `bucket`"
        " answer 501: use `dvc add` and `dvc push`.",
    )
    is_dvc_dir = serializers.CharField(required=False, default="", allow_blank=True)
    files = serializers.ListField(child=serializers.FileField(allow_empty_file=True), max_length=MAX_FILES)


class CommittedShape(serializers.Serializer):
    """What was made: the commit (also in the `ETag` header, bare), and the branch that it is on."""

    commit = serializers.CharField()
    branch = serializers.CharField()


def upload(request: Request, access: ProjectAccess, rev_path: str) -> Response:
    """Commit the files that were sent. 204 when the branch has them already."""
    return _in_dialect(lambda: _upload(request, access, rev_path))


def delete(request: Request, access: ProjectAccess, rev_path: str) -> Response:
    """Remove the file or folder at a path, as a commit. The fields may come as a form, JSON or a query."""
    return _in_dialect(lambda: _delete(request, access, rev_path))


def _upload(request: Request, access: ProjectAccess, rev_path: str) -> Response:
    place = repos.branch_at(access.project.id, rev_path, access.project.default_branch)
    fields = UploadShape(data=_fields(request))
    fields.is_valid(raise_exception=True)
    asked = fields.validated_data
    files = [Uploaded(file) for file in request.FILES.getlist("files")]
    _require_git(asked["versioning"], files)
    folder = f"{place.path}/" if place.path else ""
    found = {cleaned_path(folder + file.path): file for file in files}
    if len(found) < len(files):
        raise Invalid("Two of the files have the same path.", code="bad_path")
    edits: list[Edit] = [WriteFile(path, file) for path, file in found.items()]
    if not asked["last_commit"]:
        _require_new(access, place.sha, list(found))
    name = next(iter(found)) if len(found) == 1 else f"{len(found)} files"
    return _committed(access, place, asked, edits, f"Upload {name}")


def _delete(request: Request, access: ProjectAccess, rev_path: str) -> Response:
    place = repos.branch_at(access.project.id, rev_path, access.project.default_branch)
    fields = CommitFieldsShape(data={**request.query_params.dict(), **_fields(request)})
    fields.is_valid(raise_exception=True)
    asked = fields.validated_data
    if not place.path:
        raise Invalid("The root itself can't be changed.", hint="Name a file or a folder.", code="bad_path")
    asked["last_commit"] = asked["last_commit"] or place.sha  # who names a path to delete has seen it
    return _committed(access, place, asked, [DeletePath(place.path)], f"Delete {place.path}")


def _require_new(access: ProjectAccess, sha: str, paths: list[str]) -> None:
    """Without a commit that they have seen, nobody replaces a file."""
    taken = [path for path in paths if sha and repos.exists(access.project.id, sha, path)]
    if taken:
        raise _conflict(EditConflict(taken, sha), "")


def _fields(request: Request) -> dict[str, Any]:
    """The form's fields, or the JSON object's; a file is only what came as one."""
    sent = request.data
    if not isinstance(sent, dict):
        raise Invalid("The body is an object with fields.")
    plain = {name: sent.get(name) for name in sent if name != "files"}
    return {**plain, "files": request.FILES.getlist("files")} if request.FILES else plain


def _require_git(versioning: str, files: list[Uploaded]) -> None:
    hint = "Add them with `dvc add`, `dvc push` and `git push`, or send `versioning` as `git`."
    if versioning in {"dvc", "bucket"}:
        raise NotOffered(f"This server does not version uploads with “{versioning}” yet.", hint=hint)
    large = next((file for file in files if file.size > MAX_AUTO_BYTES), None)
    if versioning == "auto" and large is not None:
        raise NotOffered(
            f"“{large.path[:200]}” has more than {MAX_AUTO_BYTES >> 20} MiB, which belongs to DVC, and this server does not"
            " version uploads with DVC yet.",
            hint=hint,
        )


def _committed(
    access: ProjectAccess, place: Revision, asked: dict[str, Any], edits: list[Edit], summary: str
) -> Response:
    branch, seen = asked["new_branch_name"] or place.name, asked["last_commit"].lower()
    paragraphs = (asked["commit_summary"].strip() or summary, asked["commit_message"].strip())
    wanted = Wanted(
        branch=place.name,
        seen=seen or (place.sha if asked["new_branch_name"] else ""),
        message="\n\n".join(part for part in paragraphs if part),
        edits=edits,
        new_branch=asked["new_branch_name"],
    )
    try:
        sha = make_commit(access, wanted)
    except EditConflict as error:
        raise _conflict(error, seen) from None
    except NothingChanged:
        return Response(status=204, headers={"ETag": place.sha})
    return Response({"commit": sha, "branch": branch}, headers={"ETag": sha})


def _conflict(error: EditConflict, seen: str) -> Conflict:
    paths = ", ".join(f"“{path}”" for path in error.paths[:3]) + (" and more" if len(error.paths) > 3 else "")
    if not seen:
        return Conflict(
            f"The branch has {paths} already.",
            hint="Send the branch's commit as `last_commit` to replace it.",
            code="missing_last_commit",
        )
    return Conflict(
        f"Somebody changed {paths} since {seen[:8]}.",
        hint="Look at what the branch has now, then send its commit as `last_commit`.",
        code="invalid_last_commit",
    )


# What DagsHub's client tells apart, by our codes.
_ERRORS = {
    "bad_path": "path conflict",
    "branch_gone": "invalid last_commit",
    "invalid_last_commit": "invalid last_commit",
    "missing_last_commit": "missing last_commit",
    "path_taken": "path conflict",
    "tracked_by_dvc": "versioning conflict",
    "not_offered": "versioning not offered",
    "unknown_seen": "invalid last_commit",
}


def _in_dialect(act: Callable[[], Response]) -> Response:
    """What the client tells apart is in ``error``, with the words to show in ``details``."""
    try:
        return act()
    except RopewalkError as error:
        if error.code not in _ERRORS:
            raise
        details = f"{error.message} {error.hint}".strip()
        body = {**body_of(error), "error": _ERRORS[error.code], "details": details}
        return Response(body, status=error.status)
