"""Diffs of tables: exact counts, keys, cells and columns, checked against a naive comparison; hostile files bounded."""

import gzip
import json
from collections import Counter
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workers.analysis.contents import Side
from workers.analysis.contents.tables.diff import table_diff
from workers.analysis.contents.tables.session import session
from workers.analysis.errors import AnalysisError


def diff(folder: Path, name: str, old: bytes, new: bytes, options: str = "") -> dict[str, Any]:
    sides = []
    for side, content in (("old", old), ("new", new)):
        (folder / side).write_bytes(content)
        sides.append(Side(folder / side, name))
    try:
        return table_diff(*sides, options, folder, lambda _share, _message: None)
    finally:
        for path in folder.iterdir():
            if path.is_file():
                path.unlink()


def csv(rows: list[list[str]]) -> bytes:
    return "\n".join(",".join(row) for row in rows).encode() + b"\n"


def parquet(columns: dict[str, Any]) -> bytes:
    sink = pa.BufferOutputStream()
    pq.write_table(pa.table(columns), sink)
    return bytes(sink.getvalue())


OLD = [["name", "id", "score"], ["ann", "1", "1.0"], ["bob", "2", "2"], ["cyd", "3", ""], ["dan", "4", "7"]]
NEW = [
    ["id", "name", "score", "team"],
    ["2", "bob", "2.0", "x"],
    ["3", "cyd", "NA", "y"],
    ["4", "dan", "7", ""],
    ["5", "eve", "9", ""],
]


def test_rows_are_matched_by_the_column_that_is_unique(tmp_path: Path):
    found = diff(tmp_path, "scores.csv", csv(OLD), csv(NEW))
    assert found["key"] == {"name": "id", "unique": True, "chosen": "unique"}
    assert found["rows"] == {"old": 4, "new": 4, "added": 1, "removed": 1, "changed": 2, "unchanged": 1}
    assert [(one["name"], one["status"], one["changed"]) for one in found["columns"]] == [
        ("id", "same", 0),
        ("name", "same", 0),
        ("score", "type", 2),  # "NA" is no number any more
        ("team", "added", 0),
    ]
    assert found["shown"] == [0, 1, 2, 3]
    assert found["lists"] == {
        "changed": [
            [2, 1, ["2", "bob", "2.0", "x"], {"2": "2"}],
            [3, 2, ["3", "cyd", "NA", "y"], {"2": ""}],
        ],
        "added": [[4, ["5", "eve", "9", ""]]],
        "removed": [[1, ["1", "ann", "1.0", None]]],
    }


def test_other_keys_and_none(tmp_path: Path):
    rows = diff(tmp_path, "scores.csv", csv(OLD), csv(NEW), "rows")
    assert rows["rows"] == {"old": 4, "new": 4, "added": 3, "removed": 3, "changed": 0, "unchanged": 1}
    by_name = diff(tmp_path, "scores.csv", csv(OLD), csv(NEW), "key:name")
    assert by_name["key"] == {"name": "name", "unique": True, "chosen": "viewer"}
    assert by_name["rows"]["changed"] == 2 and by_name["shown"] == [1, 0, 2, 3]
    with pytest.raises(AnalysisError, match="no such column"):
        diff(tmp_path, "scores.csv", csv(OLD), csv(NEW), "key:team")


def test_a_key_that_is_not_unique_pairs_what_is_left_in_order(tmp_path: Path):
    old = [["day", "hits"], ["mo", "1"], ["mo", "2"], ["tu", "3"], ["tu", "3"]]
    new = [["day", "hits"], ["mo", "2"], ["mo", "9"], ["tu", "3"], ["we", "3"]]
    found = diff(tmp_path, "a.csv", csv(old), csv(new), "key:day")
    assert found["key"]["unique"] is False
    assert found["rows"] == {"old": 4, "new": 4, "added": 1, "removed": 1, "changed": 1, "unchanged": 2}
    assert found["lists"]["changed"] == [[1, 2, ["mo", "9"], {"1": "1"}]]
    none = diff(tmp_path, "a.csv", csv(old), csv(new))
    assert none["key"] == {"name": None, "unique": False, "chosen": "none"}
    assert none["rows"] == {"old": 4, "new": 4, "added": 2, "removed": 2, "changed": 0, "unchanged": 2}


CELL = st.sampled_from(["", "1", "2", "NA", "x"])
ROWS = st.lists(st.tuples(CELL, CELL), max_size=12)


@given(ROWS, ROWS)
@settings(max_examples=30)
def test_whole_rows_are_counted_as_bags(tmp_path_factory: pytest.TempPathFactory, old: Any, new: Any):
    folder = tmp_path_factory.mktemp("bags")
    content = [csv([["a", "b"], *map(list, rows)]) for rows in (old, new)]
    found = diff(folder, "a.csv", content[0], content[1], "rows")["rows"]
    before, after = Counter(old), Counter(new)
    assert (found["old"], found["new"]) == (len(old), len(new))
    assert found["added"] == (after - before).total() and found["removed"] == (before - after).total()
    assert found["unchanged"] == (before & after).total()


def test_types_of_parquet_columns(tmp_path: Path):
    nan = float("nan")
    old = {
        "id": pa.array([1, 2, 3], pa.int64()),
        "x": [1.5, nan, None],
        "tags": [["a"], [], None],
        "ID": ["p", "q", "r"],
    }
    new = {
        "id": pa.array([1, 2, 3], pa.int32()),
        "x": [1.5, nan, 0.0],
        "tags": [["a"], ["b"], None],
        "ID": ["p", "q", "r"],
    }
    found = diff(tmp_path, "t.parquet", parquet(old), parquet(new))
    assert found["key"]["name"] == "id"
    assert [(one["name"], one["old_type"], one["new_type"], one["status"], one["changed"]) for one in found["columns"]] == [
        ("id", "int64", "int32", "type", 0),
        ("x", "double", "double", "same", 1),
        ("tags", "list<element: string>", "list<element: string>", "same", 1),
        ("ID", "string", "string", "same", 0),
    ]  # fmt: skip
    assert found["lists"]["changed"] == [
        [2, 2, [2, "NaN", "[b]", "q"], {"2": "[]"}],
        [3, 3, [3, 0, None, "r"], {"1": None}],
    ]


def test_json_lines_tell_numbers_from_texts(tmp_path: Path):
    old = [{"id": "a", "n": 1}, {"id": "b", "n": "1"}, {"id": "c", "deep": {"x": [1]}}]
    new = [{"id": "a", "n": 1}, {"id": "b", "n": 1}, {"id": "c", "deep": {"x": [2]}, "late": True}]
    packed = [gzip.compress("\n".join(map(json.dumps, rows)).encode()) for rows in (old, new)]
    found = diff(tmp_path, "log.jsonl.gz", *packed)
    assert found["rows"]["changed"] == 2
    assert found["lists"]["changed"][0] == [2, 2, ["b", "1", None, None], {"1": '"1"'}]
    assert found["lists"]["changed"][1] == [3, 3, ["c", None, '{"x": [2]}', "true"], {"2": '{"x": [1]}'}]
    late = found["columns"][3]
    assert (late["name"], late["new_type"], late["status"]) == ("late", "text", "added")


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("a.csv", b"", "empty_file"),
        ("a.csv", b"a,b\n1\n", "ragged_rows"),
        ("a.csv", b"a\n\xff\xfe\n", "not_utf8"),
        ("a.parquet", b"PAR1" + b"\0" * 100 + b"PAR1", "damaged_file"),
        ("a.parquet", b"no", "wrong_format"),
        ("a.jsonl", b"{", "bad_json"),
        ("a.jsonl", b"[" * 100_000, "bad_json"),
        ("a.csv.gz", gzip.compress(b"a\n", mtime=0)[:12], "damaged_file"),
    ],
)
def test_broken_files_have_words(tmp_path: Path, name: str, content: bytes, code: str):
    with pytest.raises(AnalysisError) as raised:
        diff(tmp_path, name, content, content)
    assert raised.value.code == code


def test_names_of_columns_are_no_code(tmp_path: Path):
    names = ['"; DROP TABLE x; --', "it's", "a\nb", "ü\U0001f600"]
    columns = {name: [f"{number}{name}" for number in range(3)] for name in names}
    found = diff(tmp_path, "a.parquet", parquet(columns), parquet(columns), f"key:{names[0]}")
    assert found["rows"]["unchanged"] == 3 and [one["name"] for one in found["columns"]] == names


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT * FROM read_text('/etc/passwd')",
        "SELECT * FROM read_text('{folder}/../../../../../../etc/passwd')",
        "COPY (SELECT 1) TO '/tmp/ropewalk-escape.csv'",
        "ATTACH '/tmp/ropewalk-escape.db'",
        "SELECT * FROM 'http://127.0.0.1:9/a.parquet'",
        "INSTALL httpfs",
        "LOAD httpfs",
        "SET memory_limit = '64GB'",
        "SET enable_external_access = true",
    ],
)
def test_the_calculator_reaches_nothing_else(tmp_path: Path, sql: str):
    with pytest.raises(AnalysisError) as raised, session(tmp_path) as db:
        db.run(sql.format(folder=tmp_path))
    assert isinstance(raised.value.__cause__, duckdb.PermissionException | duckdb.InvalidInputException)


def test_a_question_that_takes_too_long_is_ended(tmp_path: Path):
    with pytest.raises(AnalysisError, match="took too long"), session(tmp_path, seconds=0.2) as db:
        db.rows("SELECT count(*) FROM range(10000000) a, range(1000000) b WHERE a.range % 7 = b.range % 11")
