"""Routes of drift reports."""

from functools import partial

from ropewalk.access.roles import Permission
from ropewalk.access.routes import project_route
from ropewalk.edges.web.drift import views
from ropewalk.edges.web.errors import html_error

_project = partial(project_route, on_error=html_error)
_P = "<str:owner>/<str:project>"

urlpatterns = [
    _project(f"{_P}/drift", views.reports, needs=Permission.ANALYSES_READ, name="drift"),
    _project(f"{_P}/drift/new", views.new, needs=Permission.ANALYSES_START, name="drift-new"),
    _project(f"{_P}/drift/<int:number>", views.report, needs=Permission.ANALYSES_READ, name="drift-report"),
]
