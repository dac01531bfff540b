"""Which cells of two tables are the same: values at the edges of their types, and columns whose type changed."""

import datetime as dt
import struct
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from tests.unit.analysis.test_table_diff import diff, parquet

NAN = float("nan")
_QUIET = struct.unpack("d", struct.pack("Q", 0x7FF8000000000001))[0]
_NEGATIVE = struct.unpack("d", struct.pack("Q", 0xFFF8000000000000))[0]
YEAR_9999, YEAR_2024 = 253_402_214_400_000_000, 1_704_067_200_000_000  # microseconds


def micro(values: list[int | None], zone: str | None = None) -> pa.Array:
    return pa.array(values, pa.int64()).cast(pa.timestamp("us", zone))


def compared(tmp_path: Path, old: Any, new: Any, options: str = "key:id") -> dict[str, Any]:
    sides = [
        parquet(
            {"id": pa.array(range(len(side))), "x": side if isinstance(side, pa.Array) else pa.array(side)}
        )
        for side in (old, new)
    ]
    return diff(tmp_path, "t.parquet", *sides, options)


@pytest.mark.parametrize(
    ("old", "new", "changed"),
    [
        ([0.0, -0.0, 1.0], [-0.0, 0.0, -1.0], [2]),
        (np.array([NAN, _QUIET, 1.0]), np.array([_NEGATIVE, NAN, NAN]), [2]),
        ([NAN, None, None], [None, NAN, None], [0, 1]),
        (micro([0, 3_600_000_000], "UTC"), micro([0, 3_600_000_001], "Europe/Berlin"), [1]),
        (micro([0, None]), micro([0, None], "UTC"), [0]),  # without a zone nobody knows the instant
        (pa.array([0, 1000, 2001], pa.timestamp("ns")), micro([0, 1, 2]), [2]),
        (pa.array([0, 0, 5], pa.timestamp("ns")), micro([0, YEAR_9999, None]), [1, 2]),
        (pa.array([dt.date(2024, 1, 1), dt.date(2024, 1, 2)]), micro([YEAR_2024] * 2), [1]),
        (
            pa.array([0, 86_400_000_000_001], pa.timestamp("ns")),
            [dt.date(1970, 1, 1), dt.date(1970, 1, 2)],
            [1],
        ),
        (
            pa.array([Decimal("1.50"), Decimal("2.25"), None], pa.decimal128(10, 2)),
            pa.array([Decimal("1.500"), Decimal("2.251"), None], pa.decimal128(12, 3)),
            [1],
        ),
        (
            pa.array([Decimal("1.00"), Decimal("2.25"), Decimal(3)], pa.decimal128(10, 2)),
            [1, 2, None],
            [1, 2],
        ),
        (pa.array([Decimal("1.10"), Decimal("2.25")], pa.decimal128(10, 2)), [1.1, 2.5], [1]),
        (
            pa.array([Decimal("1.5"), Decimal("2.5")], pa.decimal128(38, 1)),
            pa.array([Decimal("1.5"), Decimal("2.5")], pa.decimal128(38, 30)),
            [0, 1],
        ),
        ([2**53 + 1, 2**53, 3, None, 5], [float(2**53), float(2**53), 3.5, None, NAN], [0, 2, 4]),
        ([10**18, -7, 0], [1e18, -7.0, -0.0], []),
        (pa.array([2**64 - 1, 4], pa.uint64()), pa.array([2**63 - 1, 4], pa.int64()), [0]),
        (pa.array([0.1, 0.5], pa.float32()), [0.1, 0.5], [0]),
        ([True, False, None], [1, 0, None], [0, 1]),
        ([{"a": [1]}, {"a": [2]}, None], [{"a": [1]}, {"a": [3]}, None], [1]),
        ([[1.0, None], [NAN], []], [[1.0, None], [NAN], None], [2]),
        (pa.nulls(2), [None, 1], [1]),
        ([b"\0\xff", b"a", None], [b"\0\xff", b"b", b""], [1, 2]),
        (pa.array(["a", "b"]).dictionary_encode(), pa.array(["a", "c"], pa.large_string()), [1]),
    ],
)
def test_cells_that_differ(tmp_path: Path, old: Any, new: Any, changed: list[int]):
    found = compared(tmp_path, old, new)
    assert [entry[0] - 1 for entry in found["lists"]["changed"]] == changed
    assert all(list(entry[3]) == ["1"] for entry in found["lists"]["changed"])
    assert found["rows"]["changed"] == found["columns"][1]["changed"] == len(changed)
    assert found["rows"]["unchanged"] == len(old) - len(changed) and not found["rows"]["added"]


def test_what_differs_looks_different(tmp_path: Path):
    def shown(old: Any, new: Any) -> tuple[Any, Any]:
        [entry] = compared(tmp_path, old, new)["lists"]["changed"]
        return entry[3]["1"], entry[2][1]

    assert shown(pa.array([1], pa.timestamp("ns")), pa.array([2], pa.timestamp("ns"))) == (
        "1970-01-01 00:00:00.000000001",
        "1970-01-01 00:00:00.000000002",
    )
    assert shown([b"\0a"], [b"\0b"]) == ("0x0061", "0x0062")
    long = [shown([b"a" * 4000], [b"a" * 3999 + b"b"])]
    assert all("4000 bytes" in side for side in long[0]) and long[0][0] != long[0][1]
    assert shown([{"a": [1, None]}], [{"a": [1, 2]}]) == ("{'a': [1, NULL]}", "{'a': [1, 2]}")
    assert shown([2**53 + 1], [float(2**53)]) == ("9007199254740993", 9007199254740992.0)


@pytest.mark.parametrize(
    "keys", [["a", "a", "b"], ["a", None, "b"], [1.0, NAN, -0.0], [micro([0, 1, 1], "UTC")][0]]
)
def test_keys_at_the_edges_pair_rows(tmp_path: Path, keys: Any):
    sides = [parquet({"k": pa.array(keys), "x": pa.array(values)}) for values in ([1, 2, 3], [1, 5, 3])]
    found = diff(tmp_path, "t.parquet", *sides, "key:k")
    assert found["rows"] == {"old": 3, "new": 3, "added": 0, "removed": 0, "changed": 1, "unchanged": 2}
    assert [entry[:2] for entry in found["lists"]["changed"]] == [[2, 2]]
