"""Routes of forks."""

from functools import partial

from ropewalk.access.roles import Permission
from ropewalk.access.routes import project_route
from ropewalk.edges.web.errors import html_error
from ropewalk.edges.web.forks import views

_project = partial(project_route, on_error=html_error)
_P = "<str:owner>/<str:project>"

urlpatterns = [
    _project(f"{_P}/fork", views.fork, needs=Permission.PROJECT_FORK, name="project-fork"),
    _project(f"{_P}/fork/sync", views.sync, needs=Permission.CODE_WRITE, name="fork-sync"),
    _project(f"{_P}/forks", views.forks, needs=Permission.PROJECT_VIEW, name="project-forks"),
]
