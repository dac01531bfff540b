"""The short ways answer what MLflow's own handlers answer: the same random requests go to both, and every byte is compared.

Two projects live the same life: one with the short ways, one without them. What MLflow leaves open is made equal first: ids,
random names and the order of the lists within a run, which it takes from PostgreSQL unsorted.
"""

import json
import re
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from ropewalk.edges.mlflow_http import dispatch, fast
from tests.factories.builders import make_project, make_token, make_user
from tests.protocol.mlflow.tenant import Tenant, basic

pytestmark = pytest.mark.django_db(transaction=True)
# No shrinking: each attempt costs seconds, and the assertion names the one request that differs.
ROUNDS = settings(
    max_examples=25, phases=[Phase.generate], suppress_health_check=[HealthCheck.function_scoped_fixture]
)
WORDS = [
    "loss",
    "acc",
    "val/loss",
    "a b",
    "x.y",
    "k-1",
    "_u",
    ".hidden",
    "/abs",
    "a//b",
    "ü",
    "",
    "a:b",
    "k" * 250,
    "k" * 251,
]
keys = st.sampled_from(WORDS)
plain = st.sampled_from(["loss", "acc", "lr"])
numbers = st.one_of(
    st.floats(allow_nan=False, allow_infinity=False),
    st.sampled_from(
        [0, 1, -3, 0.5, -0.0, 1e300, 2**60, "NaN", "Infinity", "-Infinity", "1.5", True, None, "x"]
    ),
)
steps = st.sampled_from([0, 1, 2, -1, 7, "3", 1.5, None, 2**40, True])
times = st.sampled_from([0, 1, 5, 1700000000000, "12", -1, None, 1.0])
texts = st.one_of(
    st.text(max_size=8), st.sampled_from(["1", "0.1", "v" * 6001, "a\0b", "\ud800", "été", None, 5])
)
tags = st.fixed_dictionaries({"key": keys, "value": texts})
params = st.fixed_dictionaries({"key": keys, "value": st.sampled_from(["1", "2", "x", "", "v" * 6001, 7])})
points = st.fixed_dictionaries(
    {"key": st.one_of(plain, keys), "value": numbers, "timestamp": times}, optional={"step": steps}
)
good_points = st.fixed_dictionaries(
    {
        "key": plain,
        "value": st.one_of(
            st.floats(allow_nan=False, allow_infinity=False, width=32),
            st.sampled_from(["NaN", "Infinity", 3]),
        ),
        "timestamp": st.integers(0, 4),
        "step": st.integers(-1, 3),
    }
)
batches = st.fixed_dictionaries(
    {},
    optional={
        "metrics": st.one_of(st.lists(good_points, max_size=12), st.lists(points, max_size=3)),
        "params": st.lists(params, max_size=3),
        "tags": st.lists(tags, max_size=3),
        "other": st.just(1),
    },
)
FILTERS = [
    "",
    "metrics.loss > 0",
    "metrics.loss != 0",
    "metrics.loss <= 1 and params.lr = '1'",
    "params.lr LIKE '%1%'",
    "tags.t ILIKE 'X%'",
    "metrics.`val/loss` > 0.5",
    "attributes.status = 'RUNNING'",
    "run_name LIKE '%run%'",
    "attributes.start_time > 3",
    "params.lr IS NULL",
    "tags.t IS NOT NULL",
    "params.lr != '1'",
    "start_time >= 2 AND metrics.acc < 3",
    "metrics.loss > 'a'",
    "nonsense",
    "params.lr > 1",
    "attributes.user_id = 'ann'",
    "end_time < 9",
    "dataset.name = 'd'",
    "attributes.run_id IN ('a', 'b')",
    "status NOT IN ('FAILED')",
]
ORDERS = [
    "metrics.loss",
    "metrics.loss DESC",
    "metrics.acc ASC",
    "params.lr",
    "params.lr DESC",
    "tags.t",
    "start_time",
    "attributes.start_time DESC",
    "status",
    "run_name DESC",
    "metrics.none",
    "nonsense",
    "end_time DESC",
]
searches = st.fixed_dictionaries(
    {"experiment_ids": st.sampled_from([["E"], ["E", "E"], ["0"], [], ["999999"], ["x"], ["E", "0"]])},
    optional={
        "filter": st.sampled_from(FILTERS),
        "order_by": st.lists(st.sampled_from(ORDERS), max_size=2),
        "max_results": st.sampled_from([1, 2, 3, 1000, 0, 50001, "2"]),
        "run_view_type": st.sampled_from(["ACTIVE_ONLY", "ALL", "DELETED_ONLY", "odd"]),
        "page_token": st.sampled_from(["", "eyJvZmZzZXQiOiAxfQ==", "rubbish"]),
    },
)
new_runs = st.fixed_dictionaries(
    {"experiment_id": st.sampled_from(["E", "0", "x", "999999"])},
    optional={
        "start_time": st.sampled_from([0, 1, 2, 3, "4", None, "x"]),
        "user_id": st.sampled_from(["ann", ""]),
        "run_name": st.sampled_from(["a run", "", "ü"]),
        "tags": st.lists(
            st.fixed_dictionaries({"key": st.sampled_from(["t", "u", "mlflow.runName"]), "value": texts}),
            max_size=2,
        ),
    },
)
changes = st.fixed_dictionaries(
    {},
    optional={
        "status": st.sampled_from(["FINISHED", "FAILED", "odd", 3]),
        "end_time": st.sampled_from([5, "9", 0, None]),
        "run_name": st.sampled_from(["renamed", "", None]),
    },
)
RUN = st.integers(0, 3)
requests = st.one_of(
    st.tuples(st.just("runs/create"), st.none(), new_runs),
    st.tuples(st.just("runs/log-batch"), RUN, batches),
    st.tuples(st.just("runs/log-metric"), RUN, st.one_of(good_points, points)),
    st.tuples(st.just("runs/log-parameter"), RUN, params),
    st.tuples(
        st.just("runs/set-tag"), RUN, st.one_of(tags, st.just({"key": "mlflow.runName", "value": "by tag"}))
    ),
    st.tuples(st.just("runs/update"), RUN, changes),
    st.tuples(st.just("runs/search"), st.none(), searches),
    st.tuples(st.just("runs/get"), RUN, st.just({})),
    st.tuples(
        st.just("metrics/get-history"),
        RUN,
        st.fixed_dictionaries(
            {"metric_key": keys}, optional={"max_results": st.sampled_from(["1", "3", "0"])}
        ),
    ),
    st.tuples(st.sampled_from(["runs/delete", "runs/restore"]), st.just(3), st.just({})),
)


COUNT = count()
READS = {"runs/get", "runs/search", "metrics/get-history"}


class Life:
    """One of the two projects: its runs in the order in which they came, and what MLflow chose for it."""

    def __init__(self, name: str) -> None:
        owner = make_user(f"owner-{name}")
        self.tenant = Tenant(make_project("lab", owner=owner), basic(owner.username, make_token(owner)))
        self.restart()

    def restart(self) -> None:
        made = self.tenant.api(
            "POST",
            "experiments/create",
            {"name": f"e{next(COUNT)}"},
        )
        self.experiment = made["experiment_id"]
        self.default = self.tenant.api("GET", "experiments/get", {"experiment_id": "0"})["experiment"][
            "experiment_id"
        ]
        self.runs = [self.begin(number) for number in range(4)]

    def begin(self, number: int) -> str:
        body = {"experiment_id": self.experiment, "start_time": number, "run_name": f"run {number}"}
        return str(self.tenant.api("POST", "runs/create", body)["run"]["info"]["run_id"])

    def ask(self, path: str, run: int | None, body: dict[str, Any]) -> tuple[int, str]:
        """Status and text of an answer, ids and names made equal."""
        body = dict(body)
        if run is not None:
            body["run_id"] = self.runs[run]
        if "experiment_ids" in body:
            body["experiment_ids"] = [
                self.experiment if one == "E" else one for one in body["experiment_ids"]
            ]
        if body.get("experiment_id") == "E":
            body["experiment_id"] = self.experiment
        reads = path in READS and path != "runs/search"
        answer = self.tenant.send(
            "GET" if reads else "POST",
            f"/api/2.0/mlflow/{path}",
            None if reads else body,
            body if reads else None,
        )
        text = self.equal(path, answer.content.decode())
        # An id of a run that PostgreSQL refused, in its own words.
        return answer.status_code, text if answer.status_code == 200 else re.sub(
            "[0-9a-f]{32}", "REFUSED", text
        )

    def equal(self, path: str, text: str) -> str:
        if path == "runs/create" and text.startswith('{\n  "run"'):
            run = json.loads(text)["run"]
            text = text.replace(run["info"]["run_id"], "NEW")
            tags = {one["key"]: one.get("value") for one in run["data"]["tags"]}
            name = run["info"]["run_name"]
            assert tags["mlflow.runName"] == name
            if name.count("-") == 2 and name.rpartition("-")[2].isdigit():
                text = text.replace(json.dumps(name), '"RANDOM"')
        for number, run_id in enumerate(self.runs):
            text = text.replace(run_id, f"RUN{number}")
        for name, one in (("E", self.experiment), ("D", self.default)):
            for before, after in (('"experiment_id": "', '"'), ("mlflow-artifacts:/", "/")):
                text = text.replace(f"{before}{one}{after}", f"{before}{name}{after}")
        return text


def ordered(text: str) -> str:
    """The answer with the lists within runs sorted; that its form is MLflow's is checked on the way."""
    if not text.startswith("{\n"):
        return text
    value = json.loads(text)
    assert json.dumps(value, indent=2) == text, text[:2000]
    for run in value.get("runs", [value["run"]] if "run" in value else []):
        for part in run.get("data", {}).values():
            part.sort(key=json.dumps)
        for used in run.get("inputs", {}).get("dataset_inputs", []):
            used.get("tags", []).sort(key=json.dumps)
        run.get("inputs", {}).get("dataset_inputs", []).sort(key=json.dumps)
    return json.dumps(value, indent=2)


@pytest.fixture
def lives(mlflow_in_process: None, objects: Path) -> tuple[Life, Life]:
    return Life("fast"), Life("stock")


@given(stream=st.lists(requests, min_size=4, max_size=14))
@ROUNDS
def test_the_same_answers_and_the_same_rows(lives: tuple[Life, Life], stream: list[Any]) -> None:
    quick, stock = lives
    for one in lives:
        one.restart()
    for path, run, body in stream:
        ours = quick.ask(path, run, body)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(fast, "find", lambda *_: None)
            # What is read is read twice from the same rows: where times are equal, random ids decide on the order.
            theirs = (quick if path in READS else stock).ask(path, run, body)
        assert (ours[0], ordered(ours[1])) == (theirs[0], ordered(theirs[1])), (path, run, body)
    _same_rows(quick, stock)


def _same_rows(quick: Life, stock: Life) -> None:
    """What both hold at the end, told by MLflow's own handlers."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fast, "find", lambda *_: None)
        for run in range(4):
            assert ordered(quick.ask("runs/get", run, {})[1]) == ordered(stock.ask("runs/get", run, {})[1])
            for key in ("loss", "acc", "lr", "val/loss"):
                both = [one.ask("metrics/get-history", run, {"metric_key": key}) for one in (quick, stock)]
                assert both[0] == both[1]


def test_runs_with_data_sets_and_models_are_told_alike(lives: tuple[Life, Life]) -> None:
    quick, _ = lives
    datasets = [
        {
            "dataset": {"name": name, "digest": "d", "source_type": "local", "source": "/é", **more},
            "tags": [{"key": "mlflow.data.context", "value": name}, {"key": "t", "value": 'a "b"'}],
        }
        for name, more in (("train", {"schema": "s", "profile": "p"}), ("test", {}))
    ]
    model = quick.tenant.api("POST", "logged-models", {"experiment_id": quick.experiment, "name": "net"})
    named = {"model_id": model["model"]["info"]["model_id"]}
    for body in ({"datasets": datasets}, {"models": [named]}):
        quick.tenant.api("POST", "runs/log-inputs", {"run_id": quick.runs[0], **body})
    quick.tenant.api("POST", "runs/log-inputs", {"run_id": quick.runs[1], "datasets": datasets[:1]})
    quick.tenant.api("POST", "runs/outputs", {"run_id": quick.runs[1], "models": [{**named, "step": 3}]})
    asked: list[tuple[str, int | None, dict[str, Any]]] = [
        *(("runs/get", run, {}) for run in range(3)),
        ("runs/search", None, {"experiment_ids": ["E"]}),
    ]
    for path, run, body in asked:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(dispatch, "call", None)  # MLflow is not asked
            ours = quick.ask(path, run, body)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(fast, "find", lambda *_: None)
            theirs = quick.ask(path, run, body)
        assert ours[0] == 200 and ordered(ours[1]) == ordered(theirs[1]), (path, run)
    assert quick.ask("runs/get", 0, {})[1].count('"name": "t') == 2
