"""What profiles and drift reports cost: CPU seconds, peak memory and stored bytes, cold and warm.

    python tests/benchmarks/drift.py [ROWS] [FILES]

Makes two seeded versions of a table (20 columns: 12 numeric, 6 categorical, a time, a text), FILES Parquet files of ROWS rows a
version (default 1,000,000 and 1), profiles them, merges, reports, and then does the same after one file changed. CPU seconds
rather than wall time, because they mean the same on a busy machine. Fails when one file of a million rows costs more than 8 CPU
seconds or 600 MiB, or when the warm report reads any data.

For comparison, Evidently 0.7.23's drift preset on one million rows and 18 of these columns was measured on a 2-core machine of
this kind at 100 to 137 s (single-threaded) and 2.2 GB, with a report of 15.8 MB; with the text column 234 s and 2.5 GB.
"""

import json
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from workers.analysis.drift import drift_report
from workers.analysis.profile import merge
from workers.analysis.profile.formats import FileFormat
from workers.analysis.profile.reading import profile_file
from workers.analysis.profile.storage import dumps, dumps_sample, loads

MOST_CPU_PER_MILLION = 8.0
MOST_MEMORY = 600
_CITIES = 20


def _zipf(kinds: int, exponent: float) -> np.ndarray:
    weights = 1 / np.arange(1, kinds + 1) ** exponent
    return weights / weights.sum()


def _names(random: np.random.Generator, rows: int, shares: np.ndarray, prefix: str) -> pa.Array:
    index = np.searchsorted(np.cumsum(shares)[:-1], random.random(rows)).astype(np.int32)
    names = pa.array([f"{prefix}{number}" for number in range(len(shares))])
    return pa.DictionaryArray.from_arrays(pa.array(index), names).cast(pa.string())


def table(rows: int, seed: int, *, drifted: bool) -> pa.Table:
    """20 columns; drifted are the location of one, the scale of one, a mixture, a mix of categories and a share of gaps."""
    random = np.random.default_rng(seed)
    gaps = random.normal(10, 4, rows)
    gaps[random.random(rows) < (0.25 if drifted else 0.12)] = np.nan
    mixed = random.random(rows) < (0.6 if drifted else 0.5)
    cities = _zipf(_CITIES, 0.8)
    cities[5] *= 1.8 if drifted else 1.0
    words = [_names(random, rows, _zipf(5000, 1.0), "w") for _ in range(8)]
    columns: dict[str, Any] = {
        "normal": random.normal(0.3 if drifted else 0, 1, rows),
        "offset": random.normal(300, 1, rows),
        "uniform": random.random(rows),
        "exponential": random.exponential(1, rows),
        "lognormal": random.lognormal(0, 1, rows) * (1.3 if drifted else 1),
        "pareto": random.pareto(1.5, rows) + 1,
        "student": random.standard_t(2, rows),
        "mixture": np.where(mixed, random.normal(-2, 0.7, rows), random.normal(3, 1, rows)),
        "count": random.poisson(7, rows),
        "mostly_zero": np.where(random.random(rows) < 0.8, 0.0, random.gamma(2, 50, rows)),
        "gaps": pa.array(gaps, from_pandas=True),
        "price": np.round(random.lognormal(3, 0.8, rows), 2),
        "binary": _names(random, rows, np.array([0.7, 0.3]), "b"),
        "colour": _names(random, rows, _zipf(5, 0.7), "c"),
        "city": _names(random, rows, cities / cities.sum(), "city "),
        "product": _names(random, rows, _zipf(200, 1.0), "sku "),
        "grade": _names(random, rows, _zipf(8, 0.5), "g"),
        "user": _names(random, rows, _zipf(50_000, 0.6), "user "),
        "when": pa.array((random.random(rows) * 31 * 86400e6).astype(np.int64)).cast(pa.timestamp("us")),
        "comment": pc.binary_join_element_wise(*words, " "),
    }
    return pa.table(columns)


def _memory() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10


def _measured(name: str, work: Callable[[], Any]) -> tuple[Any, float]:
    started = time.process_time()
    result = work()
    seconds = time.process_time() - started
    print(f"{name:<58}{seconds:8.2f} CPU s   peak {_memory():5d} MiB", flush=True)
    return result, seconds


def _profiled(path: Path) -> tuple[bytes, int]:
    profile = profile_file(path, FileFormat("parquet"))
    return dumps(profile), len(dumps_sample(profile) or b"")


def _report(stored: list[list[bytes]]) -> dict[str, Any]:
    return drift_report(*(merge([loads(one) for one in side]) for side in stored))


def _made(folder: Path, rows: int, files: int) -> list[list[Path]]:
    """Written by a process of its own, so that making the data does not count as memory of the work."""
    sides = []
    for drifted in (False, True):
        paths = [folder / f"{int(drifted)}-{number}.parquet" for number in range(files)]
        for number, path in enumerate(paths):
            made = table(rows, number + 1000 * drifted, drifted=drifted)
            pq.write_table(made, path, compression="zstd", compression_level=1, row_group_size=131_072)
        sides.append(paths)
    return sides


def measure(rows: int, files: int) -> list[str]:
    """Print the figures; returns what is over its limit."""
    from multiprocessing import get_context

    with tempfile.TemporaryDirectory(prefix="ropewalk-bench-") as folder:
        with get_context("spawn").Pool(1) as maker:
            sides = maker.apply(_made, (Path(folder), rows, files))
        size = sides[0][0].stat().st_size
        print(
            f"{files} file(s) of {rows:,} rows x 20 columns a version, {size >> 20} MiB each; {_memory()} MiB before"
        )
        (first, sample), one = _measured("profile one file, cold", lambda: _profiled(sides[0][0]))
        print(
            f"{'':<4}stored: {len(first) >> 10} KiB statistics, {sample >> 10} KiB sample ({(len(first) + sample) / size:.2%})"
        )
        (stored), _ = _measured(
            f"profile all {2 * files} files, cold",
            lambda: [[_profiled(path)[0] for path in side] for side in sides],
        )
        report, _ = _measured("report, first (imports and caches cold)", lambda: _report(stored))
        for side in sides:
            for path in side:
                path.unlink()  # whatever is done now reads no data
        report, warm = _measured(f"report from {2 * files} stored profiles, warm", lambda: _report(stored))
        merged = [[dumps(merge([loads(profile) for profile in side]))] for side in stored]
        _measured("report from 2 merged profiles, warm", lambda: _report(merged))
        print(
            f"{'':<4}report: {len(json.dumps(report, separators=(',', ':'))) >> 10} KiB. {report['verdict']['sentence']}"
        )
    over = []
    if one > MOST_CPU_PER_MILLION * max(rows, 1_000_000) / 1_000_000:
        over.append(f"one file took {one:.1f} CPU s")
    if _memory() > MOST_MEMORY:
        over.append(f"the peak was {_memory()} MiB")
    if warm > max(one, 1.0):
        over.append(f"the warm report took {warm:.1f} CPU s")
    return over


if __name__ == "__main__":
    given = [int(argument) for argument in sys.argv[1:3]]
    found = measure(*(given + [1_000_000, 1][len(given) :]))
    print("over the limit: " + "; ".join(found) if found else "within the limits")
    sys.exit(bool(found))
