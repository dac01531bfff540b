"""Runs side by side: from MLflow's tables to a stored comparison."""

from typing import Any

from ropewalk.comparisons import services
from ropewalk.comparisons.errors import BadChoice
from ropewalk.comparisons.selectors import runs_of_comparison
from ropewalk.comparisons.types import COMPARE_RUNS
from ropewalk.core.jobs import JobKind
from ropewalk.core.models import Job
from ropewalk.tracking import selectors as tracking
from ropewalk.tracking.types import ComparableRun
from workers.analysis.compare_runs import MAX_POINTS, Curve, RunInput, compare
from workers.analysis.jsonsafe import storable
from workers.runners.base import Report

_ALL_POINTS = 100_000  # of all curves together: what a page can load
_FEWEST_POINTS = 50


class CompareRuns:
    """Parameters, metrics, seeds and curves of the chosen runs."""

    kind: JobKind = COMPARE_RUNS

    def run(self, job: Job, report: Report) -> dict[str, Any]:
        """Compute and store; the row's result names how much was compared."""
        project_id, comparison_id = job.project_id or 0, int(job.payload["comparison"])
        run_ids = runs_of_comparison(project_id, comparison_id)
        report(0.1, "Reading the runs")
        rows = tracking.runs_by_ids(project_id, run_ids)
        curves = max(sum(len(row.metrics) for row in rows), 1)
        points = max(_FEWEST_POINTS, min(MAX_POINTS, _ALL_POINTS // curves))
        runs = tracking.comparable_runs(project_id, run_ids, max_points=points)
        if len(runs) != len(run_ids):
            raise BadChoice("Some of the chosen runs are not in this project any more.")
        report(0.6, "Comparing")
        result = storable(compare([_input(run) for run in runs]))
        services.store_result(
            project_id=project_id,
            comparison_id=comparison_id,
            fingerprint=str(job.payload["fingerprint"]),
            result=result,
            runner_version=self.kind.version,
        )
        return {"runs": len(runs), "metrics": len(result["metrics"]), "params": len(result["params"])}


def _input(comparable: ComparableRun) -> RunInput:
    run = comparable.run
    curves = [
        Curve(
            metric=history.key,
            steps=[point.step for point in history.points],
            values=[point.value for point in history.points],
            total=history.total,
        )
        for history in comparable.histories
    ]
    about = {
        "experiment": run.experiment_name,
        "status": run.status,
        "user": run.user,
        "commit": run.commit,
        "started_at": run.started_at.isoformat() if run.started_at else None,
        "duration_ms": run.duration_ms,
    }
    return RunInput(run.run_id, run.name, run.params, run.metrics, run.user_tags, curves, about)
