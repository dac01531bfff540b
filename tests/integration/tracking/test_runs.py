"""The run table, single runs and the registry, read from what MLflow wrote."""

import math

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from ropewalk.core.errors import Invalid, NotFound
from ropewalk.core.scoping import UnscopedQuery
from ropewalk.projects.models import Project
from ropewalk.tracking import selectors
from ropewalk.tracking.errors import InvalidFilter
from ropewalk.tracking.models import Run
from ropewalk.tracking.types import Shown
from tests.factories.builders import make_project
from tests.integration.tracking.logbook import Logbook

START = 1_700_000_000_000


@pytest.fixture
def zoo(logbook: Logbook) -> dict[str, str]:
    """Four runs that differ in each way a filter or an order can ask for."""
    other = logbook.experiment("other experiment")
    zoo = {
        "forest": logbook.run(
            name="forest",
            start=START,
            metrics={"acc": 0.9, "val loss": 0.3},
            params={"model": "Forest", "depth": "10"},
            tags={"team": "red", "mlflow.source.git.commit": "c1"},
        ),
        "linear": logbook.run(
            name="linear",
            start=START + 1,
            metrics={"acc": 0.7},
            params={"model": "linear", "depth": "9"},
            tags={"mlflow.source.git.commit": "c2"},
            status="FAILED",
        ),
        "broken": logbook.run(
            name="broken", start=START + 2, metrics={"acc": math.nan}, params={"depth": "deep"}
        ),
        "elsewhere": logbook.run(
            other, name="elsewhere", start=START + 3, metrics={"acc": 0.8, "up": math.inf}
        ),
    }
    logbook.dataset(zoo["forest"], "wine", "training")
    return zoo


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("", {"forest", "linear", "broken", "elsewhere"}),
        ("metrics.acc > 0.75", {"forest", "elsewhere"}),
        ("metrics.acc >= 0.8 and metric.acc < 0.9", {"elsewhere"}),
        ("metrics.acc != 0.7", {"forest", "elsewhere"}),
        ("metrics.acc < 1", {"forest", "linear", "elsewhere"}),
        ("metrics.acc > -1e-3", {"forest", "linear", "elsewhere"}),
        ("metrics.`val loss` = 0.3", {"forest"}),
        ('metrics."val loss" <= 0.3', {"forest"}),
        ("params.model = 'Forest'", {"forest"}),
        ('params.model = "linear"', {"linear"}),
        ("params.model != 'Forest'", {"linear"}),
        ("params.model LIKE 'For%'", {"forest"}),
        ("params.model LIKE 'for%'", set()),
        ("params.model ILIKE 'for%'", {"forest"}),
        ("params.model IS NULL", {"broken", "elsewhere"}),
        ("params.model IS NOT NULL AND attributes.status = 'FAILED'", {"linear"}),
        ("tags.team = 'red'", {"forest"}),
        ("tag.mlflow.source.git.commit = 'c2'", {"linear"}),
        ("tags.`mlflow.source.git.commit` IS NOT NULL", {"forest", "linear"}),
        ("status = 'FINISHED'", {"forest", "broken", "elsewhere"}),
        ("run_name IN ('forest', 'broken')", {"forest", "broken"}),
        ("attributes.run_name NOT IN ('forest')", {"linear", "broken", "elsewhere"}),
        (f"start_time > {START}", {"linear", "broken", "elsewhere"}),
        (f"attributes.end_time = {START + 1000}", {"forest"}),
        ("dataset.name = 'wine'", {"forest"}),
        ("datasets.context = 'training' AND dataset.digest LIKE 'a%'", {"forest"}),
        ("datasets.context = 'evaluation'", set()),
        ("experiment_name = 'other experiment'", {"elsewhere"}),
        ("params.model = 'it''s; DROP TABLE runs --'", set()),
    ],
)
def test_filters_select_what_they_say(
    project: Project, zoo: dict[str, str], text: str, names: set[str]
) -> None:
    page = selectors.list_runs(project.pk, filter_text=text)
    assert {row.name for row in page} == names
    assert page.total == len(names)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("metrics.acc > 'high'", ["acc", "number"]),
        ("params.model = forest", ["quotes"]),
        ("params.depth > '3'", ["text", "LIKE"]),
        ("metrics.acc LIKE 'x'", ["acc", "number"]),
        ("a.b = 1", ["a"]),
        ("colour = 'red'", ["no attribute", "colour"]),
        ("metrics.acc > 1 OR metrics.acc < 0", ["OR"]),
        ("metrics.acc >", ["early"]),
        ("metrics.acc ~ 1", ["comparison"]),
        ("run_name IN 'x'", ["parentheses"]),
        ("run_name IN ('x'", ["early"]),
        ("metrics.acc > 1 -- comment", ["Comments"]),
        ("dataset.size = 'x'", ["dataset"]),
        ("= 1", ["key"]),
        ("metrics.acc > 1 metrics.b > 2", ["AND"]),
        ("metrics.acc > 1 AND " * 30 + "metrics.acc > 1", ["at most"]),
        ("x" * 5000, ["at most"]),
    ],
)
def test_a_bad_filter_says_what_is_wrong(project: Project, text: str, words: list[str]) -> None:
    with pytest.raises(InvalidFilter) as caught:
        selectors.list_runs(project.pk, filter_text=text)
    assert all(word in f"{caught.value.message} {caught.value.hint}" for word in words), caught.value.message


@pytest.mark.parametrize(
    ("order", "names"),
    [
        ("", ["elsewhere", "broken", "linear", "forest"]),
        ("metrics.acc DESC", ["forest", "elsewhere", "linear", "broken"]),
        ("metrics.acc ASC", ["linear", "elsewhere", "forest", "broken"]),
        ("metrics.`val loss`", ["forest", "elsewhere", "broken", "linear"]),
        ("params.depth", ["linear", "forest", "broken", "elsewhere"]),
        ("params.depth DESC", ["forest", "linear", "broken", "elsewhere"]),
        ("attributes.start_time ASC", ["forest", "linear", "broken", "elsewhere"]),
        ("run_name", ["broken", "elsewhere", "forest", "linear"]),
        ("tags.team", ["forest", "elsewhere", "broken", "linear"]),
        ("duration", ["elsewhere", "broken", "linear", "forest"]),
    ],
)
def test_any_column_sorts_and_missing_values_come_last(
    project: Project, zoo: dict[str, str], order: str, names: list[str]
) -> None:
    assert [row.name for row in selectors.list_runs(project.pk, order=order)] == names


@pytest.mark.parametrize("order", ["metrics.", "colour DESC", "dataset.name", "metrics.a\x00"])
def test_a_bad_order_says_so(project: Project, order: str) -> None:
    with pytest.raises(InvalidFilter, match="sorted"):
        selectors.list_runs(project.pk, order=order)


def test_a_page_costs_five_queries_whatever_it_shows(project: Project, logbook: Logbook) -> None:
    for number in range(12):
        logbook.run(name=f"r{number}", start=START + number, metrics={"a": number, "b": 1}, params={"p": "1"})
    counts = set()
    for per_page in (1, 10):
        with CaptureQueriesContext(
            connection,
        ) as queries:
            selectors.list_runs(
                project.pk, per_page=per_page, filter_text="metrics.b = 1", order="metrics.a DESC"
            )
        counts.add(len(queries))
    assert counts == {5}


def test_pages_cover_everything_once(project: Project, logbook: Logbook) -> None:
    wanted = [
        logbook.run(name=f"r{number}", start=START) for number in range(7)
    ]  # equal times: the id decides
    pages = [selectors.list_runs(project.pk, page=number, per_page=3) for number in (1, 2, 3)]
    assert [page.has_next for page in pages] == [True, True, False]
    assert [row.run_id for page in pages for row in page] == sorted(wanted)
    assert {page.total for page in pages} == {7}


def test_only_wanted_keys_are_read(project: Project, zoo: dict[str, str]) -> None:
    page = selectors.list_runs(project.pk, metric_keys=["acc"], param_keys=[])
    assert all(set(row.metrics) <= {"acc"} and not row.params for row in page)
    columns = selectors.run_columns(project.pk)
    assert (
        columns.metrics == ("acc", "up", "val loss")
        and columns.params == ("depth", "model")
        and columns.tags == ("team",)
    )


def test_nan_and_infinity_come_back_as_such(project: Project, zoo: dict[str, str]) -> None:
    rows = {row.name: row for row in selectors.list_runs(project.pk)}
    assert math.isnan(rows["broken"].metrics["acc"]) and rows["elsewhere"].metrics["up"] == math.inf


def test_one_run_with_all_that_belongs_to_it(project: Project, logbook: Logbook, zoo: dict[str, str]) -> None:
    model_id = logbook.model(zoo["forest"], "wine-model")
    logbook.registered("wine", zoo["forest"], alias="champion")
    child = logbook.run(name="child", tags={"mlflow.parentRunId": zoo["forest"]})
    detail = selectors.get_run(project.pk, zoo["forest"])
    assert (
        detail.run.commit == "c1"
        and detail.run.user_tags == {"team": "red"}
        and detail.run.duration_ms == 1000
    )
    assert [(one.key, one.value) for one in detail.latest] == [("acc", 0.9), ("val loss", 0.3)]
    assert [(one.name, one.context) for one in detail.inputs] == [("wine", "training")]
    assert [one.model_id for one in detail.models] == [model_id]
    assert [(one.name, one.version, one.aliases) for one in detail.versions] == [("wine", 1, ("champion",))]
    assert [row.run_id for row in detail.children] == [child]
    assert detail.children[0].parent_run_id == zoo["forest"]


def test_runs_of_commits_and_latest(project: Project, logbook: Logbook, zoo: dict[str, str]) -> None:
    found = selectors.runs_of_commits(project.pk, ["c1", "c2", "c3"])
    assert {sha: [row.name for row in rows] for sha, rows in found.items()} == {
        "c1": ["forest"],
        "c2": ["linear"],
    }
    logbook.delete(zoo["elsewhere"])
    assert [row.name for row in selectors.latest_runs(project.pk, 2)] == ["broken", "linear"]
    assert selectors.count_runs(project.pk) == 3
    assert [row.name for row in selectors.list_runs(project.pk, shown=Shown.DELETED)] == ["elsewhere"]


def test_experiments_with_their_counts(project: Project, zoo: dict[str, str]) -> None:
    found = selectors.list_experiments(project.pk)
    assert [(one.name, one.run_count) for one in found] == [("other experiment", 1), ("Default", 3)]
    assert selectors.get_experiment(project.pk, found[0].id).name == "other experiment"
    with pytest.raises(NotFound):
        selectors.get_experiment(project.pk, "999999")
    assert {row.name for row in selectors.list_runs(project.pk, experiment_ids=[found[0].id])} == {
        "elsewhere"
    }


def test_registered_models(project: Project, logbook: Logbook) -> None:
    first, second = logbook.run(name="a"), logbook.run(name="b")
    logbook.registered("wine", first)
    logbook.registered("wine", second, alias="champion")
    page = selectors.list_models(project.pk)
    assert [(one.name, one.version_count, one.latest_version, one.aliases) for one in page] == [
        ("wine", 2, 2, {"champion": 2})
    ]
    versions = selectors.list_versions(project.pk, "wine")
    assert [(one.version, one.run_id, one.aliases) for one in versions] == [
        (2, second, ("champion",)),
        (1, first, ()),
    ]
    with pytest.raises(NotFound):
        selectors.get_model(project.pk, "beer")


def test_another_projects_runs_do_not_exist(project: Project, zoo: dict[str, str]) -> None:
    other = make_project().pk
    assert selectors.list_runs(other).items == [] and selectors.list_experiments(other) == []
    assert selectors.runs_by_ids(other, list(zoo.values())) == []
    assert selectors.metric_histories(other, list(zoo.values())) == []
    assert selectors.runs_of_commits(other, ["c1"]) == {}
    assert selectors.missing_ids(other, "run", zoo.values()) == set(zoo.values())
    for call in (selectors.get_run, selectors.run_artifact_prefix, selectors.list_artifacts):
        with pytest.raises(NotFound):
            call(other, zoo["forest"])
    with pytest.raises(UnscopedQuery):
        Run.objects.count()


def test_artifacts_are_listed_a_folder_at_a_time(project: Project, logbook: Logbook, objects: object) -> None:
    from ropewalk.core import blobs

    run_id = logbook.run()
    prefix = selectors.run_artifact_prefix(project.pk, run_id)
    for name in ("a.txt", "dir/x", "dir/deep/y", "dir.txt", "dir0", "ü.txt"):
        with blobs.store().writer(prefix + name) as writer:
            writer.write(b"123")
            writer.commit()
    found = [(one.path, one.is_dir, one.size) for one in selectors.list_artifacts(project.pk, run_id)]
    top = [
        ("a.txt", False, 3),
        ("dir", True, None),
        ("dir.txt", False, 3),
        ("dir0", False, 3),
        ("ü.txt", False, 3),
    ]
    assert sorted(found) == sorted(top)
    inner = [(one.path, one.is_dir) for one in selectors.list_artifacts(project.pk, run_id, "dir")]
    assert sorted(inner) == [("dir/deep", True), ("dir/x", False)]
    assert selectors.artifact_of_run(project.pk, run_id, "dir/x").size == 3
    with pytest.raises(NotFound):
        selectors.artifact_of_run(project.pk, run_id, "dir/none")
    for bad in ("../x", "a/../../b", "a\\b", "a//b"):
        with pytest.raises(Invalid):
            selectors.list_artifacts(project.pk, run_id, bad)
