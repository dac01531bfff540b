"""All URLs. Protocol roots come first: their suffix (.git, .dvc, .mlflow) can't be part of a project's name."""

from importlib.util import find_spec

from django.contrib import admin
from django.urls import include, path

from ropewalk.access.routes import PUBLIC, declared
from ropewalk.edges.web.health.views import healthz, readyz

urlpatterns = [
    # Not through the guard: a probe must get its answer when the database is away.
    declared(
        path("", include([path("healthz", healthz, name="healthz"), path("readyz", readyz, name="readyz")])),  # type: ignore[arg-type]
        needs=PUBLIC,
    ),
    declared(path("admin/", admin.site.urls), needs="staff, checked by Django's admin"),  # type: ignore[arg-type]
    declared(path("accounts/", include("allauth.account.urls")), needs="public or signed in, checked by allauth"),
]
for _edge in ("git_http", "dvc_http", "mlflow_http", "api", "web"):
    if find_spec(f"ropewalk.edges.{_edge}.urls"):
        urlpatterns.append(path("", include(f"ropewalk.edges.{_edge}.urls")))

handler400 = "ropewalk.edges.web.errors.bad_request"
handler404 = "ropewalk.edges.web.errors.not_found"
handler500 = "ropewalk.edges.web.errors.server_error"
