"""The caller's SSH keys, in the words of Gitea's API, which DagsHub's descends from."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import api_view
from rest_framework.request import Request
from rest_framework.response import Response

from ropewalk.accounts import selectors, services
from ropewalk.accounts.types import SshKeyView
from ropewalk.core.errors import Conflict, Invalid, Unprocessable
from ropewalk.edges.api.requests import caller
from ropewalk.edges.api.shapes import ErrorShape


class SshKeyShape(serializers.Serializer):
    """A public key. ``project_id`` is the project that it is limited to."""

    id = serializers.IntegerField()
    title = serializers.CharField()
    key = serializers.CharField()
    key_type = serializers.CharField()
    bits = serializers.IntegerField()
    fingerprint = serializers.CharField()
    read_only = serializers.BooleanField()  # type: ignore[assignment]  # Gitea's name, and also a field's own
    project_id = serializers.IntegerField(allow_null=True)
    created_at = serializers.DateTimeField()
    last_used_at = serializers.DateTimeField(allow_null=True)


class NewSshKeyShape(serializers.Serializer):
    """A key to add: one line of a ``.pub`` file. Without a title it is called by its comment."""

    key = serializers.CharField(max_length=16384)
    title = serializers.CharField(max_length=100, required=False, default="", allow_blank=True)
    read_only = serializers.BooleanField(required=False, default=False)  # type: ignore[assignment]


def _body(key: SshKeyView) -> dict[str, Any]:
    return {
        "id": key.id,
        "title": key.title,
        "key": key.public_key,
        "key_type": key.algorithm,
        "bits": key.bits,
        "fingerprint": key.fingerprint,
        "read_only": key.read_only,
        "project_id": key.project_id,
        "created_at": key.created_at.isoformat(),
        "last_used_at": key.last_used_at.isoformat() if key.last_used_at else None,
    }


@extend_schema(
    methods=["GET"], summary="The caller's SSH keys", responses={200: SshKeyShape(many=True)}, tags=["people"]
)
@extend_schema(
    methods=["POST"],
    summary="Add an SSH key",
    request=NewSshKeyShape,
    responses={201: SshKeyShape, 422: ErrorShape},
    tags=["people"],
)
@api_view(["GET", "POST"])
def ssh_keys(request: Request) -> Response:
    """List the caller's keys (at most a hundred), or add one. 422 when it is no acceptable key or in use."""
    user_id = caller(request).user_id or 0
    if request.method == "GET":
        return Response([_body(key) for key in selectors.ssh_keys(user_id)])
    wanted = NewSshKeyShape(data=request.data)
    wanted.is_valid(raise_exception=True)
    given = wanted.validated_data
    try:
        key = services.add_ssh_key(
            user_id=user_id, text=given["key"], title=given["title"], read_only=given["read_only"]
        )
    except (Invalid, Conflict) as error:
        raise Unprocessable(error.message, hint=error.hint, code=error.code) from None
    return Response(_body(key), status=201)


@extend_schema(
    methods=["GET"],
    summary="One of the caller's SSH keys",
    responses={200: SshKeyShape, 404: ErrorShape},
    tags=["people"],
)
@extend_schema(
    methods=["DELETE"], summary="Delete an SSH key", responses={204: None, 404: ErrorShape}, tags=["people"]
)
@api_view(["GET", "DELETE"])
def ssh_key(request: Request, key_id: int) -> Response:
    """Show or delete a key. Somebody else's answers 404."""
    user_id = caller(request).user_id or 0
    if request.method == "GET":
        return Response(_body(selectors.ssh_key(user_id, key_id)))
    services.delete_ssh_key(user_id=user_id, key_id=key_id)
    return Response(status=204)
