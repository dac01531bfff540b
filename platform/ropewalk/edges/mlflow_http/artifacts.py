"""Artifacts through the proxy routes, streamed both ways into the project's part of the object store.

``mlflow-artifacts:/<experiment>/<run>/artifacts/x`` is the key ``p/<project id>/mlflow/<experiment>/<run>/artifacts/x``.
"""

import mimetypes
import posixpath
import re
from collections.abc import Iterable, Iterator
from urllib.parse import unquote

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.utils.http import content_disposition_header

from ropewalk.core import blobs, streams
from ropewalk.core.blobs import BadKey, BlobMissing, BlobStat
from ropewalk.core.errors import Invalid
from ropewalk.edges.mlflow_http.errors import BadPath, ResourceMissing, json_answer
from ropewalk.quotas.services import metered
from ropewalk.tracking.artifact_sums import note_artifacts
from ropewalk.tracking.selectors.artifacts import entries_below
from ropewalk.tracking.types import artifact_prefix

# As MLflow does it: shown as text in its UI, whatever the name ends with.
TEXT_NAMES = frozenset({"MLmodel", "MLproject"})
TEXT_ENDINGS = (
    ".txt",
    ".log",
    ".yaml",
    ".yml",
    ".py",
    ".js",
    ".json",
    ".csv",
    ".tsv",
    ".md",
    ".rst",
    ".jsonl",
    ".toml",
    ".ini",
    ".cfg",
)
_RANGE = re.compile(r"^bytes=(\d{0,18})-(\d{0,18})$")
LISTED = 50_000


def safe_path(path: str) -> str:
    """A relative path without tricks, after decoding it as often as it can be decoded. Raises :class:`BadPath`."""
    for _ in range(10):
        decoded = unquote(path)
        if decoded == path:
            break
        path = decoded
    else:
        raise BadPath
    parts = path.rstrip("/").split("/")
    bad = (
        path.startswith("/")
        or "\\" in path
        or "#" in path
        or any(ord(letter) < 32 or ord(letter) == 127 for letter in path)
    )
    if (
        bad
        or re.match(r"^([A-Za-z]|file):", path, re.IGNORECASE)
        or any(part in {".", ".."} for part in parts)
        or parts[0] == "workspaces"
    ):
        raise BadPath
    return "/".join(part for part in parts if part)


def key_of(project_id: int, path: str) -> str:
    """The object key of a checked path."""
    return artifact_prefix(project_id) + path


def put(request: HttpRequest, project_id: int, path: str) -> HttpResponse:
    """Store the body under ``path``; what was there is replaced when the last byte has arrived, not before."""
    clean = safe_path(path)
    if not clean or path.endswith("/"):
        raise BadPath
    blocks = streams.body(request, limit=settings.ROPEWALK_MAX_ARTIFACT_BYTES)
    store_artifact(project_id, clean, blocks, announced=streams.content_length(request))
    return json_answer({})


def store_artifact(
    project_id: int, path: str, blocks: Iterable[bytes], *, announced: int | None = None
) -> None:
    """Store an artifact under a checked path. Raises :class:`BadPath`, what ``blocks`` raise, and ``OverQuota``."""
    key, size = key_of(project_id, path), 0
    try:
        before = blobs.store().stat(key)
        with blobs.store().writer(key) as writer:
            for block in metered(project_id, blocks, announced=announced):
                size += len(block)
                writer.write(block)
            writer.commit()
    except BadKey:
        raise BadPath from None
    note_artifacts(
        project_id=project_id, size=size - (before.size if before else 0), count=0 if before else 1
    )


def get(request: HttpRequest, project_id: int, path: str) -> HttpResponseBase:
    """Stream one artifact, or the part that ``Range`` names."""
    clean = safe_path(path)
    try:
        stat = blobs.store().stat(key_of(project_id, clean)) if clean else None
    except BadKey:
        raise BadPath from None
    if stat is None:
        if clean and blobs.store().list(key_of(project_id, f"{clean}/"), limit=1):
            raise Invalid(f"Artifact path refers to a directory, not a file: '{clean}'")
        raise ResourceMissing(f"No such artifact: '{clean}'")
    return answer(request, stat)


def answer(request: HttpRequest, stat: BlobStat) -> HttpResponseBase:
    """A stored object as a download: always an attachment and never sniffed, so that it cannot run as a page of ours."""
    span = _span(request, stat.size)
    headers = {
        "Content-Type": content_type(stat.key),
        "Content-Disposition": content_disposition_header(True, posixpath.basename(stat.key)) or "attachment",
        "X-Content-Type-Options": "nosniff",
        "Accept-Ranges": "bytes",
        "Last-Modified": stat.modified.strftime("%a, %d %b %Y %H:%M:%S GMT"),
    }
    if span is None:
        headers["Content-Range"] = f"bytes */{stat.size}"
        return HttpResponse(b"", status=416, headers=headers)
    start, end = span
    partial = (start, end) != (0, stat.size)
    if partial:
        headers["Content-Range"] = f"bytes {start}-{end - 1}/{stat.size}"
    headers["Content-Length"] = str(end - start)
    if request.method == "HEAD":
        return HttpResponse(b"", headers=headers)
    return StreamingHttpResponse(_read(stat.key, start, end), status=206 if partial else 200, headers=headers)


def _read(key: str, start: int, end: int) -> Iterator[bytes]:
    try:
        return blobs.store().read(key, start, end)
    except BlobMissing:
        raise ResourceMissing("No such artifact") from None


def _span(request: HttpRequest, size: int) -> tuple[int, int] | None:
    """The wanted bytes as [start, end); the whole object for no or an unusual Range, None when it lies outside."""
    found = _RANGE.match(request.headers.get("Range", ""))
    if not found or not (found[1] or found[2]):
        return 0, size
    if not found[1]:
        length = min(int(found[2]), size)
        return (size - length, size) if length else None
    start = int(found[1])
    end = min(int(found[2]) + 1, size) if found[2] else size
    return (start, end) if start < end else None


def content_type(key: str) -> str:
    """A harmless type by the name's ending."""
    name = posixpath.basename(key)
    if name in TEXT_NAMES or name.endswith(TEXT_ENDINGS):
        return "text/plain; charset=utf-8"
    return mimetypes.guess_type(name)[0] or "application/octet-stream"


def listing(project_id: int, path: str) -> HttpResponse:
    """Names directly below ``path``: names only, as MLflow's proxy gives them; an empty file carries no size."""
    clean = safe_path(path)
    try:
        entries = entries_below(key_of(project_id, f"{clean}/" if clean else ""), limit=LISTED)
    except BadKey:
        raise BadPath from None
    files = [
        {"path": one.name, "is_dir": one.is_dir, **({"file_size": one.size} if one.size else {})}
        for one in entries
    ]
    return json_answer({"files": files} if files else {})


def delete(project_id: int, path: str) -> HttpResponse:
    """Remove a file or everything below a folder. Repeating it is harmless."""
    clean = safe_path(path)
    if not clean:
        raise BadPath
    try:
        _remove(project_id, [found] if (found := blobs.store().stat(key_of(project_id, clean))) else [])
        while batch := blobs.store().list(key_of(project_id, f"{clean}/"), limit=500):
            _remove(project_id, batch)
    except BadKey:
        raise BadPath from None
    return json_answer({})


def _remove(project_id: int, found: list[BlobStat]) -> None:
    for stat in found:
        blobs.store().delete(stat.key)
    note_artifacts(project_id=project_id, size=-sum(stat.size for stat in found), count=-len(found))
