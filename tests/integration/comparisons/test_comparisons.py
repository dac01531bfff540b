"""Runs that MLflow wrote, compared by a worker, stored once per choice and computed again only when they changed."""

import json
import math
from collections.abc import Callable

import pytest

from ropewalk.access.types import ProjectAccess
from ropewalk.comparisons import selectors, services
from ropewalk.comparisons.errors import BadChoice, ComparisonNotFound
from ropewalk.comparisons.models import Comparison
from ropewalk.core.models import Job
from ropewalk.projects.models import Project
from tests.factories.builders import make_project
from tests.integration.tracking.logbook import Logbook

Work = Callable[[], list[Job]]


def test_three_runs_side_by_side(
    access: ProjectAccess, project: Project, logbook: Logbook, work: Work
) -> None:
    runs = [
        logbook.run(
            name=f"run {seed}",
            params={"lr": lr, "seed": str(seed), "depth": "3"},
            metrics={"accuracy": accuracy, "odd": odd},
            tags={"team": "a", "mlflow.source.git.commit": "c" * 40},
        )
        for seed, lr, accuracy, odd in (
            (1, "0.1", 0.8, 1.0),
            (2, "0.1", 0.9, math.nan),
            (3, "0.5", 0.7, math.inf),
        )
    ]
    logbook.history(runs[0], "loss", [3.0, math.nan, 1.0])
    logbook.history(runs[1], "loss", [2.0, 1.5])
    number = services.request_comparison(access=access, run_ids=runs)
    (job,) = work()
    assert job.state == "succeeded", job.error_detail
    assert job.result == {"runs": 3, "metrics": 3, "params": 3}

    found = selectors.get_comparison(project.pk, number)
    assert found.result is not None and not found.stale and found.run_ids == tuple(runs)
    result = found.result
    assert [run["name"] for run in result["runs"]] == ["run 1", "run 2", "run 3"]
    assert result["runs"][0]["commit"] == "c" * 40 and result["runs"][0]["duration_ms"] == 1000
    assert [(row["name"], row["differs"]) for row in result["params"]] == [
        ("lr", True),
        ("seed", True),
        ("depth", False),
    ]
    metrics = {row["name"]: row for row in result["metrics"]}
    assert metrics["accuracy"]["best"] == [1] and metrics["accuracy"]["direction"] == "higher"
    assert metrics["odd"]["values"] == [1.0, "NaN", "Infinity"] and metrics["odd"]["best"] == []
    assert metrics["loss"]["values"] == [1.0, 1.5, None]
    (curve,) = result["curves"]
    assert curve["name"] == "loss" and curve["series"][0]["values"] == [3.0, None, 1.0]
    assert [group["runs"] for group in result["groups"]] == [[0, 1], [2]]
    accuracy = next(row for row in result["groups"][0]["metrics"] if row["name"] == "accuracy")
    assert accuracy["mean"] == pytest.approx(0.85) and accuracy["low"] < 0.8 and accuracy["high"] > 0.9


def test_the_same_choice_is_one_comparison_until_a_run_changes(
    access: ProjectAccess, project: Project, logbook: Logbook, work: Work
) -> None:
    runs = [logbook.run(metrics={"f1": value}) for value in (0.5, 0.6)]
    assert services.request_comparison(access=access, run_ids=[*runs, runs[0]]) == 1
    assert services.request_comparison(access=access, run_ids=runs) == 1
    assert [job.state for job in work()] == ["succeeded"]
    assert services.request_comparison(access=access, run_ids=runs) == 1 and work() == []
    assert (
        services.request_comparison(access=access, run_ids=runs[::-1]) == 2
    )  # another order is another question

    logbook.history(runs[0], "f1", [0.7])
    stale = selectors.get_comparison(project.pk, 1)
    assert stale.stale and stale.result is not None
    assert services.request_comparison(access=access, run_ids=runs) == 1
    assert (
        selectors.get_comparison(project.pk, 1).result == stale.result
    )  # the old one stays until there is a new one
    work()
    fresh = selectors.get_comparison(project.pk, 1)
    assert not fresh.stale and fresh.result is not None and fresh.result["metrics"][0]["best"] == [0]
    assert [one.number for one in selectors.list_comparisons(project.pk).items] == [2, 1]


def test_a_result_of_an_outdated_question_is_not_kept(
    access: ProjectAccess, project: Project, logbook: Logbook
) -> None:
    runs = [logbook.run(), logbook.run()]
    services.request_comparison(access=access, run_ids=runs)
    row = Comparison.objects.for_project(project.pk).get()
    for fingerprint, kept in (("outdated", False), (row.fingerprint, True)):
        stored = services.store_result(
            project_id=project.pk, comparison_id=row.pk, fingerprint=fingerprint, result={}, runner_version=1
        )
        assert stored is kept


def test_choices_are_checked(access: ProjectAccess, logbook: Logbook) -> None:
    mine, others = logbook.run(), Logbook(make_project().pk).run()
    for choice in ([], [mine], [mine, mine], [mine, others], [mine, "f" * 32], [mine, *map(str, range(60))]):
        with pytest.raises(BadChoice):
            services.request_comparison(access=access, run_ids=choice)


def test_another_project_sees_none_of_it(access: ProjectAccess, logbook: Logbook, work: Work) -> None:
    services.request_comparison(access=access, run_ids=[logbook.run(), logbook.run()])
    other = make_project()
    assert selectors.list_comparisons(other.pk).items == []
    with pytest.raises(ComparisonNotFound):
        selectors.get_comparison(other.pk, 1)
    row = Comparison.objects.for_project(access.project.id).get()
    with pytest.raises(ComparisonNotFound):
        selectors.runs_of_comparison(other.pk, row.pk)


def test_many_long_curves_stay_small_enough_for_a_page(
    access: ProjectAccess, project: Project, logbook: Logbook, work: Work, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("workers.runners.compare_runs._ALL_POINTS", 2000)
    runs = [logbook.run(name=str(index)) for index in range(4)]
    for run_id in runs:
        for key in ("a", "b"):
            logbook.history(run_id, key, [math.sin(step / 9) for step in range(3000)])
    number = services.request_comparison(access=access, run_ids=runs)
    work()
    result = selectors.get_comparison(project.pk, number).result
    assert result is not None and len(json.dumps(result)) < 200_000
    series = [one for curve in result["curves"] for one in curve["series"]]
    assert len(series) == 8
    for one in series:
        assert len(one["steps"]) == len(one["values"]) <= 250 and one["total"] == 3000
        assert one["steps"][0] == 0 and one["steps"][-1] == 2999
        assert max(one["values"]) > 0.999 and min(one["values"]) < -0.999
