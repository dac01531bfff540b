"""A preview shows nanoseconds to the last digit, although Arrow finds no pandas in a worker until it is told."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from workers.analysis.preview import make_preview

_NANOSECONDS = 1_234_567_891


def test_nanoseconds_of_a_table(tmp_path: Path) -> None:
    path = tmp_path / "data"
    moments = pa.array([_NANOSECONDS, None], pa.timestamp("ns"))
    spans = pa.array([[_NANOSECONDS], []], pa.list_(pa.duration("ns")))
    pq.write_table(pa.table({"at": moments, "spans": spans}), path)
    document = make_preview("table", path, "t.parquet", "parquet", lambda _share: None)
    assert document["rows"] == [
        ["1970-01-01T00:00:01.234567891", '["0 days 00:00:01.234567891"]'],
        [None, "[]"],
    ]
