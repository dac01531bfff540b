"""Rows of a table by conditions, text and order: every format, every operator, values that are hostile, and a naive check."""

import gzip
import io
import json
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ropewalk.core.errors import Invalid
from ropewalk.data.rows import query_of
from workers.analysis.contents.tables.rows import find_rows
from workers.analysis.errors import AnalysisError

TABLE = {
    "id": [1, 2, 3, 4, 5],
    "name": ["Ann", "bob", "it's", "", None],
    "score": [1.5, None, -2.0, 10.0, 1e300],
    "day": [date(2024, 1, day) for day in (1, 2, 3, 4, 5)],
    "ok": [True, False, None, True, False],
}


def arrow(stream: bool = False) -> bytes:
    table, sink = pa.table(TABLE), io.BytesIO()
    with (pa.ipc.new_stream if stream else pa.ipc.new_file)(sink, table.schema) as writer:
        writer.write_table(table)
    return sink.getvalue()


def parquet(columns: Any = None) -> bytes:
    sink = io.BytesIO()
    pq.write_table(pa.table(columns or TABLE), sink)
    return sink.getvalue()


def lines() -> bytes:
    names = list(TABLE)
    rows = [dict(zip(names, row, strict=True)) for row in zip(*TABLE.values(), strict=True)]
    return "\n".join(json.dumps(row, default=str) for row in rows).encode()


def csv() -> bytes:
    rows = zip(*TABLE.values(), strict=True)
    cells = [["" if cell is None else str(cell) for cell in row] for row in rows]
    return "\n".join(",".join(row) for row in [list(TABLE), *cells]).encode() + b"\n"


FORMATS = {
    "t.parquet": parquet(),
    "t.arrow": arrow(),
    "t.ipc": arrow(stream=True),
    "t.jsonl": lines(),
    "t.csv": csv(),
    "t.csv.gz": gzip.compress(csv()),
    "t.tsv": csv().replace(b",", b"\t"),
}


def found(
    folder: Path, name: str, content: bytes, *conditions: tuple[str, str, str], **more: Any
) -> dict[str, Any]:
    for old in folder.iterdir():
        if old.is_file():
            old.unlink()
    (folder / "data").write_bytes(content)
    return find_rows(folder / "data", name, query_of(conditions, **more).document(), lambda _share: None)


@pytest.mark.parametrize("name", FORMATS)
def test_every_format(tmp_path: Path, name: str) -> None:
    whole = found(tmp_path, name, FORMATS[name])
    assert ([one["name"] for one in whole["columns"]], whole["total"], whole["matching"]) == (
        list(TABLE),
        5,
        5,
    )
    assert whole["places"] == [1, 2, 3, 4, 5]
    some = found(
        tmp_path, name, FORMATS[name], ("score", "gt", "1"), ("id", "lt", "5"), order="score", descending=True
    )
    assert (some["places"], some["matching"], some["total"]) == ([4, 1], 2, 5)
    assert found(tmp_path, name, FORMATS[name], text="ANN")["places"] == [1]
    assert found(tmp_path, name, FORMATS[name], ("name", "eq", "it's"))["places"] == [3]


@pytest.mark.parametrize(
    ("condition", "places"),
    [
        (("id", "eq", "3"), [3]),
        (("id", "eq", " 3.0 "), [3]),
        (("id", "eq", "0"), []),
        (("id", "lt", "9" * 250), [1, 2, 3, 4, 5]),
        (("id", "ge", "2.5"), [3, 4, 5]),
        (("score", "ne", "1.5"), [2, 3, 4, 5]),
        (("score", "le", "0"), [3]),
        (("score", "empty", "whatever"), [2]),
        (("score", "filled", ""), [1, 3, 4, 5]),
        (("name", "empty", ""), [4, 5]),
        (("name", "contains", "O"), [2]),
        (("name", "starts", "a"), [1]),
        (("name", "contains", "%"), []),
        (("name", "ne", "Ann"), [2, 3, 4, 5]),
        (("name", "lt", "B"), [1, 4]),
        (("day", "gt", "2024-01-03"), [4, 5]),
        (("day", "eq", "2024-01-03"), [3]),
        (("day", "le", "2024-01-01 12:00"), [1]),
        (("ok", "eq", "TRUE"), [1, 4]),
        (("ok", "ne", "true"), [2, 3, 5]),
    ],
)
def test_every_operator(tmp_path: Path, condition: tuple[str, str, str], places: list[int]) -> None:
    assert found(tmp_path, "t.parquet", FORMATS["t.parquet"], condition)["places"] == places


@pytest.mark.parametrize(
    ("condition", "code"),
    [
        (("id", "eq", "three"), "bad_value"),
        (("id", "eq", "1_0"), "bad_value"),
        (("day", "gt", "yesterday"), "bad_value"),
        (("ok", "eq", "1"), "bad_value"),
        (("id; DROP VIEW wanted", "eq", "1"), "bad_column"),
        (("place", "eq", "1"), "bad_column"),
    ],
)
def test_what_can_not_be_compared_is_explained(
    tmp_path: Path, condition: tuple[str, str, str], code: str
) -> None:
    with pytest.raises(AnalysisError) as error:
        found(tmp_path, "t.parquet", FORMATS["t.parquet"], condition)
    assert error.value.code == code


@pytest.mark.parametrize(
    "value", ["' OR 1=1 --", '"', "\\", "?", "$1", "%", "a\nb", "é€", "'; ATTACH '/etc/passwd' --"]
)
def test_hostile_values_are_values(tmp_path: Path, value: str) -> None:
    names = {'we"ird, name': [value, "x"], value: ["y", value]}
    content = parquet(names)
    for column, place in (('we"ird, name', 1), (value, 2)):
        assert found(tmp_path, "t.parquet", content, (column, "eq", value))["places"] == [place]
        assert found(tmp_path, "t.parquet", content, (column, "contains", value), order=column)["places"] == [
            place
        ]
    assert found(tmp_path, "t.parquet", content, text=value)["places"] == [1, 2]


def test_wide_and_long_tables_are_bounded(tmp_path: Path) -> None:
    wide = found(
        tmp_path, "t.parquet", parquet({f"n{index}": [index] for index in range(400)}), ("n399", "eq", "399")
    )
    assert (len(wide["columns"]), wide["hidden_columns"], wide["matching"]) == (300, 100, 1)
    rows = "\n".join(f"{n},{n % 7}" for n in range(20_000))
    long = found(tmp_path, "t.csv", f"n,m\n{rows}\n".encode(), ("m", "eq", "3"), order="n", descending=True)
    assert (len(long["rows"]) <= 5000, long["matching"], long["rows"][0]) == (True, 2857, ["19995", "3"])
    giant = found(tmp_path, "t.parquet", parquet({"t": ["x" * 1_000_000] * 3, "b": [b"12"] * 3}))
    assert (len(giant["rows"][0][0]), giant["rows"][0][1]) == (401, "2 bytes")


@pytest.mark.parametrize("name", ["t.parquet", "t.arrow", "t.csv", "t.jsonl"])
def test_damaged_files_say_so(tmp_path: Path, name: str) -> None:
    with pytest.raises(AnalysisError):
        found(tmp_path, name, b"PAR1\0\xff\xfe damaged" * 20)


CELLS = st.one_of(st.none(), st.integers(-5, 5), st.floats(-3, 3, width=16))


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(CELLS, min_size=1, max_size=20),
    st.sampled_from(["lt", "le", "gt", "ge"]),
    st.integers(-5, 5),
    st.booleans(),
)
def test_numbers_compare_and_sort_as_numbers(
    tmp_path: Path, cells: list[Any], operator: str, value: int, descending: bool
) -> None:
    content = "\n".join(["n", *("" if cell is None else repr(cell) for cell in cells)]).encode() + b"\n"
    if all(cell is None for cell in cells):
        return  # a table without a number has no numbers to compare
    compare = {"lt": float.__lt__, "le": float.__le__, "gt": float.__gt__, "ge": float.__ge__}[operator]
    kept = [
        (cell, place)
        for place, cell in enumerate(cells, 1)
        if cell is not None and compare(float(cell), float(value))
    ]
    kept.sort(key=lambda pair: (-pair[0] if descending else pair[0], pair[1]))
    some = found(
        tmp_path,
        "t.csv",
        b"k," + content.replace(b"\n", b"\nk,")[:-2],
        ("n", operator, str(value)),
        order="n",
        descending=descending,
    )
    assert some["places"] == [place for _, place in kept]


def test_queries_are_checked_and_told_apart() -> None:
    plain = query_of([("", "eq", "ignored")], text="  ")
    assert plain.plain and plain == query_of([])
    one, two = query_of([("a", "eq", "1")]), query_of([("a", "eq", "2")])
    assert len(one.fingerprint) == 64 and one.fingerprint != two.fingerprint
    assert query_of([("a", "empty", "x")]) == query_of([("a", "empty", "y")])
    for wrong in (
        [("a", "like", "1")],
        [("a", "eq", "1")] * 9,
        [("a", "eq", "x" * 301)],
        [("a\0", "eq", "")],
    ):
        with pytest.raises(Invalid):
            query_of(wrong)


def test_times_with_zones(tmp_path: Path) -> None:
    times = pa.array(
        [datetime(2024, 1, 1, hour, tzinfo=UTC) for hour in (1, 2, 3)], pa.timestamp("us", "UTC")
    )
    assert found(tmp_path, "t.parquet", parquet({"at": times}), ("at", "ge", "2024-01-01 02:00"))[
        "places"
    ] == [2, 3]
    assert found(tmp_path, "t.parquet", parquet({"at": times}), ("at", "eq", "2024-01-01T04:00+02:00"))[
        "places"
    ] == [2]
