"""Addresses of the pages of connected buckets, and what they ask for."""

from urllib.parse import urlencode

from django.http import HttpRequest
from django.urls import reverse

from ropewalk.access.types import ProjectAccess
from ropewalk.core.errors import NotFound
from ropewalk.outside.types import ConnectedView


def address_of(access: ProjectAccess, bucket: ConnectedView, route: str, **query: str) -> str:
    """Where a page of a bucket is."""
    base = reverse(route, args=[access.project.owner, access.project.slug, bucket.name])
    return f"{base}?{urlencode(query)}" if query else base


def asked_key(request: HttpRequest) -> str:
    """The file that is asked for. Raises :class:`NotFound` for what can be none."""
    key = request.GET.get("key", "")
    if not key or key.endswith("/"):
        raise NotFound("There is no file of this name in the bucket.")
    return key
