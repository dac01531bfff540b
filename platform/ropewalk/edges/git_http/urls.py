"""git's addresses: ``/<owner>/<project>.git/…``, and the same without ``.git``, which people type."""

from collections.abc import Callable
from typing import Any

from django.http import HttpResponseBase
from django.urls import URLPattern

from ropewalk.access.roles import Permission
from ropewalk.access.routes import project_route
from ropewalk.edges.git_http import views


def _route(pattern: str, view: Callable[..., HttpResponseBase], name: str, **options: Any) -> URLPattern:
    return project_route(
        pattern,
        view,
        needs=Permission.CODE_READ,
        name=name,
        on_error=views.text_error,
        csrf=False,
        challenge=True,
        **options,
    )


# A client that asks by a former name learns the present one from its first request, the only one whose redirect git follows.
# Pushing passes the gate a second time, with CODE_WRITE: info/refs learns only from its query string that it is a push.
urlpatterns = []
for _suffix, _name in ((".git", "git"), ("", "git-plain")):
    _base = f"<str:owner>/<str:project>{_suffix}"
    urlpatterns += [
        _route(f"{_base}/info/refs", views.info_refs, f"{_name}-info-refs", leads_on=True),
        _route(f"{_base}/git-upload-pack", views.upload_pack, f"{_name}-upload-pack"),
        _route(f"{_base}/git-receive-pack", views.receive_pack, f"{_name}-receive-pack"),
        _route(f"{_base}/info/lfs/<path:rest>", views.large_files, f"{_name}-lfs"),
    ]
urlpatterns += [
    _route("<str:owner>/<str:project>.git", views.browser, "git-browser"),
    _route("<str:owner>/<str:project>.git/", views.browser, "git-browser-slash"),
    _route("<str:owner>/<str:project>.git/<path:rest>", views.dumb, "git-dumb"),
]
