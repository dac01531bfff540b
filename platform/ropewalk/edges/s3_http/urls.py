"""Routes of the S3 edge. One address takes reads and writes, which need different permissions: the method chooses."""

from django.urls import re_path

from ropewalk.access.roles import Permission
from ropewalk.access.routes import project_view
from ropewalk.edges.s3_http.faults import s3_error
from ropewalk.edges.s3_http.gate import signed_actor
from ropewalk.edges.s3_http.remote import storage

_storage = project_view(
    storage,
    needs=Permission.DATA_READ,
    writes=Permission.DATA_WRITE,
    on_error=s3_error,
    csrf=False,
    challenge=True,
    authenticate=signed_actor,
)

urlpatterns = [
    re_path(
        r"^(?P<owner>[^/]+)/(?P<project>[^/]+)\.s3(?:/(?P<bucket>[^/]*)(?:/(?P<object_key>(?s:.*)))?)?$",
        _storage,
        name="s3",
    ),
]
