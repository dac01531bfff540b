"""Messages of other servers that something was pushed there, as GitHub, Gitea, Forgejo and GitLab send them."""

import hashlib
import hmac

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import api_view
from rest_framework.request import Request
from rest_framework.response import Response

from ropewalk.core.errors import NotFound
from ropewalk.core.streams import body
from ropewalk.data.services import request_sync
from ropewalk.edges.api.shapes import ErrorShape
from ropewalk.repos.mirrors import MirrorView
from ropewalk.repos.selectors import mirror_by_hook

MAX_BODY_BYTES = 25 << 20  # the most that GitHub sends
_SIGNATURES = ("X-Hub-Signature-256", "X-Gitea-Signature", "X-Forgejo-Signature", "X-Gogs-Signature")


class HookAnswerShape(serializers.Serializer[None]):
    """What the other server reads."""

    message = serializers.CharField()


@extend_schema(
    summary="Tell a mirror that its original changed",
    description="Proved by the secret in the path, by `X-Gitlab-Token`, or by an HMAC-SHA256 of the body under the secret in "
    "`X-Hub-Signature-256`, `X-Gitea-Signature` or `X-Forgejo-Signature`. The body itself is not looked at. Asking while a sync "
    "waits is answered 202 too; one that runs is followed by another.",
    request=None,
    responses={202: HookAnswerShape, 403: ErrorShape, 404: ErrorShape},
    tags=["mirrors"],
    auth=[],
)
@api_view(["POST"])
def mirror(request: Request, hook_id: str, secret: str = "") -> Response:
    """Ask for a sync. A wrong secret, one that was renewed and a mirror that never was answer the same 404."""
    found = mirror_by_hook(hook_id[:64].replace("\0", ""))
    if found is None or not _proved(request, found, secret):
        raise NotFound(
            "There is no such webhook, or this is not its secret.",
            hint="Copy both from the mirror's settings.",
            code="no_hook",
        )
    request_sync(project_id=found.project_id, cause="webhook")
    return Response({"message": "The mirror will be brought in step."}, status=202)


def _proved(request: Request, found: MirrorView, secret: str) -> bool:
    given = secret or request.headers.get("X-Gitlab-Token", "")
    if given:
        return any(_same(given, expected) for expected in found.hook_secrets)
    signature = next((request.headers[name] for name in _SIGNATURES if request.headers.get(name)), "")
    if not signature:
        return False
    sums = [hmac.new(known.encode(), digestmod=hashlib.sha256) for known in found.hook_secrets]
    for block in body(request._request, limit=MAX_BODY_BYTES):
        for each in sums:
            each.update(block)
    return any(_same(signature.removeprefix("sha256="), each.hexdigest()) for each in sums)


def _same(given: str, expected: str) -> bool:
    """In a time that tells nothing."""
    return hmac.compare_digest(given.encode("utf-8", "replace"), expected.encode())
