"""Routes of changes."""

from functools import partial

import ropewalk.edges.web.files.urls  # noqa: F401  # it makes the converter known
from ropewalk.access.roles import Permission
from ropewalk.access.routes import project_route
from ropewalk.edges.web.diffs import views
from ropewalk.edges.web.errors import html_error

_project = partial(project_route, on_error=html_error)
_P = "<str:owner>/<str:project>"

urlpatterns = [
    _project(f"{_P}/commit/<str:sha>", views.commit, needs=Permission.CODE_READ, name="commit"),
    _project(f"{_P}/compare", views.choose, needs=Permission.CODE_READ, name="compare"),
    _project(
        f"{_P}/compare/<revpath:rev_path>",
        views.compare,
        needs=Permission.CODE_READ,
        name="compare-revisions",
    ),
    _project(
        f"{_P}/diff/<str:base>/<str:head>/<revpath:path>",
        views.file,
        needs=Permission.CODE_READ,
        name="diff-file",
    ),
]
