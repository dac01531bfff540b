"""All URLs. Protocol roots come first: their suffix (.git, .dvc, .s3, .mlflow) can't be part of a project's name."""

from django.contrib import admin
from django.urls import include, path

from ropewalk.access.routes import PUBLIC, declared
from ropewalk.edges.web.health.views import healthz, readyz

urlpatterns = [
    # Not through the guard: a probe must get its answer when the database is away.
    declared(
        path("", include([path("healthz", healthz, name="healthz"), path("readyz", readyz, name="readyz")])),
        needs=PUBLIC,
    ),
    declared(path("admin/", admin.site.urls), needs="staff, checked by Django's admin"),
    declared(
        path("accounts/", include("allauth.account.urls")), needs="public or signed in, checked by allauth"
    ),
    path("", include("ropewalk.edges.git_http.urls")),
    path("", include("ropewalk.edges.dvc_http.urls")),
    path("", include("ropewalk.edges.s3_http.urls")),
    path("", include("ropewalk.edges.mlflow_http.urls")),
    path("", include("ropewalk.edges.api.urls")),
    path("", include("ropewalk.edges.web.urls")),
]

handler400 = "ropewalk.edges.web.errors.bad_request"
handler404 = "ropewalk.edges.web.errors.not_found"
handler500 = "ropewalk.edges.web.errors.server_error"
