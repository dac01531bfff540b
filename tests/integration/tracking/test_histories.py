"""Thinned metric histories keep what a curve shows: its ends and its extremes."""

import math

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ropewalk.projects.models import Project
from ropewalk.tracking import selectors
from tests.integration.tracking.logbook import Logbook


def test_a_short_history_is_whole(project: Project, logbook: Logbook) -> None:
    run_id = logbook.run()
    logbook.history(run_id, "loss", [3.0, math.nan, 1.0, math.inf])
    (history,) = selectors.metric_histories(project.pk, [run_id])
    assert (
        [point.step for point in history.points] == [0, 1, 2, 3]
        and history.total == 4
        and not history.sampled
    )
    assert math.isnan(history.points[1].value) and history.points[3].value == math.inf


def test_a_long_history_is_thinned_and_keeps_a_spike(project: Project, logbook: Logbook) -> None:
    run_id = logbook.run()
    values = [math.sin(step / 100) for step in range(5000)]
    values[3333] = 99.0
    values[1234] = -99.0
    logbook.history(run_id, "loss", values)
    (history,) = selectors.metric_histories(project.pk, [run_id], ["loss"], max_points=100)
    assert len(history.points) <= 100 and history.total == 5000 and history.sampled
    steps = [point.step for point in history.points]
    assert steps == sorted(steps) and steps[0] == 0 and steps[-1] == 4999
    assert {point.value for point in history.points} >= {99.0, -99.0}


def test_several_runs_and_keys_come_in_the_order_asked_for(project: Project, logbook: Logbook) -> None:
    first, second = logbook.run(), logbook.run()
    for run_id in (first, second):
        logbook.history(run_id, "b", [1, 2])
        logbook.history(run_id, "a", [1])
    found = selectors.metric_histories(project.pk, [second, first])
    assert [(one.run_id, one.key) for one in found] == [
        (second, "a"),
        (second, "b"),
        (first, "a"),
        (first, "b"),
    ]
    compared = selectors.comparable_runs(project.pk, [second, first])
    assert [(one.run.run_id, [h.key for h in one.histories]) for one in compared] == [
        (second, ["a", "b"]),
        (first, ["a", "b"]),
    ]


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(values=st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=60), most=st.integers(4, 30))
def test_ends_and_extremes_always_survive(
    project: Project, logbook: Logbook, values: list[float], most: int
) -> None:
    run_id = logbook.run()
    logbook.history(run_id, "m", values)
    (history,) = selectors.metric_histories(project.pk, [run_id], max_points=most)
    kept = [point.value for point in history.points]
    assert len(kept) <= most and history.total == len(values)
    assert (kept[0], kept[-1], min(kept), max(kept)) == (values[0], values[-1], min(values), max(values))
