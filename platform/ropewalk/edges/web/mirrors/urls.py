"""Routes of mirrors, in a project's settings."""

from functools import partial

from ropewalk.access.roles import Permission
from ropewalk.access.routes import project_route
from ropewalk.edges.web.errors import html_error
from ropewalk.edges.web.mirrors import pushing, views

_project = partial(project_route, on_error=html_error)
_settings = partial(_project, needs=Permission.SETTINGS_WRITE)
_P = "<str:owner>/<str:project>"

urlpatterns = [
    _settings(f"{_P}/settings/mirror", views.mirror, name="mirror"),
    _settings(f"{_P}/settings/mirror/start", views.start, name="mirror-start"),
    _settings(f"{_P}/settings/mirror/end", views.end, name="mirror-end"),
    _settings(f"{_P}/settings/mirror/sign-in", views.sign_in, name="mirror-sign-in"),
    _settings(f"{_P}/settings/mirror/hook", views.renew_hook, name="mirror-hook"),
    _project(f"{_P}/mirror/sync", views.sync, needs=Permission.CODE_SYNC, name="mirror-sync"),
    _settings(f"{_P}/settings/mirror/push/new", pushing.new, name="push-mirror-new"),
    _settings(f"{_P}/settings/mirror/push/<str:push_key>", pushing.detail, name="push-mirror"),
    _settings(f"{_P}/settings/mirror/push/<str:push_key>/remove", pushing.remove, name="push-mirror-remove"),
    _project(
        f"{_P}/mirror/push/<str:push_key>/sync",
        pushing.sync,
        needs=Permission.CODE_SYNC,
        name="push-mirror-sync",
    ),
]
