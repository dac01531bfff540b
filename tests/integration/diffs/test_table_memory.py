"""A million rows in a process of its own: exact counts without a key column and with one that repeats, in bounded memory."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from ropewalk.conf.env import env

ROWS = 1_000_000
PROGRAM = """
import json, resource, sys, time
from pathlib import Path
from workers.analysis.contents import Side
from workers.analysis.contents.tables.diff import table_diff

folder = Path(sys.argv[1])
found = []
for number, options in enumerate(sys.argv[2:]):
    (folder / str(number)).mkdir()
    sides = [Side(folder / str(number) / f"{name}.parquet", "t.parquet") for name in ("old", "new")]
    for side in sides:
        side.path.hardlink_to(folder / side.path.name)
    started = time.monotonic()
    document = table_diff(*sides, options, folder / str(number), lambda _share, _message: None)
    lists = {status: rows[:3] for status, rows in document["lists"].items()}
    found.append([document["key"], document["rows"], lists, round(time.monotonic() - started, 1)])
print(json.dumps([found, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10]))
"""


def write(path: Path, group: np.ndarray, value: np.ndarray) -> None:
    columns = {"group": group, "value": value, "text": np.char.add("row of ", (group % 997).astype("U3"))}
    pq.write_table(pa.table(columns), path, compression="zstd", row_group_size=ROWS // 4)


def test_a_million_rows_without_a_key_and_with_repeated_ones(tmp_path: Path):
    numbers = np.arange(ROWS)
    group, value = numbers // 4, numbers % 4 + 0.5  # four rows of each group, every row there once
    write(tmp_path / "old.parquet", group, value)
    keep = numbers % 500_000 != 250_001  # two rows go
    group, value = group[keep], value[keep].copy()
    value[::100_000] = np.nan  # ten rows change
    order = np.argsort(-group, kind="stable")  # and all stand elsewhere
    write(tmp_path / "new.parquet", group[order], value[order])
    run = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(tmp_path), "", "key:group", "rows"],
        capture_output=True,
        check=True,
        text=True,
        timeout=300,
    )
    (found, by_group, by_rows), peak = json.loads(run.stdout)  # and nothing else is written
    print(f"1,000,000 rows: {found[3]}, {by_group[3]}, {by_rows[3]} s; peak {peak} MiB")
    assert found[0] == {"name": None, "unique": False, "chosen": "none"}
    assert found[1] == by_rows[1]
    assert found[1] == {
        "old": ROWS,
        "new": ROWS - 2,
        "added": 10,
        "removed": 12,
        "changed": 0,
        "unchanged": ROWS - 12,
    }
    assert found[2]["removed"][0][1] == [0, 0.5, "row of 0"]
    assert [row[1][1] for row in found[2]["added"]] == ["NaN"] * 3
    assert by_group[0] == {"name": "group", "unique": False, "chosen": "viewer"}
    assert by_group[1] == {
        "old": ROWS,
        "new": ROWS - 2,
        "added": 0,
        "removed": 2,
        "changed": 10,
        "unchanged": ROWS - 12,
    }
    touched = numbers[keep][::100_000].tolist()[:-4:-1]  # the order is reversed now
    assert [(old, cells[0], cells[1], before) for old, _, cells, before in by_group[2]["changed"]] == [
        (number + 1, number // 4, "NaN", {"1": number % 4 + 0.5}) for number in touched
    ]
    assert peak < env.job_memory_mb
