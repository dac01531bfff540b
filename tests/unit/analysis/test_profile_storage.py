"""A stored profile comes back whole, is an ordinary Parquet file, and never runs code."""

from datetime import UTC, datetime

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.unit.analysis.builders import Values, profile_of, report_of, state_of
from workers.analysis.drift import drift_report
from workers.analysis.jsonsafe import storable
from workers.analysis.profile import categories, merge, storage
from workers.analysis.profile.storage import DamagedProfile, dumps, dumps_sample, loads
from workers.analysis.summary import summarize


def _columns() -> dict[str, Values]:
    random = np.random.default_rng(6)
    return {
        "binned": random.normal(size=20_000),
        "exact": random.integers(0, 50, 20_000),
        "gaps": np.where(random.random(20_000) < 0.1, np.nan, np.inf),
        "word": random.choice(["a", "b", "ü,\n"], 20_000),
        "text": [f"a long enough text with the number {number} in it" for number in range(20_000)],
        "flag": random.random(20_000) < 0.3,
        "when": [datetime(2024, 1, 1 + day % 28, day % 24, tzinfo=UTC) for day in range(20_000)],
        "gone": pa.nulls(20_000),
        "nested": pa.array([[1]] * 20_000),
    }


def test_everything_comes_back() -> None:
    profile = profile_of(_columns(), seed=5)
    stored, sample = dumps(profile), dumps_sample(profile)
    again = loads(stored, sample)
    assert state_of(again) == state_of(profile)
    for name, column in profile.columns.items():
        if column.numbers is not None:
            ours = again.columns[name].numbers
            assert ours is not None and (ours.mean, ours.m2) == (column.numbers.mean, column.numbers.m2)
    assert dumps(again) == stored  # the same profile is the same bytes
    assert drift_report(again, again) == drift_report(profile, profile)
    assert loads(stored).sample is None


def test_small_and_empty_profiles_come_back() -> None:
    for columns in ({"x": [1.0, None]}, {"x": pa.array([], pa.string())}, {"x": pa.nulls(3)}):
        profile = profile_of(columns)
        sample = dumps_sample(profile)
        assert state_of(loads(dumps(profile), sample)) == state_of(profile)


def test_a_small_files_sample_does_not_shrink_a_merged_one() -> None:
    small = profile_of({"x": [1.0, 2.0]})
    again = loads(dumps(small), dumps_sample(small))
    merged = merge([again, profile_of({"x": np.arange(500.0)}, seed=3)])
    assert (
        merged.sample is not None and merged.sample.table is not None and merged.sample.table.num_rows == 502
    )


def test_the_overflow_state_comes_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(categories, "EXACT_CATEGORIES", 10)
    profile = profile_of({"x": [f"v{number}" for number in range(500)]})
    again = loads(dumps(profile))
    assert (
        state_of(merge([again])) == state_of(merge([loads(dumps(profile))]))
        and not again.columns["x"].categories.exact
    )  # type: ignore[union-attr]
    assert again.columns["x"].categories.distinct == 500  # type: ignore[union-attr]


def test_a_profile_is_parquet_that_others_can_read_and_small() -> None:
    stored = dumps(profile_of(_columns()))
    table = pq.read_table(pa.BufferReader(stored))
    assert table["name"].to_pylist() == list(_columns())
    assert table["n"][1].as_py() == 20_000
    numbers = dumps(profile_of({f"n{i}": np.random.default_rng(i).normal(size=50_000) for i in range(10)}))
    assert len(numbers) < 10 * 12_000


@pytest.mark.parametrize(
    "damage",
    [
        b"",
        b"PAR1",
        b"no parquet at all",
        b"\x80\x04\x95\x0b\x00\x00\x00\x00\x00\x00\x00}\x94\x8c\x04rows\x94K\x01s.",
    ],
)
def test_damaged_bytes_are_refused(damage: bytes) -> None:
    with pytest.raises(DamagedProfile):
        loads(damage)


def test_bytes_that_were_cut_are_refused() -> None:
    stored = dumps(profile_of({"x": [1.0, 2.0], "w": ["a", "b"]}))
    for cut in range(0, len(stored) - 1, 97):
        with pytest.raises(DamagedProfile):
            loads(stored[:cut])


def test_another_version_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    stored = dumps(profile_of({"x": [1.0]}))
    monkeypatch.setattr(storage, "PROFILE_VERSION", 99)
    with pytest.raises(DamagedProfile, match="version 1"):
        loads(stored)


def test_a_user_column_may_be_named_like_ours() -> None:
    profile = profile_of({"__row_hash": [1, 2], "name": ["a", "b"]})
    again = loads(dumps(profile), dumps_sample(profile))
    assert state_of(again) == state_of(profile)


def test_the_summary_shows_each_column() -> None:
    summary = summarize(profile_of(_columns()))
    by_name = {column["name"]: column for column in summary["columns"]}
    assert summary["rows"] == 20_000 and summary["column_count"] == 9
    assert by_name["text"]["role"] == "text" and "top" not in by_name["text"]
    assert by_name["word"]["top"][0]["share"] > 0.3 and by_name["flag"]["role"] == "category"
    assert by_name["gaps"]["missing_share"] == pytest.approx(0.1, abs=0.01)
    assert (
        len(by_name["binned"]["histogram"]["reference"]) <= 60
        and "current" not in by_name["binned"]["histogram"]
    )
    assert by_name["when"]["min"] == "2024-01-01T00:00:00Z"


def test_json_that_postgresql_can_store() -> None:
    found = storable({"a\x00": ["\x00b", ("\ud800", 1.5, None, True)]})
    assert found == {"a\ufffd": ["\ufffdb", ["?", 1.5, None, True]]}
    report = report_of({"x\x00": ["a\x00", "b"] * 600}, {"x\x00": ["a\x00", "b"] * 600})
    assert "\x00" not in str(storable(report))
