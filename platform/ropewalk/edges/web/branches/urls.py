"""Routes of branches. Names go in the query and in the form: they may hold anything that git allows."""

from functools import partial

from ropewalk.access.roles import Permission
from ropewalk.access.routes import project_route
from ropewalk.edges.web.branches import rules, views
from ropewalk.edges.web.errors import html_error

_project = partial(project_route, on_error=html_error)
_settings = partial(_project, needs=Permission.SETTINGS_WRITE)
_P = "<str:owner>/<str:project>/branches"
_SETTINGS = "<str:owner>/<str:project>/settings/branches"

urlpatterns = [
    _project(_P, views.branches, needs=Permission.CODE_READ, name="branches"),
    _project(f"{_P}/new", views.new, needs=Permission.CODE_WRITE, name="branch-new"),
    _project(f"{_P}/rename", views.rename, needs=Permission.CODE_WRITE, name="branch-rename"),
    _project(f"{_P}/delete", views.delete, needs=Permission.CODE_WRITE, name="branch-delete"),
    _project(f"{_P}/restore", views.restore, needs=Permission.CODE_WRITE, name="branch-restore"),
    _project(f"{_P}/default", views.default, needs=Permission.SETTINGS_WRITE, name="branch-default"),
    _settings(_SETTINGS, rules.rules, name="branch-rules"),
    _settings(f"{_SETTINGS}/new", rules.new, name="branch-rule-new"),
    _settings(f"{_SETTINGS}/covered", rules.covered, name="branch-rule-covered"),
    _settings(f"{_SETTINGS}/<int:protection_id>", rules.change, name="branch-rule"),
    _settings(f"{_SETTINGS}/<int:protection_id>/delete", rules.remove, name="branch-rule-delete"),
]
