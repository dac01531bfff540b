"""Experiments of a project."""

from django.db.models import Count, IntegerField, Max, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce

from ropewalk.core.errors import NotFound
from ropewalk.tracking.models import Experiment, Run
from ropewalk.tracking.types import ExperimentSummary, moment


def _with_counts(rows: QuerySet[Experiment]) -> QuerySet[Experiment]:
    """Annotate each experiment with its active runs and the newest start."""
    runs = Run.objects.unscoped("tied to an experiment by OuterRef").filter(
        experiment_id=OuterRef("experiment_id"), lifecycle_stage="active"
    )
    grouped = runs.order_by().values("experiment_id")
    return rows.annotate(
        run_count=Coalesce(
            Subquery(grouped.annotate(n=Count("run_uuid")).values("n"), output_field=IntegerField()), 0
        ),
        last_run=Subquery(grouped.annotate(last=Max("start_time")).values("last")),
    )


def _summary(row: Experiment) -> ExperimentSummary:
    """The value for one annotated row."""
    return ExperimentSummary(
        id=str(row.experiment_id),
        name=row.name,
        lifecycle_stage=row.lifecycle_stage,
        created_at=moment(row.creation_time),
        updated_at=moment(row.last_update_time),
        run_count=getattr(row, "run_count", 0),
        last_run_at=moment(getattr(row, "last_run", None)),
    )


def list_experiments(
    project_id: int, *, include_deleted: bool = False, limit: int = 200
) -> list[ExperimentSummary]:
    """The project's experiments, the one with the newest run first. One query."""
    rows = Experiment.objects.for_project(project_id)
    if not include_deleted:
        rows = rows.filter(lifecycle_stage="active")
    ordered = sorted(
        _with_counts(rows).order_by("-creation_time", "experiment_id")[:limit],
        key=lambda row: (getattr(row, "last_run", None) or 0, row.creation_time or 0),
        reverse=True,
    )
    return [_summary(row) for row in ordered]


def get_experiment(project_id: int, experiment_id: str) -> ExperimentSummary:
    """One experiment of the project. Raises :class:`NotFound`."""
    if not experiment_id.isascii() or not experiment_id.isdigit() or len(experiment_id) > 9:
        raise NotFound(f"There is no experiment {experiment_id}.")
    row = (
        _with_counts(Experiment.objects.for_project(project_id))
        .filter(experiment_id=int(experiment_id))
        .first()
    )
    if row is None:
        raise NotFound(f"There is no experiment {experiment_id}.")
    return _summary(row)
