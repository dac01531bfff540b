"""Routes of the experiments table, runs and comparisons."""

from functools import partial

from ropewalk.access.roles import Permission
from ropewalk.access.routes import project_route
from ropewalk.edges.web.errors import html_error
from ropewalk.edges.web.experiments import (
    changes,
    compare,
    comparison_export,
    exporting,
    reproduce,
    run,
    saved,
    views,
)

_project = partial(project_route, on_error=html_error)
_P = "<str:owner>/<str:project>"

urlpatterns = [
    _project(f"{_P}/experiments", views.experiments, needs=Permission.RUNS_READ, name="experiments"),
    _project(f"{_P}/experiments/values", views.values, needs=Permission.RUNS_READ, name="run-values"),
    _project(f"{_P}/experiments/export", exporting.export, needs=Permission.RUNS_READ, name="runs-export"),
    _project(f"{_P}/experiments/views", saved.save, needs=Permission.RUNS_READ, name="view-save"),
    _project(
        f"{_P}/experiments/views/<int:view_id>/delete",
        saved.remove,
        needs=Permission.RUNS_READ,
        name="view-delete",
    ),
    _project(f"{_P}/experiments/runs", changes.change, needs=Permission.RUNS_WRITE, name="runs-change"),
    _project(
        f"{_P}/experiments/compare", compare.comparisons, needs=Permission.ANALYSES_READ, name="comparisons"
    ),
    _project(
        f"{_P}/experiments/compare/new", compare.start, needs=Permission.ANALYSES_START, name="comparison-new"
    ),
    _project(
        f"{_P}/experiments/compare/<int:number>",
        compare.comparison,
        needs=Permission.ANALYSES_READ,
        name="comparison",
    ),
    _project(
        f"{_P}/experiments/compare/<int:number>/export",
        comparison_export.export,
        needs=Permission.ANALYSES_READ,
        name="comparison-export",
    ),
    _project(f"{_P}/runs/<str:run_id>", run.run, needs=Permission.RUNS_READ, name="run"),
    _project(
        f"{_P}/runs/<str:run_id>/reproduce",
        reproduce.reproduce,
        needs=Permission.RUNS_READ,
        name="run-reproduce",
    ),
    _project(
        f"{_P}/runs/<str:run_id>/certificate.json",
        reproduce.certificate,
        needs=Permission.RUNS_READ,
        name="run-certificate",
    ),
    _project(
        f"{_P}/runs/<str:run_id>/artifacts/<path:path>",
        run.artifact,
        needs=Permission.RUNS_READ,
        name="artifact",
    ),
]
