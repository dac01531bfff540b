"""What PostgreSQL writes as JSON is, byte for byte, what Python and protobuf write."""

import json
import math
from pathlib import Path

import pytest
from django.db import connection
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st

from ropewalk.edges.mlflow_http.fast import wire
from ropewalk.tracking import selectors
from ropewalk.tracking.types import RunInfo
from tests.factories.builders import make_project, make_token, make_user
from tests.protocol.mlflow.tenant import Tenant, basic

pytestmark = pytest.mark.django_db(transaction=True)
ROUNDS = settings(
    max_examples=60,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
EDGES = [
    0.0, -0.0, 1e-5, 1e-4, 0.1, 1.5, 999999999999999.0, 1e15, 1e15 + 0.5, 1234567890123456.5, 9007199254740993.0, 1e16, 1e22,
    1.7976931348623157e308, 5e-324, 2.2250738585072014e-308, math.inf, -math.inf,
]  # fmt: skip


@pytest.fixture
def run(mlflow_in_process: None, objects: Path) -> RunInfo:
    owner = make_user()
    tenant = Tenant(make_project(owner=owner), basic(owner.username, make_token(owner)))
    info = tenant.api("POST", "runs/create", {"experiment_id": "0", "run_name": ""})["run"]["info"]
    return RunInfo(
        info["run_id"], info["run_name"], int(info["experiment_id"]), "", "RUNNING", 0, None, "", "active"
    )


def written(value: float) -> str:
    from mlflow.protos.service_pb2 import Metric
    from mlflow.utils.proto_json_utils import message_to_json

    return json.dumps(json.loads(message_to_json(Metric(value=value)))["value"])


@given(numbers=st.lists(st.one_of(st.floats(allow_nan=False), st.integers(-(2**60), 2**60)), max_size=60))
@example(numbers=EDGES)
@ROUNDS
def test_doubles(run: RunInfo, numbers: list[float]) -> None:
    values = [float(number) for number in numbers]
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM mlflow.metrics")
        cursor.execute(
            "INSERT INTO mlflow.metrics (run_uuid, key, value, timestamp, step, is_nan)"
            " SELECT %s, 'k', value, place, 0, value = 'NaN'::float8"
            " FROM unnest(%s::float8[]) WITH ORDINALITY x (value, place)",
            [run.run_id, "{" + ",".join(map(repr, [*values, math.nan])) + "}"],
        )
    text, more = selectors.told_history(run.run_id, "k", wire.history_pieces("k"), page=None)
    lines = [
        line.partition(": ")[2].rstrip(",")
        for line in wire.history(text, "").splitlines()
        if '"value"' in line
    ]
    assert (lines, more) == ([written(value) for value in values] + ['"NaN"'], False)


@given(
    texts=st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=30), max_size=20)
)
@example(
    texts=[
        "",
        "é",
        "\x01\x1f\x7f\x80",
        "\U0001f9ea\ud7ff\ue000",
        'a"b\\c/<>&\u2028',
        "\b\f\n\r\t",
        "\x01" + "5\x01",
    ]
)
@ROUNDS
def test_texts(run: RunInfo, texts: list[str]) -> None:
    keys = sorted({text[:250] for text in texts})
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM mlflow.params")
        cursor.executemany(
            "INSERT INTO mlflow.params (run_uuid, key, value) VALUES (%s, %s, %s)",
            [(run.run_id, key, key[::-1]) for key in keys],
        )
    (told,) = selectors.told_runs([run], wire.pieces(3, *wire.METRIC), wire.pieces(3, *wire.PAIR))
    pairs = [{"key": key, "value": key[::-1]} for key in keys]
    wanted = json.dumps({"a": {"b": {"c": pairs}}} if pairs else {}, indent=2)
    assert (told.params in wanted) and json.loads(f"[{told.params}]") == pairs


@pytest.mark.parametrize(
    ("page", "offset"), [(None, 0), (7, 0), (7, 20_000), (30_000, 0), (30_000, 19_990), (5, 44_999)]
)
def test_pages_of_a_long_history(run: RunInfo, page: int | None, offset: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO mlflow.metrics (run_uuid, key, value, timestamp, step, is_nan)"
            " SELECT %s, 'k', i + 0.5, 1000 + i, i, false FROM generate_series(0, 44999) i",
            [run.run_id],
        )
    text, more = selectors.told_history(run.run_id, "k", wire.history_pieces("k"), page=page, offset=offset)
    found = [one["step"] for one in json.loads(wire.history(text, ""))["metrics"]]
    end = 45_000 if page is None else min(45_000, offset + page)
    assert found == list(range(offset, end))
    assert more == (end < 45_000)
