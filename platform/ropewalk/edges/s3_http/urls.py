"""Routes of the S3 edge. One address takes reads and writes, which need different permissions: the method chooses."""

from collections.abc import Callable

from django.http import HttpResponseBase
from django.urls import URLPattern, re_path

from ropewalk.access.roles import Permission
from ropewalk.access.routes import project_view, public_view
from ropewalk.edges.s3_http import views
from ropewalk.edges.s3_http.faults import s3_error
from ropewalk.edges.s3_http.gate import signed_actor


def _route(pattern: str, view: Callable[..., HttpResponseBase], name: str) -> URLPattern:
    behind_the_gate = project_view(
        view,
        needs=Permission.DATA_READ,
        writes=Permission.DATA_WRITE,
        on_error=s3_error,
        csrf=False,
        challenge=True,
        authenticate=signed_actor,
    )
    return re_path(pattern, behind_the_gate, name=name)


_KEY = r"(?:/(?P<object_key>(?s:.*)))?$"
urlpatterns = [
    _route(
        r"^(?P<owner>[^/]+)/(?P<project>[^/]+)\.s3(?:/(?P<bucket>[^/]*)" + _KEY[:-1] + r")?$",
        views.remote,
        "s3",
    ),
    re_path(
        r"^api/v1/repo-buckets/s3/(?P<owner>[^/]+)/?$",
        public_view(views.owners_buckets, on_error=s3_error, csrf=False, authenticate=signed_actor),
        name="s3-buckets",
    ),
    _route(
        r"^api/v1/repo-buckets/s3/(?P<owner>[^/]+)/(?P<project>[^/]+)" + _KEY, views.own_bucket, "s3-bucket"
    ),
]
