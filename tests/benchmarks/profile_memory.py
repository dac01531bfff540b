"""How much memory the profile of a large set takes: ten million rows as one file of each kind, and as ten files.

    python tests/benchmarks/profile_memory.py [ROWS] [KIND …]

Each kind (``parquet``, ``csv``, ``csv.gz``, ``arrow``, ``parts``) is profiled by a process of its own that has the
worker's modules loaded, as a job's has. Fails when one peaks above 500 MB. The table is the one of ``drift.py``: 20 columns,
among them texts of eight words and 50,000 names.
"""

import gzip
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

sys.path[:0] = [str(Path(__file__).resolve().parents[2] / part) for part in ("", "platform")]

MOST_MEMORY = 476  # MiB, which are 500 MB
ROWS = 10_000_000
KINDS = ("parquet", "csv", "csv.gz", "arrow", "parts")
_PART = 1_000_000


def _tables(rows: int) -> Iterator[Any]:
    from tests.benchmarks.drift import table

    for number, start in enumerate(range(0, rows, _PART)):
        yield table(min(_PART, rows - start), number, drifted=False)


def make(folder: Path, kind: str, rows: int) -> None:
    """Write the set; a million rows at a time."""
    import pyarrow as pa
    import pyarrow.csv
    import pyarrow.parquet as pq

    def parquet(path: Path, schema: Any) -> Any:
        return stack.enter_context(pq.ParquetWriter(path, schema, compression="zstd", compression_level=1))

    with ExitStack() as stack:
        sink: Any = None
        for number, made in enumerate(_tables(rows)):
            if kind == "parts":
                pq.write_table(
                    made, folder / f"{number:02}.parquet", compression="zstd", row_group_size=131_072
                )
            elif kind == "parquet":
                sink = sink or parquet(folder / "data.parquet", made.schema)
                sink.write_table(made, row_group_size=131_072)
            elif kind == "arrow":
                sink = sink or stack.enter_context(pa.ipc.new_file(str(folder / "data.arrow"), made.schema))
                sink.write_table(made, max_chunksize=131_072)
            else:
                opened = gzip.open if kind == "csv.gz" else open
                path = folder / f"data.{kind}"
                sink = sink or stack.enter_context(opened(path, "wb", 1 if kind == "csv.gz" else -1))
                pa.csv.write_csv(made, sink, pa.csv.WriteOptions(include_header=number == 0))


def profile(folder: Path) -> None:
    """Profile every file of the folder, as a job does: each by itself, then all of them together."""
    import workers.runners  # noqa: F401  # what a worker's process has loaded
    from workers.analysis.profile import merge
    from workers.analysis.profile.formats import required_format
    from workers.analysis.profile.reading import profile_file
    from workers.analysis.profile.storage import dumps, dumps_sample, loads
    from workers.analysis.summary import summarize

    before, stored = _peak(), []
    started = time.process_time()
    for path in sorted(folder.iterdir()):
        found = profile_file(path, required_format(path.name))
        dumps_sample(found)
        summarize(found)
        stored.append(dumps(found))
        del found
    merged = merge([loads(one) for one in stored])
    print(
        f"{merged.rows:,} rows, {time.process_time() - started:.1f} CPU s, {before} MiB before, peak {_peak()} MiB"
    )


def _peak() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10


def _python(*arguments: str) -> str:
    made = subprocess.run(
        [sys.executable, __file__, *arguments], stdout=subprocess.PIPE, text=True, check=True
    )
    return made.stdout.strip()


def main(rows: int, kinds: list[str]) -> int:
    """Every kind in turn; 1 when one took too much."""
    over = []
    for kind in kinds:
        with tempfile.TemporaryDirectory(prefix="ropewalk-bench-") as folder:
            _python("make", folder, kind, str(rows))
            size = sum(path.stat().st_size for path in Path(folder).iterdir())
            said = _python("profile", folder)
        print(f"{kind:<10} {size >> 20:6} MiB: {said}", flush=True)
        if int(said.rsplit(" ", 2)[1]) > MOST_MEMORY:
            over.append(kind)
    print(f"over {MOST_MEMORY} MiB: {', '.join(over)}" if over else f"none took more than {MOST_MEMORY} MiB")
    return bool(over)


if __name__ == "__main__":
    if sys.argv[1:2] == ["make"]:
        make(Path(sys.argv[2]), sys.argv[3], int(sys.argv[4]))
    elif sys.argv[1:2] == ["profile"]:
        import os

        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ropewalk.conf.settings")
        import django

        django.setup()
        profile(Path(sys.argv[2]))
    else:
        sys.exit(main(int((sys.argv[1:] or [ROWS])[0]), sys.argv[2:] or list(KINDS)))
