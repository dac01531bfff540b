"""JSON Lines and Arrow: the same profile as the same table in Parquet, however it is split; hostile files end in words."""

import gzip
import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.analysis.builders import state_of
from workers.analysis.errors import AnalysisError
from workers.analysis.profile import Limits, TableProfile, jsonl_reader, merge
from workers.analysis.profile.columns import Kind
from workers.analysis.profile.formats import format_of, required_format
from workers.analysis.profile.reading import profile_file

_scalars = st.none() | st.booleans() | st.integers() | st.floats(width=32) | st.text(max_size=5)
_values = st.recursive(
    _scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=6,
)
_rows = st.lists(st.dictionaries(st.sampled_from("abcd"), _values, max_size=4) | _scalars, max_size=12)


def _profile(folder: Path, name: str, content: bytes, limits: Limits | None = None) -> TableProfile:
    path = folder / "data"
    path.write_bytes(content)
    return profile_file(path, required_format(name), limits=limits, seed=7, sample=False)


def _code(folder: Path, name: str, content: bytes, limits: Limits | None = None) -> str:
    with pytest.raises(AnalysisError) as caught:
        _profile(folder, name, content, limits)
    assert caught.value.message.endswith(".")
    return caught.value.code


def _lines(rows: list[Any]) -> bytes:
    return b"".join(json.dumps(row).encode() + b"\n" for row in rows)


def _table(rows: int = 3000) -> pa.Table:
    random = np.random.default_rng(3)
    words = np.array(["a", "b", "ü"])[random.integers(0, 3, rows)]
    weight = pa.array(random.normal(0, 1, rows), mask=random.random(rows) < 0.1)
    return pa.table({"word": words, "weight": weight, "fine": random.random(rows) < 0.5})


def _ipc(table: pa.Table, *, stream: bool = False, batch: int = 700) -> bytes:
    sink = pa.BufferOutputStream()
    opened = pa.ipc.new_stream if stream else pa.ipc.new_file
    with opened(sink, table.schema) as writer:
        writer.write_table(table, max_chunksize=batch)
    return bytes(sink.getvalue())


def test_the_same_table_in_every_format_has_the_same_profile(tmp_path: Path) -> None:
    table, sink = _table(), pa.BufferOutputStream()
    pq.write_table(table, sink)
    wanted = state_of(_profile(tmp_path, "t.parquet", bytes(sink.getvalue())))
    lines = _lines(table.to_pylist())
    assert state_of(_profile(tmp_path, "t.jsonl", lines)) == wanted
    assert state_of(_profile(tmp_path, "t.ndjson.gz", gzip.compress(lines))) == wanted
    assert state_of(_profile(tmp_path, "t.arrow", _ipc(table))) == wanted
    assert state_of(_profile(tmp_path, "t.feather", _ipc(table, stream=True))) == wanted


@settings(max_examples=150, deadline=None)
@given(first=_rows, second=_rows, batch=st.integers(1, 5))
def test_how_lines_are_split_does_not_matter(
    tmp_path_factory: pytest.TempPathFactory, first: list[Any], second: list[Any], batch: int
) -> None:
    folder = tmp_path_factory.mktemp("lines")
    if not first or not second:
        return
    whole = _profile(folder, "t.jsonl", _lines([*first, *second]))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(jsonl_reader, "_BATCH_ROWS", batch)
        split = _profile(folder, "t.jsonl", _lines([*first, *second]))
    assert _counts(split) == _counts(whole)
    parts = [_profile(folder, "t.jsonl", _lines(rows)) for rows in (first, second)]
    merged = merge(parts)
    assert merged.rows == whole.rows
    for name, column in merged.columns.items():
        theirs = whole.columns[name]
        assert (column.kind, column.n, column.types) == (theirs.kind, theirs.n, theirs.types), name


def _counts(profile: TableProfile) -> Any:
    return {
        name: (column.kind, column.n, column.null, column.nan, column.infinite, sorted(column.types))
        for name, column in profile.columns.items()
    }


def test_objects_within_objects_and_lists_become_columns(tmp_path: Path) -> None:
    rows = [
        {"id": 1, "box": {"x": 1.5, "size": {"w": 2}}, "tags": ["a", "b"]},
        {"id": 2, "box": {"x": 2, "label": "cat"}, "tags": []},
        {"id": "three", "late": True},
        {},
        7,
    ]
    profile = _profile(tmp_path, "t.jsonl", _lines(rows) + b"\n  \n")
    assert profile.rows == 5
    assert {name: (column.kind, column.n, column.null) for name, column in profile.columns.items()} == {
        "id": (Kind.MIXED, 3, 2),
        "box.x": (Kind.NUMBER, 2, 3),
        "box.size": (Kind.STRING, 1, 4),
        "tags[]": (Kind.NUMBER, 2, 3),
        "box.label": (Kind.STRING, 1, 4),
        "late": (Kind.BOOLEAN, 1, 4),
        "value": (Kind.NUMBER, 1, 4),
    }
    assert profile.columns["tags[]"].numbers.maximum == 2.0


def test_rows_without_any_key_are_rows(tmp_path: Path) -> None:
    assert _profile(tmp_path, "t.jsonl", b"{}\n{}\n").rows == 2


def test_what_no_text_can_hold_is_kept_out(tmp_path: Path) -> None:
    profile = _profile(
        tmp_path, "t.jsonl", b'{"\\ud800": "\\udfff", "big": 1e999, "huge": 1' + b"0" * 400 + b"}\n"
    )
    assert list(profile.columns) == ["?", "big", "huge"]
    assert profile.columns["big"].infinite == 1 and profile.columns["huge"].infinite == 1


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("t.jsonl", b"", "empty_file"),
        ("t.jsonl", b"\n \n", "empty_file"),
        ("t.jsonl", b'{"a": 1}\n{"a": \n', "bad_json"),
        ("t.jsonl", b"[" * 100_000 + b"\n", "bad_json"),
        ("t.jsonl", b"\x00\x01", "wrong_format"),
        ("t.jsonl", b"PAR1", "wrong_format"),
        ("t.jsonl", b'{"a": "' + b"x" * (9 << 20), "line_too_long"),
        ("t.jsonl", json.dumps({str(n): n for n in range(2001)}).encode(), "too_many_columns"),
        ("t.jsonl.gz", b'{"a": 1}\n', "wrong_format"),
        ("t.arrow", b"", "empty_file"),
        ("t.arrow", b"ARROW1\x00\x00 and nothing more", "damaged_file"),
        ("t.arrow", b"FEA1 the old format", "damaged_file"),
    ],
)
def test_what_can_not_be_read_says_why(tmp_path: Path, name: str, content: bytes, code: str) -> None:
    assert _code(tmp_path, name, content) == code


def test_every_key_in_another_line_ends_at_the_limit(tmp_path: Path) -> None:
    lines = _lines([{f"key{n}": n} for n in range(3000)])
    assert _code(tmp_path, "t.jsonl", lines) == "too_many_columns"


def test_damaged_arrow_is_an_error_and_never_a_crash(tmp_path: Path) -> None:
    """Arrow trusts offsets and lengths that a file states unless it is told to check them."""
    good = bytearray(_ipc(_table(300)))
    random = np.random.default_rng(5)
    seen = set()
    for _ in range(300):
        bad = bytearray(good)
        for place in random.integers(8, len(bad), 3):
            bad[place] = random.integers(0, 256)
        try:
            seen.add(_profile(tmp_path, "t.arrow", bytes(bad)).rows)
        except AnalysisError as error:
            seen.add(error.code)
        except MemoryError:
            seen.add("memory")
    assert "damaged_file" in seen


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("a.JSONL", "jsonl"),
        ("a.ndjson.zst", "jsonl:zstd"),
        ("a.arrow", "arrow"),
        ("a.feather", "arrow"),
        ("a.pq", "parquet"),
        ("a.tsv.gz", "csv:gzip:tab"),
        ("a.arrow.gz", None),
        ("a.json", None),
    ],
)
def test_formats_by_name(name: str, options: str | None) -> None:
    found = format_of(name)
    assert (found.options if found else None) == options
