"""Routes of writing: each takes ``<branch>/<path>``."""

from functools import partial

from ropewalk.access.roles import Permission
from ropewalk.access.routes import project_route
from ropewalk.edges.web.errors import html_error
from ropewalk.edges.web.files import urls as files  # noqa: F401  # registers the converter ``revpath``
from ropewalk.edges.web.writing import views

_write = partial(project_route, on_error=html_error, needs=Permission.CODE_WRITE)
_P = "<str:owner>/<str:project>"

urlpatterns = [
    _write(f"{_P}/edit/<revpath:rev_path>", views.edit, name="file-edit"),
    _write(f"{_P}/new/<revpath:rev_path>", views.create, name="file-new"),
    _write(f"{_P}/upload/<revpath:rev_path>", views.upload, name="file-upload"),
    _write(f"{_P}/move/<revpath:rev_path>", views.move, name="file-move"),
    _write(f"{_P}/delete/<revpath:rev_path>", views.delete, name="file-delete"),
]
