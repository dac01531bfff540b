"""``/content/<revision>/<path>``: reading and writing files in DagsHub's words."""

from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.decorators import api_view, parser_classes
from rest_framework.parsers import FormParser, JSONParser
from rest_framework.request import Request
from rest_framework.response import Response

from ropewalk.access.types import ProjectAccess
from ropewalk.edges.api import entries, uploads
from ropewalk.edges.api.multipart import PathMultiPartParser
from ropewalk.edges.api.shapes import ErrorShape

_PLACE = OpenApiParameter(
    "rev_path",
    str,
    OpenApiParameter.PATH,
    description="`<branch, tag or commit>/<path>`: the longest name of a ref wins.",
)
_BRANCH = OpenApiParameter("rev_path", str, OpenApiParameter.PATH, description="`<branch>/<folder>`.")
_REFUSED = {
    400: ErrorShape,
    403: ErrorShape,
    404: ErrorShape,
    409: ErrorShape,
    413: ErrorShape,
    422: ErrorShape,
}
_UPLOAD: dict[str, Any] = {
    "summary": "Upload files as one commit",
    "parameters": [_BRANCH],
    "request": {"multipart/form-data": uploads.UploadShape},
    "responses": {200: uploads.CommittedShape, 204: None, **_REFUSED, 501: ErrorShape},
    "tags": ["content"],
}


@extend_schema(
    methods=["GET"],
    summary="A file's facts or a folder's entries",
    description="Git's and DVC's files in one tree. A folder answers a list, a file one object.",
    parameters=[_PLACE, *entries.PAGING],
    responses={200: entries.EntryShape(many=True), 404: ErrorShape},
    tags=["content"],
)
@extend_schema(methods=["PUT"], operation_id="content_upload", **_UPLOAD)
@extend_schema(methods=["POST"], operation_id="content_upload_by_post", **_UPLOAD)
@extend_schema(
    methods=["DELETE"],
    summary="Delete a file or folder as one commit",
    parameters=[_BRANCH, uploads.CommitFieldsShape],
    responses={200: uploads.CommittedShape, **_REFUSED},
    tags=["content"],
)
@api_view(["GET", "PUT", "POST", "DELETE"])
@parser_classes([PathMultiPartParser, FormParser, JSONParser])
def content(request: Request, access: ProjectAccess, rev_path: str) -> Response:
    """Read, upload or delete."""
    if request.method == "GET":
        return entries.read_content(request, access, rev_path)
    if request.method == "DELETE":
        return uploads.delete(request, access, rev_path)
    return uploads.upload(request, access, rev_path)
