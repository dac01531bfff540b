"""The run table over HTTP: what is changed from it, its groups, its views, its export, and whom each refuses."""

import csv
import io
import json
import math

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from scipy import stats

from ropewalk.accounts.models import User
from ropewalk.projects.models import Project
from ropewalk.tracking import selectors
from ropewalk.tracking.student import t_quantile
from ropewalk.tracking.types import Shown
from tests.factories.builders import make_project, make_user
from tests.integration.tracking.logbook import Logbook
from tests.protocol.mlflow.fixtures import mlflow_in_process, objects
from workers.analysis import compare_runs

__all__ = ["mlflow_in_process", "objects"]


@pytest.fixture
def owner(db: None) -> User:
    return make_user()


@pytest.fixture
def project(owner: User, mlflow_in_process: None) -> Project:
    return make_project(owner=owner, visibility="public")


@pytest.fixture
def client(owner: User) -> Client:
    return signed_in(owner)


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def path_of(project: Project, rest: str = "") -> str:
    return f"/{project.owner.slug}/{project.slug}/experiments{rest}"


def change(client: Client, project: Project, action: str, *runs: str, **fields: str):
    return client.post(path_of(project, "/runs"), {"action": action, "run": list(runs), **fields})


def names(project: Project, shown: Shown) -> list[str]:
    return sorted(row.name for row in selectors.list_runs(project.pk, shown=shown))


def tags(project: Project, run: str) -> dict[str, str]:
    return selectors.get_run(project.pk, run).run.tags


def test_stars_and_the_archive_are_tags_that_every_client_sees(client: Client, project: Project) -> None:
    runs = [Logbook(project.pk).run(name=name) for name in ("one", "two")]
    change(client, project, "star", runs[0])
    change(client, project, "archive", runs[1])
    assert tags(project, runs[0])["ropewalk.star"] == tags(project, runs[1])["ropewalk.archived"] == "true"
    assert names(project, Shown.STARRED) == names(project, Shown.ACTIVE) == ["one"]
    assert names(project, Shown.ARCHIVED) == ["two"]
    assert 'aria-label="Choose two"' not in client.get(path_of(project)).content.decode()
    change(client, project, f"unstar:{runs[0]}")
    change(client, project, "unarchive", runs[1])
    assert names(project, Shown.STARRED) == names(project, Shown.ARCHIVED) == []


def test_deleted_runs_come_back_as_they_were(client: Client, project: Project) -> None:
    run = Logbook(project.pk).run(name="one", metrics={"loss": 1.0}, tags={"team": "a"})
    before = selectors.get_run(project.pk, run)
    page = client.post(path_of(project, "/runs"), {"action": "delete", "run": run}, follow=True)
    assert "1 run deleted" in page.content.decode()
    assert (names(project, Shown.ACTIVE), names(project, Shown.DELETED)) == ([], ["one"])
    with connection.cursor() as cursor:
        cursor.execute("SELECT deleted_time IS NOT NULL FROM mlflow.runs WHERE run_uuid = %s", [run])
        assert cursor.fetchone() == (True,)
    change(client, project, "tag", run, key="team", value="b")  # a deleted run does not change
    change(client, project, "restore", run)
    assert selectors.get_run(project.pk, run) == before


def test_tags_notes_and_names(client: Client, project: Project) -> None:
    runs = [Logbook(project.pk).run(name=name) for name in ("one", "two")]
    change(client, project, "tag", *runs, key="team", value="fruit")
    assert [tags(project, run)["team"] for run in runs] == ["fruit", "fruit"]
    change(client, project, "untag", runs[0], key="team")
    assert "team" not in tags(project, runs[0])
    change(client, project, "note", runs[0], note="**Best** so far\r\n")
    assert selectors.get_run(project.pk, runs[0]).run.note == "**Best** so far"
    change(client, project, "note", runs[0], note=" ")
    assert selectors.get_run(project.pk, runs[0]).run.note == ""
    change(client, project, "rename", runs[0], name=" a  better name ")
    found = selectors.get_run(project.pk, runs[0]).run
    assert (found.name, found.tags["mlflow.runName"]) == ("a better name", "a better name")


@pytest.mark.parametrize(
    ("action", "fields", "told"),
    [
        ("tag", {"key": "mlflow.user", "value": "x"}, "meaning of their own"),
        ("tag", {"key": "", "value": "x"}, "1 to 250"),
        ("tag", {"key": "k" * 251, "value": "x"}, "1 to 250"),
        ("tag", {"key": "k", "value": "x" * 8001}, "at most 8000"),
        ("rename", {"name": ""}, "1 to 250"),
        ("explode", {}, "no such change"),
    ],
)
def test_what_can_not_be_is_said(
    client: Client, project: Project, action: str, fields: dict, told: str
) -> None:
    run = Logbook(project.pk).run()
    before = selectors.get_run(project.pk, run)
    answer = client.post(path_of(project, "/runs"), {"action": action, "run": run, **fields}, follow=True)
    assert told in answer.content.decode()
    assert selectors.get_run(project.pk, run) == before


def test_at_most_500_runs_change_at_once(client: Client, project: Project) -> None:
    answer = client.post(
        path_of(project, "/runs"),
        {"action": "star", "run": [f"{number:032x}" for number in range(501)]},
        follow=True,
    )
    assert "At most 500" in answer.content.decode()


@pytest.mark.parametrize(
    "back",
    [
        "https://evil.example/",
        "//evil.example/",
        "/other/place",
        "{path}/experiments\r\nX: y",
        "{path}/\\evil",
    ],
)
def test_nobody_is_led_away(client: Client, project: Project, back: str) -> None:
    own = path_of(project).removesuffix("/experiments")
    answer = change(client, project, "star", Logbook(project.pk).run(), back=back.format(path=own))
    assert answer.status_code == 302
    assert answer.headers["Location"].startswith(f"{own}/")
    assert "evil" not in answer.headers["Location"].replace("\\evil", "") or answer.headers[
        "Location"
    ].startswith(own)


def test_runs_of_another_project_stay_as_they_are(client: Client, project: Project) -> None:
    other = make_project(owner=make_user("mallory"))
    theirs = Logbook(other.pk).run(name="theirs")
    before = selectors.get_run(other.pk, theirs)
    for action in ("star", "archive", "delete", "restore", "tag", "untag", "note", "rename"):
        change(client, project, action, theirs, key="k", value="v", note="n", name="m")
    assert selectors.get_run(other.pk, theirs) == before


def test_viewers_change_nothing(project: Project) -> None:
    run = Logbook(project.pk).run(name="one")
    visitor = signed_in(make_user("visitor"))
    assert change(visitor, project, "delete", run).status_code == 403
    assert names(project, Shown.ACTIVE) == ["one"]
    page = visitor.get(path_of(project)).content.decode()
    assert 'value="delete"' not in page


def test_groups_are_means_with_students_interval(client: Client, project: Project) -> None:
    logbook = Logbook(project.pk)
    values = {"forest": [0.9, 0.92, 0.97, math.nan], "linear": [0.5, math.inf]}
    for model, scores in values.items():
        for seed, score in enumerate(scores):
            logbook.run(
                name=f"{model}-{seed}",
                metrics={"acc": score},
                params={"model": model, "random_state": str(seed), "d": "a=b"},
            )
    logbook.run(name="bare", metrics={"acc": 0.1})
    grouping = selectors.Grouping.parse("seeds")
    assert grouping
    page, counted = selectors.list_groups(project.pk, grouping, metric_keys=["acc"], order="metrics.acc DESC")
    assert counted == 7
    assert [(group.value, group.runs) for group in page] == [
        ("d=a=b\nmodel=forest", 4),
        ("d=a=b\nmodel=linear", 2),
        (None, 1),
    ]
    found = page.items[0].metrics["acc"]
    kept = values["forest"][:3]
    low, high = stats.t.interval(0.95, 2, loc=stats.tmean(kept), scale=stats.sem(kept))
    assert (found.mean, found.half_width) == (pytest.approx(sum(kept) / 3), pytest.approx((high - low) / 2))
    assert (found.count, found.least, found.greatest) == (3, 0.9, 0.97)
    assert page.items[1].metrics["acc"].half_width is None  # one finite value has no interval
    text = client.get(path_of(project), {"group": "seeds"}).content.decode()
    assert "Of 7 runs" in text
    for name in ("params.model", "tags.none", "dataset", "commit"):
        answer = client.get(path_of(project), {"group": name})
        assert answer.status_code == 200, name
        assert "Of 7 runs" in answer.content.decode()


def test_a_groups_link_finds_its_runs(client: Client, project: Project) -> None:
    logbook = Logbook(project.pk)
    for seed in range(3):
        logbook.run(name=f"it's-{seed}", params={"model name": "it's", "seed": str(seed)})
    logbook.run(name="other", params={"model name": "other"})
    text = client.get(path_of(project), {"group": "seeds"}).content.decode()
    assert "params.%60model+name%60+%3D+%22it%27s%22" in text
    page = client.get(path_of(project), {"q": 'params.`model name` = "it\'s"'}).content.decode()
    assert page.count("data-select ") == 3


def test_seeds_are_the_same_parameters_in_comparisons() -> None:
    assert compare_runs.SEED.pattern == selectors.SEEDS


@pytest.mark.parametrize("freedom", [1, 2, 3, 10, 29, 30, 31, 32, 40, 100, 1000, 10_000])
def test_the_quantile_is_scipys(freedom: int) -> None:
    assert t_quantile(freedom) == pytest.approx(stats.t.ppf(0.975, freedom), rel=1e-6)


def test_export_gives_back_what_was_logged(client: Client, project: Project) -> None:
    logbook = Logbook(project.pk)
    value = 0.1 + 0.2
    logbook.run(
        name="=HYPERLINK(1)", metrics={"loss": value, "bad": math.nan}, params={"lr": "-0.5", "cmd": "=1+1"}
    )
    logbook.run(name="plain", metrics={"loss": math.inf})
    answer = client.get(path_of(project, "/export"), {"all": "1", "sort": "run_name DESC"})
    assert answer.headers["Content-Disposition"].endswith('runs.csv"')
    first, second = csv.DictReader(io.StringIO(b"".join(answer.streaming_content).decode()))
    assert (first["name"], first["metrics.loss"], first["metrics.bad"]) == ("plain", "inf", "")
    assert (second["name"], second["params.cmd"], second["params.lr"]) == ("'=HYPERLINK(1)", "'=1+1", "-0.5")
    assert (float(second["metrics.loss"]), second["metrics.bad"]) == (value, "NaN")
    lines = b"".join(
        client.get(path_of(project, "/export"), {"format": "json", "sort": "run_name"}).streaming_content
    )
    records = [json.loads(line) for line in lines.splitlines()]
    assert records[0]["metrics"] == {"loss": value, "bad": "nan"}
    assert (records[0]["params"], records[1]["metrics"]) == ({"lr": "-0.5", "cmd": "=1+1"}, {"loss": "inf"})
    assert client.get(path_of(project, "/export"), {"q": "nonsense ="}).status_code == 400
    assert client.get(path_of(project, "/export"), {"format": "xml"}).status_code == 400


def test_export_reads_many_runs_in_few_statements(client: Client, project: Project) -> None:
    logbook = Logbook(project.pk)
    for number in range(6):
        logbook.run(name=f"run-{number}", metrics={"loss": 1.0})
    with CaptureQueriesContext(connection) as asked:
        lines = b"".join(client.get(path_of(project, "/export")).streaming_content).splitlines()
    assert len(lines) == 7
    assert sum("latest_metrics" in one["sql"] and "IN (" in one["sql"] for one in asked.captured_queries) <= 2


def test_views_are_private_until_they_are_shared(client: Client, project: Project, owner: User) -> None:
    def save(by: Client, name: str, **fields: str):
        return by.post(
            path_of(project, "/views"),
            {"name": name, "query": "?q=metrics.loss+%3C+1&page=3&group=seeds", **fields},
        )

    save(client, "mine")
    save(client, "ours", shared="1")
    visitor, nobody = signed_in(make_user("visitor")), Client()
    for viewer, seen in ((client, {"mine", "ours"}), (visitor, {"ours"}), (nobody, {"ours"})):
        text = viewer.get(path_of(project)).content.decode()
        assert {name for name in ("mine", "ours") if f">{name}</a>" in text} == seen
    (mine, ours) = selectors.list_views(project.pk, owner.pk)
    assert mine.query == "q=metrics.loss+%3C+1&group=seeds"
    assert save(visitor, "theirs", shared="1").status_code == 403
    save(visitor, "theirs")
    assert save(nobody, "none").status_code in {302, 401}
    assert visitor.post(path_of(project, f"/views/{ours.id}/delete")).status_code == 404
    assert visitor.post(path_of(project, f"/views/{mine.id}/delete")).status_code == 404
    save(client, "mine")  # the same name: replaced
    assert len(selectors.list_views(project.pk, owner.pk)) == 2
    assert (
        "Everybody who sees the project loses it"
        in client.get(path_of(project, f"/views/{ours.id}/delete")).content.decode()
    )
    assert visitor.get(path_of(project, f"/views/{mine.id}/delete")).status_code == 404
    client.post(path_of(project, f"/views/{ours.id}/delete"))
    assert [view.name for view in selectors.list_views(project.pk, owner.pk)] == ["mine"]


def test_values_for_the_completion(client: Client, project: Project) -> None:
    logbook = Logbook(project.pk)
    for model in ("forest", "forest", "tree"):
        logbook.run(params={"a b": model})

    def ask(key: str):
        return client.get(path_of(project, "/values"), {"key": key})

    assert ask("params.`a b`").json() == {"values": ["forest", "tree"]}
    assert ask("attributes.status").json() == {"values": ["FINISHED"]}
    assert ask("metrics.loss").json() == {"values": []}
    assert ask("nonsense.x").status_code == 400


def test_a_fragment_is_the_table_alone(client: Client, project: Project) -> None:
    Logbook(project.pk).run(name="one")
    for query in ({}, {"group": "seeds"}, {"show": "deleted"}, {"q": "metrics.a ="}):
        answer = client.get(path_of(project), {**query, "fragment": "1"})
        assert answer.headers["X-Fragment"] == "1"
        assert "<html" not in answer.content.decode()
        assert "fragment=1" not in answer.content.decode()


def test_columns_stand_in_the_order_of_the_address(client: Client, project: Project) -> None:
    Logbook(project.pk).run(metrics={"b": 1.0}, params={"a": "x", "c": "y"})
    query = {"column": ["params.c", "metrics.b", "params.a"], "pin": ["params.a"]}
    text = client.get(path_of(project), query).content.decode()
    places = [text.index(f'data-column="{name}"') for name in ("params.a", "params.c", "metrics.b")]
    assert places == sorted(places)
