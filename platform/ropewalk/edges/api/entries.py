"""Files and folders of a revision, git's and DVC's in one tree, in the shape that DagsHub's client reads."""

from typing import Any
from urllib.parse import quote

from django.http import HttpRequest, HttpResponseBase
from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from ropewalk.access.types import ProjectAccess
from ropewalk.core.errors import Invalid, NotFound, TooLarge
from ropewalk.core.serving import bytes_answer
from ropewalk.data import selectors as data
from ropewalk.data import services
from ropewalk.data.types import ContentEntry
from ropewalk.projects.types import ProjectView
from ropewalk.repos import selectors as repos
from ropewalk.repos.types import Revision

MAX_LISTED = 49_999
MAX_PER_PAGE = 1000
# For DagsHub's client, which descends into everything that is no file: what it can't descend into is a file.
_TYPES = {"file": "file", "symlink": "file", "directory": "dir", "submodule": "dir"}


class EntryShape(serializers.Serializer):
    """A file or folder. ``kind`` and ``present`` are Ropewalk's own; ``size`` is 0 for folders and where nobody knows it."""

    path = serializers.CharField()
    type = serializers.ChoiceField(choices=["file", "dir"])
    kind = serializers.ChoiceField(choices=["file", "directory", "symlink", "submodule"])
    size = serializers.IntegerField()
    hash = serializers.CharField()
    versioning = serializers.ChoiceField(choices=["git", "dvc"])
    present = serializers.BooleanField(help_text="False: DVC tracks it, and its bytes were not pushed here.")
    download_url = serializers.CharField()
    content_url = serializers.CharField()


PAGING = [
    OpenApiParameter("page", int, description="With `limit`: which page, from 1."),
    OpenApiParameter(
        "limit", int, description=f"Entries a page, at most {MAX_PER_PAGE}. Without it all are listed."
    ),
]


def read_content(request: Request, access: ProjectAccess, rev_path: str) -> Response:
    """The file at a path, or the entries of the folder there."""
    revision = resolved(access, rev_path)
    here = data.content_at(access.project.id, revision.sha, revision.path)
    if here.kind == "submodule":
        return Response([])
    if here.kind != "directory":
        return Response(entry_body(access.project, revision, here))
    found = data.content_of(access.project.id, revision.sha, revision.path, limit=MAX_LISTED + 1)
    shown, headers = page_of(request, found)
    entries = data.with_sizes(access.project.id, shown)
    return Response([entry_body(access.project, revision, entry) for entry in entries], headers=headers)


def resolved(access: ProjectAccess, rev_path: str) -> Revision:
    """The revision and path; an old commit whose DVC files nobody asked for yet is indexed from now on."""
    revision = repos.resolve(access.project.id, rev_path)
    services.ensure_indexed(
        project_id=access.project.id, commit_sha=revision.sha, requested_by_id=access.actor.user_id
    )
    return revision


def page_of(request: Request, found: list[Any]) -> tuple[list[Any], dict[str, str]]:
    """The asked-for part of a listing and the headers that tell of the rest.

    Raises :class:`TooLarge` for a folder that is listed in pages only, :class:`Invalid` for numbers that are none.
    """
    raw_limit, raw_page = request.query_params.get("limit", ""), request.query_params.get("page", "1")
    if not raw_limit:
        if len(found) > MAX_LISTED:
            raise TooLarge(
                f"This folder has more than {MAX_LISTED} entries.", hint="Clone the repository to read it."
            )
        return found, {"X-Total-Count": str(len(found))}
    if not (raw_limit.isascii() and raw_limit.isdigit() and raw_page.isascii() and raw_page.isdigit()):
        raise Invalid("`page` and `limit` are numbers.")
    limit, page = min(max(int(raw_limit[:9]), 1), MAX_PER_PAGE), max(int(raw_page[:9]), 1)
    headers = {"X-Total-Count": str(len(found)), "X-HasMore": str(page * limit < len(found)).lower()}
    return found[(page - 1) * limit : page * limit], headers


def entry_body(project: ProjectView, revision: Revision, entry: ContentEntry) -> dict[str, Any]:
    """The body of :class:`EntryShape`."""
    content_url = _address(project, "content", revision, entry.path)
    is_file = _TYPES[entry.kind] == "file"
    return {
        "path": entry.path,
        "type": _TYPES[entry.kind],
        "kind": entry.kind,
        "size": entry.size or 0,
        "hash": entry.oid,
        "versioning": entry.tracked_by,
        "present": entry.present,
        "download_url": _address(project, "raw", revision, entry.path) if is_file else content_url,
        "content_url": content_url,
    }


def _address(project: ProjectView, page: str, revision: Revision, path: str) -> str:
    root = project.url.removesuffix(project.path)
    tail = f"{quote(revision.name, safe='/')}/{quote(path, safe='/')}"
    return f"{root}/api/v1/repos{project.path}/{page}/{tail}"


def raw(request: HttpRequest, access: ProjectAccess, rev_path: str) -> HttpResponseBase:
    """A file's bytes, from git or DVC's store, in ranges. With ``ref`` (Gitea's way) the whole path is the file's.

    Plain Django: DRF would choose a format for the bytes. Never shown by a browser. A symbolic link is its target.
    """
    ref = request.GET.get("ref", "")
    revision = at_ref(access, ref, rev_path) if ref else resolved(access, rev_path)
    project_id = access.project.id
    entry = data.content_at(project_id, revision.sha, revision.path)
    if _TYPES[entry.kind] != "file":
        raise NotFound(f"“{revision.path}” is a {entry.kind}, not a file.", code="not_a_file")
    headers = {
        "Content-Type": "application/octet-stream",
        "Content-Disposition": f"attachment; filename*=UTF-8''{quote(entry.name, safe='')}",
        "ETag": f'"{entry.tracked_by}-{entry.oid}"',
        "Cache-Control": f"private, {'max-age=31536000, immutable' if revision.kind == 'commit' else 'no-cache'}",
        "Vary": "Authorization, Cookie",
        "X-Content-Type-Options": "nosniff",
    }
    if entry.kind == "symlink":
        target = repos.blob(project_id, revision.sha, entry.path, limit=1 << 16).data
        return bytes_answer(request, headers, len(target), lambda start, end: iter([target[start:end]]))
    file = data.resolve_data_file(project_id, revision.sha, revision.path)
    if not file.present:
        raise NotFound(
            f"The bytes of “{file.path}” were not pushed here.",
            hint="Whoever has them runs `dvc push`.",
            code="object_missing",
        )
    return bytes_answer(
        request, headers, file.size, lambda start, end: data.open_data_file(project_id, file, start, end)
    )


def at_ref(access: ProjectAccess, ref: str, path: str) -> Revision:
    """A path at a ref that is named apart from it; the default branch without one. Raises ``NotFound``."""
    found = repos.resolve(access.project.id, ref)
    if found.path:
        raise NotFound(f"There is no branch, tag or commit “{ref[:200]}”.", code="revision_not_found")
    return Revision(found.kind, found.name, found.sha, path.strip("/"))
