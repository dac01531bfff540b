"""Routes of the pipeline."""

from functools import partial

from ropewalk.access.roles import Permission
from ropewalk.access.routes import project_route
from ropewalk.edges.web.errors import html_error
from ropewalk.edges.web.pipeline import plots, views
from ropewalk.repos import urlpaths  # noqa: F401  # registers the converter ``revpath``

_read = partial(project_route, on_error=html_error, needs=Permission.DATA_READ)
_P = "<str:owner>/<str:project>"

urlpatterns = [
    _read(f"{_P}/pipeline", views.newest, name="pipeline"),
    _read(f"{_P}/pipeline/<revpath:rev_path>", views.pipeline, name="pipeline-at"),
    _read(f"{_P}/plots", plots.newest, name="plots"),
    _read(f"{_P}/plots/<revpath:rev_path>", plots.plots, name="plots-at"),
]
