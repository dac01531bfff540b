"""merge(profile(a), profile(b)) == profile(a ++ b), whatever the order, the split and the values."""

import itertools
import math
from datetime import UTC, datetime
from decimal import Decimal

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.analysis.builders import profile_of, state_of
from workers.analysis.profile import TableProfile, categories, merge
from workers.analysis.profile.columns import Column, Kind

_floats = st.one_of(
    st.floats(allow_nan=True, allow_infinity=True, allow_subnormal=True),
    st.sampled_from([0.0, -0.0, 5e-324, -5e-324, 1.7976931348623157e308, -1.7976931348623157e308]),
    st.none(),
)


def _moments(first: int, last: int) -> st.SearchStrategy[datetime]:
    bounds = (datetime(year, 1, 2, tzinfo=UTC).replace(tzinfo=None) for year in (first, last))
    return st.datetimes(*bounds)


_types: dict[str, tuple[pa.DataType, st.SearchStrategy[object]]] = {
    "double": (pa.float64(), _floats),
    "float": (pa.float32(), st.one_of(st.floats(width=32), st.none())),
    "int64": (pa.int64(), st.one_of(st.integers(-(2**63), 2**63 - 1), st.none())),
    "uint64": (pa.uint64(), st.one_of(st.integers(0, 2**64 - 1), st.none())),
    "bool": (pa.bool_(), st.one_of(st.booleans(), st.none())),
    "text": (pa.string(), st.one_of(st.text(max_size=6), st.none())),
    "decimal": (
        pa.decimal128(20, 3),
        st.one_of(st.decimals(-(10**6), 10**6, places=3, allow_nan=False).map(Decimal), st.none()),
    ),
    "seconds": (
        pa.timestamp("s"),
        st.one_of(_moments(1678, 2262), st.none()),
    ),
    "nanoseconds": (
        pa.timestamp("ns"),
        st.one_of(_moments(1678, 2262), st.none()),
    ),
    "zoned": (
        pa.timestamp("us", "Europe/Berlin"),
        st.one_of(_moments(1900, 2100), st.none()),
    ),
    "date": (pa.date32(), st.one_of(st.dates(), st.none())),
    "nothing": (pa.null(), st.none()),
}


@st.composite
def _split_columns(draw: st.DrawFn) -> list[dict[str, pa.Array]]:
    rows = draw(st.integers(0, 40))
    names = draw(st.lists(st.sampled_from(sorted(_types)), min_size=1, max_size=3, unique=True))
    whole = {name: draw(st.lists(_types[name][1], min_size=rows, max_size=rows)) for name in names}
    cuts = sorted({0, rows, *draw(st.lists(st.integers(0, rows), max_size=3))})
    pairs = list(itertools.pairwise(cuts)) or [(0, 0)]
    return [
        {name: pa.array(values[a:b], _types[name][0]) for name, values in whole.items()} for a, b in pairs
    ]


@settings(max_examples=150, deadline=None)
@given(_split_columns(), st.randoms(use_true_random=False))
def test_merge_is_the_profile_of_all_rows(parts: list[dict[str, pa.Array]], random: object) -> None:
    whole = {name: pa.concat_arrays([part[name] for part in parts]) for name in parts[0]}
    starts = np.concatenate([[0], np.cumsum([len(next(iter(part.values()))) for part in parts])])
    profiles = [profile_of(part, first_row=int(start)) for part, start in zip(parts, starts, strict=False)]
    random.shuffle(profiles)  # type: ignore[attr-defined]
    expected, merged = profile_of(whole), merge(profiles)
    assert state_of(merged) == state_of(expected)
    for name, column in expected.columns.items():
        ours = merged.columns[name]
        if column.numbers is not None and column.numbers.n:
            with np.errstate(all="ignore"):
                assert ours.numbers is not None
                spread = max(abs(column.numbers.minimum), abs(column.numbers.maximum))
                if spread < 1e100:  # beyond, squares overflow and no two orders of adding agree
                    assert math.isclose(ours.numbers.mean, column.numbers.mean, abs_tol=1e-9 * spread)
                    assert math.isclose(
                        ours.numbers.m2, column.numbers.m2, rel_tol=1e-6, abs_tol=1e-12 * spread**2 * column.n
                    )


@pytest.mark.parametrize("kind", ["normal", "pareto", "offset", "huge", "tiny", "integers", "money"])
def test_merge_is_exact_beyond_the_exact_state(kind: str) -> None:
    random = np.random.default_rng(5)
    values = {
        "normal": lambda: random.normal(size=40_000),
        "pareto": lambda: random.pareto(1.1, 40_000) + 1,
        "offset": lambda: random.normal(300, 1e-6, 40_000),
        "huge": lambda: random.normal(0, 1e307, 40_000),
        "tiny": lambda: random.normal(0, 1e-310, 40_000),
        "integers": lambda: random.integers(-(2**62), 2**62, 40_000),
        "money": lambda: np.round(random.lognormal(3, 0.8, 40_000), 2),
    }[kind]()
    expected = state_of(profile_of({"x": values}))
    assert state_of(profile_of({"x": values}, batch_rows=777)) == expected
    parts = np.array_split(values, 3)
    starts = [0, len(parts[0]), len(parts[0]) + len(parts[1])]
    for order in itertools.permutations(range(3)):
        assert state_of(merge([profile_of({"x": parts[i]}, first_row=starts[i]) for i in order])) == expected
    assert expected["columns"]["x"]["numbers"][5] >= 32  # no longer exact


def test_overflowing_categories_merge_exactly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(categories, "EXACT_CATEGORIES", 100)
    monkeypatch.setattr(categories, "_PENDING_VALUES", 150)
    values = [f"user {number % 170}" for number in range(1000)]
    expected = state_of(profile_of({"x": values}))
    assert expected["columns"]["x"]["categories"][3] is not None
    for cut in (0, 1, 80, 500, 1000):
        parts = [
            profile_of({"x": pa.array(values[:cut], pa.string())}),
            profile_of({"x": values[cut:]}, first_row=cut),
        ]
        assert state_of(merge(parts)) == expected
        assert state_of(merge(reversed(parts))) == expected
    assert merge([profile_of({"x": values})]).columns["x"].categories.distinct == 170  # type: ignore[union-attr]


def test_large_values_count_towards_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(categories, "EXACT_CATEGORY_BYTES", 10_000)
    few = profile_of({"x": ["a" * 9000]}).columns["x"].categories
    many = profile_of({"x": ["a" * 9000, "b" * 9000]}).columns["x"].categories
    assert few is not None and few.exact
    assert many is not None and not many.exact


def test_distinct_is_estimated_beyond_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(categories, "EXACT_CATEGORIES", 1000)
    column = profile_of({"x": [f"value {number}" for number in range(60_000)]}).columns["x"]
    assert column.categories is not None
    assert abs(column.categories.distinct / 60_000 - 1) < 0.06


def test_columns_of_different_kinds_are_mixed_in_either_order() -> None:
    numbers = profile_of({"x": [1.5, None, float("nan"), math.inf]})
    words = profile_of({"x": ["a", "b", None]}, first_row=4)
    for pair in ((numbers, words), (words, numbers)):
        column = merge(pair).columns["x"]
        assert (column.kind, column.n, column.null, column.rows) == (Kind.MIXED, 5, 2, 7)


def test_merging_leaves_the_given_profiles_as_they_are() -> None:
    first, second = (
        profile_of({"x": [1.0, 2.0], "y": ["a", "b"]}),
        profile_of({"x": [3.0], "y": ["c"]}, first_row=2),
    )
    before = state_of(first), state_of(second)
    merge([first, second])
    merge([second, first])
    assert (state_of(first), state_of(second)) == before


def test_a_column_that_only_some_files_have_is_counted_where_it_is() -> None:
    merged = merge([profile_of({"x": [1, 2]}), profile_of({"x": [3], "y": [4]}, first_row=2)])
    assert merged.rows == 3 and merged.columns["y"].rows == 1 and merged.files == 2


def test_wide_tables_get_fewer_bins() -> None:
    wide = TableProfile.for_width(500)
    assert (wide.bins, wide.sample.size if wide.sample else 0) == (2048, 400)
    column = Column("x", bins=wide.bins)
    column.add(pa.array(np.random.default_rng(1).normal(size=50_000)))
    assert column.numbers is not None and len(column.numbers.histogram.keys) <= 2048
    column.add(pa.array([1e300, -1e300, 1e-300]))
    assert len(column.numbers.histogram.keys) <= 2048


def test_the_sample_is_uniform_and_a_function_of_the_seed() -> None:
    rows = np.arange(50_000)
    first, again, other = (profile_of({"x": rows}, batch_rows=4096, seed=seed).sample for seed in (1, 1, 2))
    assert first is not None and again is not None and other is not None and first.table is not None
    assert first.table.num_rows == 2000
    assert first.hashes.tolist() == again.hashes.tolist() != other.hashes.tolist()
    assert abs(np.mean(first.table["x"].to_numpy()) / 25_000 - 1) < 0.05
