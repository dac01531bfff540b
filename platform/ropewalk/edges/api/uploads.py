"""Uploads as DagsHub's client sends them: each request is one commit of files below a folder of a branch."""

from collections.abc import Callable
from typing import Any

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from ropewalk.access.types import ProjectAccess
from ropewalk.core.errors import Conflict, Invalid, RopewalkError
from ropewalk.data.selectors.tracking import MAX_IN_GIT, TrackedAt, kept_by_dvc
from ropewalk.data.tracking import NO_TRACKED, TrackedEdits
from ropewalk.edges.api.committing import MAX_MESSAGE, Wanted, make_commit
from ropewalk.edges.api.errors import body_of
from ropewalk.edges.api.multipart import MAX_FILES, Uploaded
from ropewalk.repos import selectors as repos
from ropewalk.repos.edits import DeletePath, Edit, EditConflict, NothingChanged, WriteFile
from ropewalk.repos.paths import cleaned_path
from ropewalk.repos.types import Revision

MAX_UPLOAD_BYTES = 256 << 20  # the client's batches have about 100 MiB and one file more
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
        help_text="`git`; `dvc`, where a file goes into the tracked folder around it, replaces the tracked file at its path, or"
        f" gets a pointer of its own; `auto`: as the path is kept so far, DVC for new files of more than {MAX_IN_GIT >> 20} MiB."
        " `bucket` answers 501.",
    )
    is_dvc_dir = serializers.BooleanField(
        required=False,
        default=False,
        help_text="With `dvc`: the folder of the address is, or becomes, one that DVC tracks as a whole.",
    )
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
    folder = f"{place.path}/" if place.path else ""
    found = {cleaned_path(folder + file.path): file for file in files}
    if len(found) < len(files):
        raise Invalid("Two of the files have the same path.", code="bad_path")
    tracked = _tracked(access, place, asked, found)
    edits: list[Edit] = [WriteFile(path, file) for path, file in found.items() if path not in tracked.writes]
    if not asked["last_commit"]:
        _require_new(access, place.sha, [edit.path for edit in edits])
    name = next(iter(found)) if len(found) == 1 else f"{len(found)} files"
    return _committed(access, place, asked, edits, f"Upload {name}", tracked)


def _tracked(
    access: ProjectAccess, place: Revision, asked: dict[str, Any], found: dict[str, Uploaded]
) -> TrackedEdits:
    """What of an upload DVC is to keep."""
    versioning = asked["versioning"]
    if versioning == "bucket":
        raise NotOffered(
            "Uploads into the bucket come through its S3 address.",
            hint="Use the bucket client of dagshub, or boto3.",
        )
    whole = versioning == "dvc" and asked["is_dvc_dir"]
    if whole and not place.path:
        raise Invalid("The root itself can't be a tracked folder.", hint="Name a folder.", code="bad_path")
    chosen = kept_by_dvc(
        access.project.id, place.sha, {path: file.size for path, file in found.items()}, versioning
    )
    return TrackedEdits({path: found[path] for path in chosen}, folder=place.path if whole else "")


def _delete(request: Request, access: ProjectAccess, rev_path: str) -> Response:
    place = repos.branch_at(access.project.id, rev_path, access.project.default_branch)
    fields = CommitFieldsShape(data={**request.query_params.dict(), **_fields(request)})
    fields.is_valid(raise_exception=True)
    asked = fields.validated_data
    if not place.path:
        raise Invalid("The root itself can't be changed.", hint="Name a file or a folder.", code="bad_path")
    asked["last_commit"] = asked["last_commit"] or place.sha  # who names a path to delete has seen it
    if TrackedAt(access.project.id, place.sha).around(place.path) is not None:
        tracked = TrackedEdits(deletes=(place.path,))
        return _committed(access, place, asked, [], f"Delete {place.path}", tracked)
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


def _committed(
    access: ProjectAccess,
    place: Revision,
    asked: dict[str, Any],
    edits: list[Edit],
    summary: str,
    tracked: TrackedEdits = NO_TRACKED,
) -> Response:
    branch, seen = asked["new_branch_name"] or place.name, asked["last_commit"].lower()
    paragraphs = (asked["commit_summary"].strip() or summary, asked["commit_message"].strip())
    wanted = Wanted(
        branch=place.name,
        seen=seen or (place.sha if asked["new_branch_name"] else ""),
        message="\n\n".join(part for part in paragraphs if part),
        edits=edits,
        new_branch=asked["new_branch_name"],
        tracked=tracked,
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
    "edit_pipeline": "edit pipeline unsupported",
    "object_missing": "versioning conflict",
    "pointer_kept": "versioning conflict",
    "tracked_by_dvc": "versioning conflict",
    "tracked_by_git": "versioning conflict",
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
