"""Routes of tags and releases."""

from functools import partial

from ropewalk.access.roles import Permission
from ropewalk.access.routes import project_route
from ropewalk.edges.web.errors import html_error
from ropewalk.edges.web.files import urls as files  # noqa: F401  # registers the converter ``revpath``
from ropewalk.edges.web.releases import tags

_read = partial(project_route, on_error=html_error, needs=Permission.CODE_READ)
_write = partial(project_route, on_error=html_error, needs=Permission.CODE_WRITE)
_P = "<str:owner>/<str:project>"

urlpatterns = [
    _read(f"{_P}/tags", tags.tags, name="tags"),
    _write(f"{_P}/tags/new", tags.new_tag, name="tag-new"),
    _write(f"{_P}/tags/delete/<revpath:tag>", tags.remove_tag, name="tag-delete"),
]
