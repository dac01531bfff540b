"""One run's page shows what exactly happened."""

import mimetypes
from typing import Any
from urllib.parse import quote

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse

from ropewalk.access.types import ProjectAccess
from ropewalk.core import blobs
from ropewalk.data import selectors as data
from ropewalk.edges.web.data.availability import stock_of
from ropewalk.edges.web.experiments.curves import charts_of
from ropewalk.edges.web.frame import project_page
from ropewalk.edges.web.rendering import markdown
from ropewalk.repos import selectors as repos
from ropewalk.tracking import selectors as tracking
from ropewalk.tracking.types import RunDetail

MOST_CHARTS = 24
CHART_POINTS = 800
MOST_OUTPUTS = 20
_SHOWN_INLINE = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp"})


def run(request: HttpRequest, access: ProjectAccess, run_id: str) -> HttpResponse:
    """Status, parameters, metrics with their curves, artifacts, data sets, models and the commit."""
    detail = tracking.get_run(access.project.id, run_id)
    folder = request.GET.get("artifacts", "").strip("/")
    context = {
        **_metrics(access.project.id, detail),
        "detail": detail,
        "run": detail.run,
        "note": markdown(detail.run.note) if detail.run.note else "",
        "reproduce_url": f"{access.project.path}/runs/{run_id}/reproduce",
        "source": detail.run.tags.get("mlflow.source.name", ""),
        "params": sorted(detail.run.params.items()),
        "tags": sorted(detail.run.user_tags.items()),
        "changing": request.GET.get("change", ""),
        "artifacts": tracking.list_artifacts(access.project.id, run_id, folder, limit=500),
        "folder": folder,
        "parent_folder": folder.rpartition("/")[0],
        **_commit(access, detail.run.commit),
    }
    return project_page(request, access, "experiments/run.html", "experiments", context)


def _commit(access: ProjectAccess, sha: str) -> dict[str, Any]:
    """Whether the run's commit is here, whether its data is, and what that is."""
    if not sha or not repos.commit_exists(access.project.id, sha):
        return {"commit_here": False}
    outputs, total = data.first_outputs(access.project.id, sha, MOST_OUTPUTS)
    return {
        "commit_here": True,
        "stock": stock_of(access, sha),
        "outputs": outputs,
        "outputs_total": total,
    }


def _metrics(project_id: int, detail: RunDetail) -> dict[str, Any]:
    """The latest values, and a chart of each metric that was logged more than once; system metrics apart."""
    own = [metric for metric in detail.latest if not metric.key.startswith("system/")]
    system = [metric for metric in detail.latest if metric.key.startswith("system/")]
    drawn = [metric.key for metric in own][:MOST_CHARTS] + [metric.key for metric in system][:MOST_CHARTS]
    histories = (
        tracking.metric_histories(project_id, [detail.run.run_id], drawn, max_points=CHART_POINTS)
        if drawn
        else []
    )
    charts = charts_of(histories, {detail.run.run_id: detail.run.name})
    return {
        "metrics": own,
        "charts": [chart for chart in charts if not chart.name.startswith("system/")],
        "system_charts": [chart for chart in charts if chart.name.startswith("system/")],
    }


def artifact(request: HttpRequest, access: ProjectAccess, run_id: str, path: str) -> StreamingHttpResponse:
    """An artifact's bytes; pictures are shown, everything else is saved to a file, so that no artifact runs in our origin."""
    stat = tracking.artifact_of_run(access.project.id, run_id, path)
    kind = mimetypes.guess_type(path)[0] or ""
    inline = kind in _SHOWN_INLINE
    response = StreamingHttpResponse(
        blobs.store().read(stat.key), content_type=kind if inline else "application/octet-stream"
    )
    response.headers["Content-Length"] = str(stat.size)
    name = quote(path.rpartition("/")[2])
    response.headers["Content-Disposition"] = (
        f"{'inline' if inline else 'attachment'}; filename*=UTF-8''{name}"
    )
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return response
