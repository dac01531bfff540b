"""The run table and single runs. A page costs a constant number of queries, whatever it shows."""

from collections import defaultdict
from collections.abc import Collection, Sequence

from django.db.models import Exists, F, OuterRef, QuerySet

from ropewalk.core.errors import NotFound
from ropewalk.core.pagination import COUNT_BOUND, Page
from ropewalk.tracking import filters, ordering
from ropewalk.tracking.models import Dataset, Link, LinkTag, LoggedModelRow, Run, RunMetric, RunParam, RunTag
from ropewalk.tracking.selectors.histories import metric_histories
from ropewalk.tracking.selectors.registry import versions_of_runs
from ropewalk.tracking.types import (
    ARCHIVED_TAG,
    COMMIT_TAG,
    PARENT_TAG,
    STAR_TAG,
    ComparableRun,
    DatasetInput,
    LatestMetric,
    LoggedModel,
    MetricHistory,
    RunDetail,
    RunRow,
    Shown,
    moment,
    stored_value,
)

MODEL_STATUS = {0: "UNSPECIFIED", 1: "PENDING", 2: "READY", 3: "FAILED"}
CHILDREN_SHOWN = 200


def runs_in(
    project_id: int, experiment_ids: Collection[str] | None = None, *, shown: Shown | None = None
) -> QuerySet[Run]:
    """The project's runs; ids that are not numbers match nothing. ``shown`` None: all that are not deleted, archived ones too."""
    rows = Run.objects.for_project(project_id).select_related("experiment")
    deleted = shown is Shown.DELETED
    rows = rows.filter(lifecycle_stage="deleted" if deleted else "active")
    if shown is Shown.STARRED:
        rows = rows.filter(_tagged(STAR_TAG))
    elif shown is Shown.ARCHIVED:
        rows = rows.filter(_tagged(ARCHIVED_TAG))
    elif shown is Shown.ACTIVE:
        rows = rows.filter(~_tagged(ARCHIVED_TAG))
    if experiment_ids is None:
        return rows if deleted else rows.filter(experiment__lifecycle_stage="active")
    numbers = [int(one) for one in experiment_ids if one.isascii() and one.isdigit() and len(one) < 10]
    return rows.filter(experiment_id__in=numbers)


def _tagged(key: str) -> Exists:
    return Exists(
        RunTag.objects.unscoped("tied to a run by OuterRef").filter(run_id=OuterRef("run_uuid"), key=key)
    )


def rows_of(
    runs: Sequence[Run],
    *,
    metric_keys: Collection[str] | None = None,
    param_keys: Collection[str] | None = None,
) -> list[RunRow]:
    """Values for model rows already scoped: three more queries for all of them, of the wanted keys only."""
    ids = [run.run_uuid for run in runs]
    reason = "by the ids of runs already scoped"
    metrics: dict[str, dict[str, float]] = defaultdict(dict)
    wanted_metrics = RunMetric.objects.unscoped(reason).filter(run_id__in=ids)
    if metric_keys is not None:
        wanted_metrics = wanted_metrics.filter(key__in=metric_keys)
    for run_id, key, value, is_nan in wanted_metrics.order_by("key").values_list(
        "run_id", "key", "value", "is_nan"
    ):
        metrics[run_id][key] = stored_value(value, is_nan)
    params: dict[str, dict[str, str]] = defaultdict(dict)
    wanted_params = RunParam.objects.unscoped(reason).filter(run_id__in=ids)
    if param_keys is not None:
        wanted_params = wanted_params.filter(key__in=param_keys)
    for run_id, key, text in wanted_params.order_by("key").values_list("run_id", "key", "value"):
        params[run_id][key] = text
    tags: dict[str, dict[str, str]] = defaultdict(dict)
    for run_id, key, tag in (
        RunTag.objects.unscoped(reason)
        .filter(run_id__in=ids)
        .order_by("key")
        .values_list("run_id", "key", "value")
    ):
        tags[run_id][key] = tag or ""
    return [_row(run, metrics[run.run_uuid], params[run.run_uuid], tags[run.run_uuid]) for run in runs]


def _row(run: Run, metrics: dict[str, float], params: dict[str, str], tags: dict[str, str]) -> RunRow:
    """One run's value."""
    ended = run.end_time if run.end_time is not None and run.start_time else None
    return RunRow(
        run_id=run.run_uuid,
        name=run.name or run.run_uuid[:8],
        experiment_id=str(run.experiment_id),
        experiment_name=run.experiment.name,
        status=run.status,
        user=run.user_id or tags.get("mlflow.user", ""),
        lifecycle_stage=run.lifecycle_stage,
        started_at=moment(run.start_time),
        ended_at=moment(run.end_time),
        duration_ms=None if ended is None else max(0, ended - (run.start_time or 0)),
        artifact_uri=run.artifact_uri or "",
        metrics=metrics,
        params=params,
        tags=tags,
    )


def list_runs(
    project_id: int,
    *,
    experiment_ids: Collection[str] | None = None,
    filter_text: str = "",
    order: str = "",
    page: int = 1,
    per_page: int = 50,
    shown: Shown | None = None,
    metric_keys: Collection[str] | None = None,
    param_keys: Collection[str] | None = None,
) -> Page[RunRow]:
    """One page of the run table.

    ``filter_text`` is MLflow's filter language, ``order`` e.g. ``metrics.loss DESC`` or ``params.lr`` or ``duration``; both raise
    :class:`InvalidFilter` with a text that says what is wrong. ``experiment_ids`` None means every active experiment;
    ``metric_keys`` and ``param_keys`` limit what is read of each run. Five queries: page, count, metrics, params, tags.
    """
    per_page = min(max(per_page, 1), 500)
    start = (max(page, 1) - 1) * per_page
    matching = filters.apply(runs_in(project_id, experiment_ids, shown=shown), filter_text)
    found = list(ordering.apply(matching, order)[start : start + per_page + 1])
    total = matching.order_by()[: COUNT_BOUND + 1].count()
    return Page(
        items=rows_of(found[:per_page], metric_keys=metric_keys, param_keys=param_keys),
        number=max(page, 1),
        per_page=per_page,
        total=min(total, COUNT_BOUND),
        has_next=len(found) > per_page,
        total_exact=total <= COUNT_BOUND,
    )


def count_runs(project_id: int) -> int:
    """The number of active runs, counted up to a bound."""
    return runs_in(project_id).order_by()[: COUNT_BOUND + 1].count()


def latest_runs(project_id: int, limit: int = 5) -> list[RunRow]:
    """The newest active runs."""
    return rows_of(list(ordering.apply(runs_in(project_id), "")[:limit]))


def runs_by_ids(project_id: int, run_ids: Collection[str]) -> list[RunRow]:
    """The project's runs among ``run_ids``, in the order asked for; others are left out."""
    ids = list(dict.fromkeys(run_ids))
    found = Run.objects.for_project(project_id).select_related("experiment").filter(run_uuid__in=ids)
    place = {run_id: position for position, run_id in enumerate(ids)}
    return sorted(rows_of(list(found)), key=lambda row: place[row.run_id])


def runs_of_commits(project_id: int, shas: Collection[str], *, limit: int = 200) -> dict[str, list[RunRow]]:
    """Active runs that recorded one of these commits, by commit, newest first."""
    tagged = RunTag.objects.for_project(project_id).filter(key=COMMIT_TAG, value__in=list(shas))
    ids = tagged.filter(run__lifecycle_stage="active").values_list("run_id", flat=True)
    found = rows_of(list(ordering.apply(runs_in(project_id).filter(run_uuid__in=ids), "")[:limit]))
    by_commit: dict[str, list[RunRow]] = defaultdict(list)
    for row in found:
        by_commit[row.commit].append(row)
    return dict(by_commit)


def last_runs_of_commits(project_id: int, shas: Collection[str]) -> dict[str, RunRow]:
    """The newest active run that recorded each of these commits. Four queries, however many runs a commit has."""
    tagged = RunTag.objects.for_project(project_id).filter(
        key=COMMIT_TAG,
        value__in=list(shas),
        run__lifecycle_stage="active",
        run__experiment__lifecycle_stage="active",
    )
    newest = tagged.order_by("value", F("run__start_time").desc(nulls_last=True), "run_id").distinct("value")
    runs = runs_in(project_id).filter(run_uuid__in=newest.values("run_id"))
    return {row.commit: row for row in rows_of(list(runs))}


def comparable_runs(
    project_id: int, run_ids: Collection[str], *, max_points: int = 500
) -> list[ComparableRun]:
    """Runs with all their metrics' curves, down-sampled to ``max_points`` each, for the comparison runner."""
    rows = runs_by_ids(project_id, run_ids)
    curves: dict[str, list[MetricHistory]] = defaultdict(list)
    for history in metric_histories(project_id, [row.run_id for row in rows], max_points=max_points):
        curves[history.run_id].append(history)
    return [ComparableRun(run=row, histories=tuple(curves[row.run_id])) for row in rows]


def get_run(project_id: int, run_id: str) -> RunDetail:
    """One run with its latest metrics, inputs, models, versions and children. Raises :class:`NotFound`."""
    run = Run.objects.for_project(project_id).select_related("experiment").filter(run_uuid=run_id).first()
    if run is None:
        raise NotFound("There is no such run in this project.")
    reason = "by the id of a run already scoped"
    metrics = RunMetric.objects.unscoped(reason).filter(run_id=run_id).order_by("key")
    children = (
        RunTag.objects.for_project(project_id)
        .filter(key=PARENT_TAG, value=run_id)
        .values_list("run_id", flat=True)
    )
    nested = ordering.apply(runs_in(project_id).filter(run_uuid__in=children), "")[:CHILDREN_SHOWN]
    return RunDetail(
        run=rows_of([run])[0],
        latest=tuple(
            LatestMetric(m.key, stored_value(m.value, m.is_nan), m.step, moment(m.timestamp)) for m in metrics
        ),
        inputs=_inputs(run),
        models=_models(project_id, run_id),
        versions=tuple(versions_of_runs(project_id, [run_id])),
        children=tuple(rows_of(list(nested))),
    )


def _inputs(run: Run) -> tuple[DatasetInput, ...]:
    """The data sets that a scoped run declared."""
    links = {
        link.source_id: link.input_uuid
        for link in Link.objects.filter(
            destination_type="RUN", destination_id=run.run_uuid, source_type="DATASET"
        )
    }
    named = LinkTag.objects.filter(input_uuid__in=links.values(), name="mlflow.data.context")
    contexts = dict(named.values_list("input_uuid", "value"))
    sets = Dataset.objects.unscoped("by links of a run already scoped").filter(
        experiment_id=run.experiment_id, dataset_uuid__in=links
    )
    return tuple(
        DatasetInput(
            name=one.name,
            digest=one.digest,
            source_type=one.dataset_source_type,
            source=one.dataset_source,
            schema=one.dataset_schema or "",
            profile=one.dataset_profile or "",
            context=contexts.get(links[one.dataset_uuid], ""),
        )
        for one in sets.order_by("name", "digest")
    )


def _models(project_id: int, run_id: str) -> tuple[LoggedModel, ...]:
    """The models that a run put out."""
    links = Link.objects.filter(source_type="RUN_OUTPUT", source_id=run_id, destination_type="MODEL_OUTPUT")
    ids = list(links.values_list("destination_id", flat=True))
    rows = (
        LoggedModelRow.objects.for_project(project_id)
        .filter(model_id__in=ids)
        .exclude(lifecycle_stage="deleted")
    )
    return tuple(
        LoggedModel(
            model_id=row.model_id,
            name=row.name,
            model_type=row.model_type or "",
            status=MODEL_STATUS.get(row.status, str(row.status)),
            source_run_id=row.source_run_id or "",
            created_at=moment(row.creation_timestamp_ms),
        )
        for row in rows.order_by("creation_timestamp_ms", "model_id")
    )
