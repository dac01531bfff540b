"""A long file takes no more memory than a short one. (``tests/benchmarks/profile_memory.py`` measures ten million rows.)"""

import os
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from workers.analysis.profile import Limits
from workers.analysis.profile.csv_reader import batches, layout_of
from workers.analysis.profile.formats import required_format
from workers.analysis.profile.reading import open_parquet, parquet_batches

# The first file has Arrow start its threads and fill its pools, so that the second counts alone.
_WITHIN = """
import resource, sys
from pathlib import Path
from workers.analysis.profile.formats import required_format
from workers.analysis.profile.reading import profile_file
name, short, long, room = sys.argv[1:]
profile_file(Path(short), required_format(name))
used = next(int(line.split()[1]) for line in open("/proc/self/status") if line.startswith("VmData"))
resource.setrlimit(resource.RLIMIT_DATA, ((used << 10) + (int(room) << 20),) * 2)
print(profile_file(Path(long), required_format(name)).rows)
"""


def _rows_within(name: str, short: Path, long: Path, room: int) -> str:
    script = [sys.executable, "-c", _WITHIN, name, str(short), str(long), str(room)]
    run = subprocess.run(script, check=False, capture_output=True, text=True)
    return run.stdout.strip() or run.stderr[-2000:]


def test_csv_that_is_read_far_ahead(tmp_path: Path) -> None:
    short, long, line = tmp_path / "short", tmp_path / "long", "x" * 9999 + "\n"
    short.write_text("a\n" + line * 100)
    with long.open("w") as file:
        file.write("a\n")
        file.writelines(line * 1000 for _ in range(33))  # 330 MB
    assert _rows_within("t.csv", short, long, 150) == "33000"


def test_many_different_texts_are_summed_in_little_memory(tmp_path: Path) -> None:
    short, long = tmp_path / "short", tmp_path / "long"
    for path, rows in ((short, 1000), (long, 400_000)):
        # Below the number that is kept exactly, in each batch, and far beyond it together.
        pq.write_table(
            pa.table({"a": [f"{number:050}" for number in range(rows)]}), path, row_group_size=65_536
        )
    assert _rows_within("t.parquet", short, long, 90) == "400000"


def test_a_worker_loads_nothing_that_no_job_needs() -> None:
    script = "import django; django.setup(); import sys, workers.runners; print(*sys.modules)"
    root = Path(__file__).resolve().parents[3]
    path = os.pathsep.join([str(root), str(root / "platform")])
    given = {**os.environ, "PYTHONPATH": path, "DJANGO_SETTINGS_MODULE": "ropewalk.conf.settings"}
    loaded = subprocess.check_output([sys.executable, "-c", script], env=given, text=True).split()
    assert {"pandas", "mlflow", "sklearn", "polars"}.isdisjoint(loaded)
    assert {"workers.runners.profile_data", "pyarrow"} <= set(loaded)


@pytest.mark.parametrize("groups", [1, 7, 100_000])
def test_batches_of_parquet_have_each_row_once_and_in_order(tmp_path: Path, groups: int) -> None:
    path = tmp_path / "data"
    pq.write_table(pa.table({"a": range(20_000), "b": ["x"] * 20_000}), path, row_group_size=groups)
    parts = list(parquet_batches(open_parquet(path, ["b"]), 3000))
    assert [row for part in parts for row in part.column(0).to_pylist()] == list(range(20_000))
    assert max(part.num_rows for part in parts) <= 3000


def test_a_csv_row_longer_than_a_block_is_read_with_all_others(tmp_path: Path) -> None:
    path = tmp_path / "data"
    rows = [f"{number},{'y' * 50}" for number in range(100_000)]
    rows[70_000] = f"70000,{'z' * (5 << 20)}"
    path.write_text("\n".join(["n,text", *rows]) + "\n")
    kind, limits = required_format("t.csv"), Limits()
    found = list(batches(path, kind, layout_of(path, kind, limits), limits, lambda _share: None))
    assert [row for part in found for row in part.column(0).to_pylist()] == [
        str(number) for number in range(100_000)
    ]
    assert max(len(text) for part in found for text in part.column(1).to_pylist()) == 5 << 20
