"""Routes of the DVC edge. One address takes reads and writes, which need different permissions: the method chooses."""

from typing import Any

from django.http import HttpRequest, HttpResponseBase
from django.urls import re_path
from django.views.decorators.csrf import csrf_exempt

from ropewalk.access.roles import Permission
from ropewalk.access.routes import NEEDS, project_view
from ropewalk.edges.dvc_http.errors import dvc_error
from ropewalk.edges.dvc_http.views import read_object, write_object

_read = project_view(read_object, needs=Permission.DATA_READ, on_error=dvc_error, csrf=False, challenge=True)
_write = project_view(
    write_object, needs=Permission.DATA_WRITE, on_error=dvc_error, csrf=False, challenge=True
)


@csrf_exempt  # the gate checks it by header, without reading the body
def remote(request: HttpRequest, **where: Any) -> HttpResponseBase:
    """PUT and POST pass the gate for writing, everything else the one for reading."""
    return (_write if request.method in {"PUT", "POST"} else _read)(request, **where)


setattr(remote, NEEDS, Permission.DATA_READ)  # the least that any method needs

urlpatterns = [
    re_path(r"^(?P<owner>[^/]+)/(?P<project>[^/]+)\.dvc(?:/(?P<path>.*))?$", remote, name="dvc"),
]
