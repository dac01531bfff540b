"""Files of releases in Gitea's shape: taken as a form or as plain bytes, streamed into the store either way."""

from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any, cast

from django.conf import settings
from django.core.files.uploadhandler import FileUploadHandler, SkipFile
from django.http import HttpRequest
from django.http.multipartparser import MultiPartParser, MultiPartParserError
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.decorators import api_view
from rest_framework.request import Request
from rest_framework.response import Response

from ropewalk.access.types import ProjectAccess
from ropewalk.core import streams
from ropewalk.core.errors import Invalid
from ropewalk.edges.api.release_shapes import AssetShape, RenameAssetShape, asset_body
from ropewalk.edges.api.releases import sees_drafts
from ropewalk.edges.api.shapes import ErrorShape
from ropewalk.releases import selectors, services
from ropewalk.releases.types import ReleaseFileView, ReleaseView

_FIELD = "attachment"
_FORM_ROOM = 1 << 20  # what a form's own lines may add to the file
_REFUSED = {400: ErrorShape, 403: ErrorShape, 404: ErrorShape, 409: ErrorShape, 413: ErrorShape}


class _IntoStore(FileUploadHandler):
    """Hands the form's file on as it arrives; other files are read past."""

    chunk_size = streams.BLOCK

    def __init__(self, access: ProjectAccess, release: ReleaseView, name: str, stack: ExitStack) -> None:
        super().__init__()
        self._access, self._release, self._name, self._stack = access, release, name, stack
        self._incoming: services.IncomingFile | None = None

    def new_file(self, field_name: str, file_name: str, *args: Any, **kwargs: Any) -> None:
        """Begin the one file."""
        if field_name != _FIELD or self._incoming is not None:
            raise SkipFile
        incoming = services.IncomingFile(
            project_id=self._access.project.id,
            release_id=self._release.id,
            name=self._name or file_name,
            user_id=self._access.actor.user_id,
        )
        self._incoming = self._stack.enter_context(incoming)

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        """A piece of it."""
        if self._incoming is not None:
            self._incoming.write(raw_data)

    def file_complete(self, file_size: int) -> None:
        """Its end as far as the form tells; it is kept when the whole form has arrived."""

    def keep(self) -> ReleaseFileView:
        """Make the file visible. Raises :class:`Invalid` when the form had none."""
        if self._incoming is None:
            raise Invalid(f"The form has no file in the field `{_FIELD}`.", code="no_file")
        return self._incoming.finish()


class _Body:
    """The request's body as the form's parser reads it."""

    def __init__(self, blocks: Iterator[bytes]) -> None:
        self._blocks, self._rest = blocks, b""

    def read(self, size: int = -1) -> bytes:
        """At most ``size`` bytes; none at the end."""
        block = self._rest or next(self._blocks, b"")
        part, self._rest = (block, b"") if size < 0 else (block[:size], block[size:])
        return part


def _receive(request: HttpRequest, access: ProjectAccess, release: ReleaseView, name: str) -> ReleaseFileView:
    limit = settings.ROPEWALK_MAX_RELEASE_FILE_BYTES
    if not request.headers.get("Content-Type", "").lower().startswith("multipart/form-data"):
        if not name:
            raise Invalid(
                "Name the file: `?name=model.bin`.", hint=f"Or send a form with `{_FIELD}`.", code="no_name"
            )
        return services.receive_file(
            project_id=access.project.id,
            release_id=release.id,
            name=name,
            blocks=streams.body(request, limit=limit),
            user_id=access.actor.user_id,
        )
    if not streams.content_length(request):
        raise Invalid("Send the form with a Content-Length.", code="length_required")
    with ExitStack() as stack:
        handler = _IntoStore(access, release, name, stack)
        body = _Body(streams.body(request, limit=limit + _FORM_ROOM))
        try:
            MultiPartParser(request.META, cast("Any", body), [handler], "utf-8").parse()
        except MultiPartParserError as error:
            raise Invalid(f"This is no form: {error}", code="bad_form") from None
        while body.read():  # a form that ends early is one that was cut off, or has something behind its end
            pass
        return handler.keep()


@extend_schema(
    methods=["GET"],
    summary="A release's files",
    responses={200: AssetShape(many=True), 404: ErrorShape},
    tags=["releases"],
)
@extend_schema(
    methods=["POST"],
    summary="Attach a file to a release",
    description="A form with the file in `attachment`, or the bytes themselves with `name`. Visible when all of it has arrived.",
    parameters=[OpenApiParameter("name", str, description="Its name; a form's own without it.")],
    request={
        "multipart/form-data": {
            "type": "object",
            "properties": {_FIELD: {"type": "string", "format": "binary"}},
        },
        "application/octet-stream": OpenApiTypes.BINARY,
    },
    responses={201: AssetShape, **_REFUSED},
    tags=["releases"],
)
@api_view(["GET", "POST"])
def assets(request: Request, access: ProjectAccess, release_id: int) -> Response:
    """List files (at most 200), or attach one."""
    found = selectors.release(access.project.id, release_id, drafts=sees_drafts(access))
    if request.method == "GET":
        return Response([asset_body(access, found, file) for file in found.files])
    saved = _receive(request._request, access, found, request.query_params.get("name", ""))
    return Response(asset_body(access, found, saved), status=201)


@extend_schema(
    methods=["GET"],
    summary="A release's file",
    responses={200: AssetShape, 404: ErrorShape},
    tags=["releases"],
)
@extend_schema(
    methods=["PATCH"],
    summary="Rename a release's file",
    request=RenameAssetShape,
    responses={200: AssetShape, **_REFUSED},
    tags=["releases"],
)
@extend_schema(
    methods=["DELETE"],
    summary="Delete a release's file",
    responses={204: None, 403: ErrorShape, 404: ErrorShape},
    tags=["releases"],
)
@api_view(["GET", "PATCH", "DELETE"])
def asset(request: Request, access: ProjectAccess, release_id: int, file_id: int) -> Response:
    """Show, rename or delete a file."""
    found = selectors.release(access.project.id, release_id, drafts=sees_drafts(access))
    file = selectors.file_by_id(found, file_id)
    place = {"project_id": access.project.id, "release_id": found.id, "file_id": file.id}
    if request.method == "DELETE":
        services.delete_file(**place)
        return Response(status=204)
    if request.method == "PATCH":
        wanted = RenameAssetShape(data=request.data)
        wanted.is_valid(raise_exception=True)
        file = services.rename_file(**place, name=wanted.validated_data["name"])
    return Response(asset_body(access, found, file))
