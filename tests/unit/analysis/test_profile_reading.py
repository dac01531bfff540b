"""Files as people have them: CSV in its dialects, Parquet, compressed, broken, hostile."""

import gzip
import math
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.unit.analysis.builders import state_of
from workers.analysis.errors import AnalysisError
from workers.analysis.profile import Limits, TableProfile
from workers.analysis.profile.columns import Kind
from workers.analysis.profile.formats import format_of, required_format
from workers.analysis.profile.reading import profile_file


def _profile(folder: Path, name: str, content: bytes | str, limits: Limits | None = None) -> TableProfile:
    path = folder / "data"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return profile_file(path, required_format(name), limits=limits, seed=7)


def _code(folder: Path, name: str, content: bytes | str, limits: Limits | None = None) -> str:
    with pytest.raises(AnalysisError) as caught:
        _profile(folder, name, content, limits)
    assert caught.value.message.endswith(".")
    return caught.value.code


def _parquet(table: pa.Table, **options: object) -> bytes:
    sink = pa.BufferOutputStream()
    pq.write_table(table, sink, **options)
    return bytes(sink.getvalue())


def test_types_are_read_from_all_cells(tmp_path: Path) -> None:
    text = (
        "whole,real,truth,day,moment,word,gone,late\n"
        "1,1.5,true,2024-01-01,2024-01-01T10:00:00Z,a,,1\n"
        '2,NaN,False,2024-02-01,2024-01-02T11:00:00Z,"b,c",NA,2\n'
        "3,-inf,TRUE,,2024-01-08T10:30:00.25Z,,,x\n"
    )
    columns = _profile(tmp_path, "t.csv", text).columns
    assert {name: column.kind.value for name, column in columns.items()} == {
        "whole": "number",
        "real": "number",
        "truth": "boolean",
        "day": "datetime",
        "moment": "datetime",
        "word": "string",
        "gone": "empty",
        "late": "string",
    }
    assert (columns["real"].n, columns["real"].null, columns["real"].infinite) == (1, 1, 1)
    assert columns["word"].null == 1 and columns["gone"].null == 3
    assert columns["moment"].hours is not None and columns["moment"].hours[[10, 11]].tolist() == [2, 1]
    assert columns["moment"].weekdays is not None and columns["moment"].weekdays[:2].tolist() == [
        2,
        1,
    ]  # two Mondays


def test_a_column_that_turns_to_text_late_is_text_from_its_first_row(tmp_path: Path) -> None:
    small = Limits(block=4096)
    rows = [f"{number},{number}" for number in range(5000)]
    profile = _profile(tmp_path, "t.csv", "a,b\n" + "\n".join([*rows, "unknown,5000"]) + "\n", small)
    column = profile.columns["a"]
    assert column.kind is Kind.STRING and column.n == 5001
    assert column.categories is not None and dict(column.categories.top(9999))["17"] == 1
    assert profile.columns["b"].kind is Kind.NUMBER and profile.rows == 5001


def test_whole_numbers_that_turn_real_late_are_numbers_throughout(tmp_path: Path) -> None:
    text = "a\n" + "\n".join(map(str, range(3000))) + "\n0.5\n"
    numbers = _profile(tmp_path, "t.csv", text, Limits(block=4096)).columns["a"].numbers
    assert numbers is not None and numbers.n == 3001 and not numbers.integral and numbers.maximum == 2999


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_delimiters_are_found(tmp_path: Path, delimiter: str) -> None:
    text = "\n".join(delimiter.join(row) for row in (["a", "b", "c"], ["1", "x y", "2.5"], ["2", "z", "3.5"]))
    profile = _profile(tmp_path, "t.tsv" if delimiter == "\t" else "t.csv", text)
    assert list(profile.columns) == ["a", "b", "c"] and profile.rows == 2


def test_headers_in_all_their_forms(tmp_path: Path) -> None:
    assert list(_profile(tmp_path, "t.csv", "\ufeffa,a,,b \n1,2,3,4\n").columns) == [
        "a",
        "a.1",
        "column_3",
        "b",
    ]
    without = _profile(tmp_path, "t.csv", "5.1,3.5\n4.9,3.0\n")
    assert list(without.columns) == ["column_1", "column_2"] and without.rows == 2
    quoted = _profile(tmp_path, "t.csv", '"a\nname",b\n1,2\n')
    assert list(quoted.columns) == ["a\nname", "b"] and quoted.rows == 1
    assert _profile(tmp_path, "t.csv", "a,b\n").rows == 0
    assert _profile(tmp_path, "t.csv", "a,b").rows == 0


def test_quoted_line_breaks_do_not_split_rows(tmp_path: Path) -> None:
    text = "a,b\n" + "".join(f'{number},"line\nbreak {number % 3}"\n' for number in range(4000))
    profile = _profile(tmp_path, "t.csv", text, Limits(block=4096))
    assert profile.rows == 4000 and profile.columns["b"].categories is not None
    assert profile.columns["b"].categories.distinct == 3


@pytest.mark.parametrize("ending", [".gz", ".zst", ".bz2"])
def test_compressed_files_give_the_same_profile(tmp_path: Path, ending: str) -> None:
    text = ("a,b\n" + "\n".join(f"{i},{i % 7}" for i in range(30_000)) + "\n").encode()
    codec = {".gz": "gzip", ".zst": "zstd", ".bz2": "bz2"}[ending]
    sink = pa.BufferOutputStream()
    with pa.CompressedOutputStream(sink, codec) as stream:
        stream.write(text)
    packed = bytes(sink.getvalue())
    assert state_of(_profile(tmp_path, f"t.csv{ending}", packed)) == state_of(
        _profile(tmp_path, "t.csv", text)
    )
    assert _code(tmp_path, f"t.csv{ending}", packed[: len(packed) // 2]) == "damaged_file"


def test_gzip_files_of_several_members_are_read_to_the_end(tmp_path: Path) -> None:
    packed = gzip.compress(b"a\n1\n") + gzip.compress(b"2\n3\n")
    assert _profile(tmp_path, "t.csv.gz", packed).rows == 3


def test_block_size_does_not_matter(tmp_path: Path) -> None:
    random = np.random.default_rng(3)
    rows = [
        f"{x:.17g},{w},{'' if x > 1 else int(x * 100)}"
        for x, w in zip(random.normal(size=20_000), ["u", "v"] * 10_000, strict=True)
    ]
    text = "x,w,n\n" + "\n".join(rows)
    states = [
        state_of(_profile(tmp_path, "t.csv", text, Limits(block=block)))
        for block in (1 << 12, 1 << 16, 8 << 20)
    ]
    assert states[0] == states[1] == states[2]


def test_parquet_of_every_type(tmp_path: Path) -> None:
    table = pa.table(
        {
            "i8": pa.array([1, None, 3], pa.int8()),
            "half": pa.array(np.array([0.5, 1.5, np.nan], np.float16)),
            "dec": pa.array([1, 2, None], pa.decimal128(10, 2)),
            "flag": pa.array([True, False, None]),
            "day": pa.array([0, 1, None], pa.date32()),
            "ms": pa.array([0, 1, None], pa.timestamp("ms", "UTC")),
            "clock": pa.array([1, 2, None], pa.time64("us")),
            "code": pa.array(["a", "b", None]).dictionary_encode(),
            "large": pa.array(["a", "b", None], pa.large_string()),
            "bytes": pa.array([b"a", b"\xff", None]),
            "nested": pa.array([{"a": [1]}, None, {"a": []}]),
            "gone": pa.nulls(3),
        }
    )
    profile = _profile(tmp_path, "t.parquet", _parquet(table))
    kinds = [profile.columns[name].kind.value for name in table.column_names]
    numbers, others = ["number"] * 3, ["string", "string", "other", "other", "empty"]
    assert kinds == [*numbers, "boolean", "datetime", "datetime", "number", *others]
    assert all(column.rows == 3 for column in profile.columns.values())
    assert profile.columns["half"].nan == 1 and profile.columns["nested"].null == 1
    assert (
        profile.sample is not None and profile.sample.table is not None and profile.sample.table.num_rows == 3
    )


def test_row_groups_do_not_matter(tmp_path: Path) -> None:
    random = np.random.default_rng(3)
    table = pa.table({"x": random.normal(size=30_000), "w": random.choice(["a", "b", "c"], 30_000)})
    whole, pieces = _parquet(table), _parquet(table, row_group_size=1000)
    assert state_of(_profile(tmp_path, "t.parquet", whole)) == state_of(
        _profile(tmp_path, "t.parquet", pieces)
    )


def test_a_parquet_table_without_rows_keeps_its_types(tmp_path: Path) -> None:
    table = pa.schema([("x", pa.float64()), ("w", pa.string())]).empty_table()
    profile = _profile(tmp_path, "t.parquet", _parquet(table))
    assert profile.rows == 0 and [column.kind.value for column in profile.columns.values()] == [
        "number",
        "string",
    ]


def test_csv_and_parquet_of_the_same_table_agree(tmp_path: Path) -> None:
    random = np.random.default_rng(4)
    values = random.normal(size=9000)
    text = "x\n" + "\n".join(f"{value!r}" for value in values.tolist())
    left = _profile(tmp_path, "t.csv", text).columns["x"].numbers
    right = _profile(tmp_path, "t.parquet", _parquet(pa.table({"x": values}))).columns["x"].numbers
    assert left is not None and right is not None
    assert (
        left.histogram.keys.tolist() == right.histogram.keys.tolist()
        and left.histogram.shift == right.histogram.shift
    )


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("t.csv", b"", "empty_file"),
        ("t.csv", b"\n\n", "empty_file"),
        ("t.parquet", b"", "empty_file"),
        ("t.csv", b"PAR1\x15\x04rest", "wrong_format"),
        ("t.csv", gzip.compress(b"a\n1\n", mtime=0), "wrong_format"),
        ("t.csv", b"PK\x03\x04....", "wrong_format"),
        ("t.csv", b"a,b\n1,\x002\n", "wrong_format"),
        ("t.csv", "a,b\n1,2\n".encode("utf-16"), "wrong_format"),
        ("t.csv.gz", b"a,b\n1,2\n", "wrong_format"),
        ("t.parquet", b"a,b\n1,2\n", "wrong_format"),
        ("t.parquet", b"PAR1" + bytes(5000) + b"PAR1", "damaged_file"),
        ("t.csv", "a,b\nä,ö\n".encode("latin-1"), "not_utf8"),
        ("t.csv", ("a\n" + "x\n" * 1_000_000).encode() + b"\xff\xfe\n", "not_utf8"),
        ("t.csv", b"a,b\n1,2\n3,4,5\n", "ragged_rows"),
        ("t.csv", b"a,b\n1,2\n3\n", "ragged_rows"),
        ("t.csv", b"a,b\n" + b'1,"never closed' + b"x" * (17 << 20), "row_too_large"),
        ("t.csv", ",".join(f"c{i}" for i in range(3000)) + "\n", "too_many_columns"),
        ("t.csv", b'"' + b"h" * 200_000 + b'",b\n1,2\n', "bad_header"),
    ],
)
def test_what_cannot_be_read_says_why(tmp_path: Path, name: str, content: bytes | str, code: str) -> None:
    assert _code(tmp_path, name, content) == code


def test_a_ragged_row_is_named(tmp_path: Path) -> None:
    with pytest.raises(AnalysisError, match=r"Row 3 has 3 cells where the first row has 2\."):
        _profile(tmp_path, "t.csv", "a,b\n1,2\n3,4,5\n")


def test_limits_hold(tmp_path: Path) -> None:
    rows = "a\n" + "1\n" * 10_000
    assert _code(tmp_path, "t.csv", rows, Limits(rows=9999)) == "too_many_rows"
    assert (
        _code(tmp_path, "t.parquet", _parquet(pa.table({"a": range(100)})), Limits(rows=99))
        == "too_many_rows"
    )
    wide = _parquet(pa.table({f"c{i}": [1] for i in range(30)}))
    assert _code(tmp_path, "t.parquet", wide, Limits(columns=29)) == "too_many_columns"
    heavy = _parquet(pa.table({"a": np.random.default_rng(1).normal(size=5000)}))
    assert _code(tmp_path, "t.parquet", heavy, Limits(column_chunk=1000)) == "row_group_too_large"
    packed = gzip.compress(rows.encode() * 100)
    assert _code(tmp_path, "t.csv.gz", packed, Limits(decompressed=100_000)) == "too_large"


def test_a_decompression_bomb_is_stopped_early(tmp_path: Path) -> None:
    sink = pa.BufferOutputStream()
    with pa.CompressedOutputStream(sink, "zstd") as stream:
        stream.write(b"a,b\n")
        for _ in range(256):
            stream.write(b"0,0\n" * (1 << 18))
    packed = bytes(sink.getvalue())
    assert _code(tmp_path, "t.csv.zst", packed, Limits(ratio_from=16 << 20)) == "decompression_bomb"


def test_long_runs_of_a_long_text_are_not_spelled_out(tmp_path: Path) -> None:
    rows = 300_000
    giant = pa.DictionaryArray.from_arrays(pa.array(np.zeros(rows, np.int32)), pa.array(["x" * 1_000_000]))
    data = _parquet(pa.table({"a": giant}), compression="zstd")
    assert len(data) < 1 << 20  # 300 GB if spelled out
    before = pa.default_memory_pool().max_memory()
    column = _profile(tmp_path, "t.parquet", data).columns["a"]
    assert pa.default_memory_pool().max_memory() <= max(before, 200 << 20)
    assert column.n == rows and column.lengths is not None and column.lengths.mean == 1_000_000


def test_an_interruption_passes_through_the_reader(tmp_path: Path) -> None:
    class OutOfTime(BaseException):
        pass

    def expire(_number: int, _frame: object) -> None:
        raise OutOfTime

    path = tmp_path / "data"
    path.write_text("a,b\n" + "1.5,word\n" * 3_000_000)
    previous = signal.signal(signal.SIGUSR1, expire)
    try:
        with pytest.raises(OutOfTime):
            profile_file(
                path,
                required_format("t.csv"),
                progress=lambda share: os.kill(os.getpid(), signal.SIGUSR1) if share > 0.2 else None,
            )
    finally:
        signal.signal(signal.SIGUSR1, previous)


def test_progress_ends_at_one_and_never_falls(tmp_path: Path) -> None:
    path, seen = tmp_path / "data", [0.0]
    path.write_text("a\n" + "1\nx\n" * 400_000)
    profile_file(path, required_format("t.csv"), limits=Limits(block=1 << 16), progress=seen.append)
    assert seen == sorted(seen) and math.isclose(seen[-1], 1.0) and len(seen) > 3


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("a/b.CSV", "csv"), ("x.tsv.gz", "csv:gzip:tab"), ("x.csv.zst", "csv:zstd"), ("x.parquet", "parquet"),
        ("x.pq", "parquet"), ("x.parquet.gz", None), ("x.gz", None), ("x.json", None), ("x", None), (".csv", None),
    ],
)  # fmt: skip
def test_formats_by_name(name: str, kind: str | None) -> None:
    found = format_of(name)
    assert (found.options if found else None) == kind


def test_progress_is_told_in_the_callers_thread(tmp_path: Path) -> None:
    # Arrow reads ahead in its own threads, where a worker's database connection must not be used
    path, threads = tmp_path / "data", set()
    path.write_text("a\n" + "1\n" * 400_000)
    profile_file(
        path,
        required_format("t.csv"),
        limits=Limits(block=1 << 16),
        progress=lambda _share: threads.add(threading.get_ident()),
    )
    assert threads == {threading.get_ident()}


_WITHIN_LIMIT = """
import resource, sys
from pathlib import Path
from workers.analysis.profile.formats import required_format
from workers.analysis.profile.reading import profile_file
profile_file(Path(sys.argv[1]), required_format("t.parquet"))  # starts Arrow's threads
used = next(int(line.split()[1]) for line in open("/proc/self/status") if line.startswith("VmData"))
resource.setrlimit(resource.RLIMIT_DATA, ((used << 10) + (100 << 20),) * 2)
try:
    profile_file(Path(sys.argv[2]), required_format("t.parquet"))
except MemoryError:
    print("out of memory")
"""


def test_a_cell_beyond_the_workers_memory_ends_as_that_and_not_as_a_damaged_file(tmp_path: Path) -> None:
    small, large = tmp_path / "small", tmp_path / "large"
    small.write_bytes(_parquet(pa.table({"a": ["x"]})))
    large.write_bytes(
        _parquet(pa.table({"a": ["x" * (150 << 20)]}), compression="zstd", use_dictionary=False)
    )
    script = [sys.executable, "-c", _WITHIN_LIMIT, str(small), str(large)]
    run = subprocess.run(script, check=False, capture_output=True, text=True)
    assert run.stdout == "out of memory\n", run.stderr[-2000:]
