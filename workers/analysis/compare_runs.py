"""Two or more runs side by side: what differs first, which is best, repeated seeds together, curves thinned for drawing.

The result of :func:`compare` is JSON without NaN or infinity: such numbers stand as the texts ``"NaN"``, ``"Infinity"`` and
``"-Infinity"`` in tables, and as null in curves.

``format``, ``runs`` [{id, name, …}], ``params`` [{name, differs, values}], ``tags`` likewise, ``metrics`` [{name, direction,
differs, values, best, spread}], ``curves`` [{name, series: [{run, steps, values, total}]}], ``groups`` [{params, runs, seeds,
metrics: [{name, n, mean, std, low, high}]}], ``seed_params``, ``differences`` and ``alone`` (:mod:`workers.analysis.seed_groups`;
their groups are positions in ``combinations`` [{params, runs}]), ``importance`` (:mod:`workers.analysis.importance`). ``values``
lists follow the order of ``runs``; ``best`` holds positions in it.
"""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from scipy import stats

from workers.analysis.seed_groups import Key, alone, differences, grouped

COMPARISON_FORMAT = 2
MAX_POINTS = 1500
SEED = re.compile(r"(^|[._\- /])(random[_-]?(state|seed)|seed)($|[._\- /])", re.IGNORECASE)
_LOWER = {
    "loss",
    "error",
    "err",
    "rmse",
    "mse",
    "mae",
    "mape",
    "rmsle",
    "msle",
    "logloss",
    "nll",
    "perplexity",
    "wer",
    "cer",
}
_HIGHER = {
    "acc",
    "accuracy",
    "auc",
    "auroc",
    "auprc",
    "f1",
    "r2",
    "precision",
    "recall",
    "iou",
    "map",
    "ndcg",
    "mrr",
}
_HIGHER_PAIRS = ("roc_auc", "average_precision", "balanced_accuracy", "explained_variance")
_NEGATED = {"neg", "negative"}


@dataclass(frozen=True)
class Curve:
    """One metric of one run in order; the values may be NaN or infinite. ``total`` points were logged."""

    metric: str
    steps: Sequence[int]
    values: Sequence[float]
    total: int


@dataclass(frozen=True)
class RunInput:
    """What is compared of a run. ``about`` is passed through (status, start, commit, …) and must be JSON."""

    id: str
    name: str
    params: dict[str, str]
    metrics: dict[str, float]
    tags: dict[str, str] = field(default_factory=dict)
    curves: Sequence[Curve] = ()
    about: dict[str, Any] = field(default_factory=dict)


def metric_direction(name: str) -> str:
    """``higher`` or ``lower`` where the name leaves no doubt which is better, else an empty text.

    Names are read word by word; words of both directions, or a negated one (``neg_mean_squared_error``), leave doubt: only
    ``neg`` in front of an error is read as higher, as scikit-learn means it.
    """
    plain = name.lower()
    words = [word for word in re.split(r"[^a-z0-9]+", plain) if word]
    lower = any(word in _LOWER for word in words)
    higher = any(word in _HIGHER for word in words) or any(pair in plain for pair in _HIGHER_PAIRS)
    if words and words[0] in _NEGATED:
        return "higher" if lower and not higher else ""
    if lower == higher:
        return ""
    return "lower" if lower else "higher"


def safe_number(value: float) -> float | str:
    """The number itself, or its name where JSON has none."""
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    return value


def compare(runs: Sequence[RunInput], *, max_points: int = MAX_POINTS) -> dict[str, Any]:
    """Compare runs in the given order. Pure."""
    from workers.analysis.importance import importance  # scikit-learn is large, and only this needs it

    seeds = sorted({name for run in runs for name in run.params if SEED.search(name)})
    params, metrics = [run.params for run in runs], [run.metrics for run in runs]
    groups = grouped(params, set(seeds))
    varying = {row["name"] for row in _table([dict(key) for key in groups]) if row["differs"]}
    return {
        "format": COMPARISON_FORMAT,
        "runs": [{"id": run.id, "name": run.name, **run.about} for run in runs],
        "params": _table([run.params for run in runs]),
        "tags": _table([run.tags for run in runs]),
        "metrics": _metrics(runs),
        "curves": _curves(runs, max_points),
        "seed_params": seeds,
        "groups": _groups(runs, seeds, groups, varying),
        "combinations": [
            {"params": {name: value for name, value in key if name in varying}, "runs": members}
            for key, members in groups.items()
        ],
        "differences": differences(list(groups.values()), metrics),
        "alone": alone(groups, metrics),
        "importance": importance(params, metrics, left_out=set(seeds)),
    }


def _table(sides: Sequence[dict[str, str]]) -> list[dict[str, Any]]:
    """One row a name: those that differ first, then by name. A run that lacks it has null, and that is a difference."""
    rows = []
    for name in sorted({name for side in sides for name in side}):
        values = [side.get(name) for side in sides]
        rows.append({"name": name, "differs": len(set(values)) > 1, "values": values})
    return sorted(rows, key=lambda row: not row["differs"])


def _metrics(runs: Sequence[RunInput]) -> list[dict[str, Any]]:
    rows = []
    for name in sorted({name for run in runs for name in run.metrics}):
        values = [run.metrics.get(name) for run in runs]
        shown = [None if value is None else safe_number(value) for value in values]
        finite = [value for value in values if value is not None and math.isfinite(value)]
        direction = metric_direction(name)
        rows.append(
            {
                "name": name,
                "direction": direction,
                "differs": len(set(shown)) > 1,
                "values": shown,
                "best": _best(values, finite, direction),
                "spread": safe_number(max(finite) - min(finite)) if finite else None,
            }
        )
    return sorted(rows, key=lambda row: not row["differs"])


def _best(values: Sequence[float | None], finite: Sequence[float], direction: str) -> list[int]:
    """Positions of the best value; none where the direction is in doubt, or where nothing is better than anything."""
    if not direction or len(finite) < 2 or min(finite) == max(finite):
        return []
    best = max(finite) if direction == "higher" else min(finite)
    return [position for position, value in enumerate(values) if value == best]


def _curves(runs: Sequence[RunInput], max_points: int) -> list[dict[str, Any]]:
    """The metrics that were logged more than once, each with a series of every run that has it."""
    by_metric: dict[str, list[dict[str, Any]]] = {}
    moving: set[str] = set()
    for position, run in enumerate(runs):
        for curve in run.curves:
            kept = thin(np.asarray(curve.values, np.float64), max_points)
            steps, values = (
                np.asarray(curve.steps, np.int64)[kept],
                np.asarray(curve.values, np.float64)[kept],
            )
            series = {
                "run": position,
                "steps": steps.tolist(),
                "values": [value if math.isfinite(value) else None for value in values.tolist()],
                "total": curve.total,
            }
            by_metric.setdefault(curve.metric, []).append(series)
            if curve.total > 1:
                moving.add(curve.metric)
    return [{"name": name, "series": by_metric[name]} for name in sorted(moving)]


def thin(values: np.ndarray[Any, np.dtype[np.float64]], limit: int) -> np.ndarray[Any, np.dtype[np.int64]]:
    """Ascending positions of at most ``limit`` (>= 4) points: the lowest and highest of each stretch, the first and the last.

    Min-max decimation: no spike disappears. NaN is kept only where a stretch holds nothing else.
    """
    count = len(values)
    if count <= limit:
        return np.arange(count)
    bounds = np.linspace(0, count, (limit - 2) // 2 + 1).astype(np.int64)
    kept = {0, count - 1}
    for start, end in zip(bounds[:-1].tolist(), bounds[1:].tolist(), strict=True):
        stretch = values[start:end]
        known = np.flatnonzero(~np.isnan(stretch))
        if len(known) == 0:
            kept.add(start)
            continue
        kept.add(start + int(known[np.argmin(stretch[known])]))
        kept.add(start + int(known[np.argmax(stretch[known])]))
    return np.array(sorted(kept), np.int64)


def _groups(
    runs: Sequence[RunInput], seeds: Sequence[str], groups: Mapping[Key, Sequence[int]], varying: set[str]
) -> list[dict[str, Any]]:
    """Runs whose parameters are equal but for the seed, where at least one group holds more than one run."""
    if not seeds or all(len(members) < 2 for members in groups.values()):
        return []
    names = sorted({name for run in runs for name in run.metrics})
    return [
        {
            "params": {name: value for name, value in key if name in varying},
            "runs": members,
            "seeds": [{name: runs[member].params.get(name) for name in seeds} for member in members],
            "metrics": [row for name in names if (row := _mean(name, [runs[member] for member in members]))],
        }
        for key, members in groups.items()
    ]


def _mean(name: str, runs: Sequence[RunInput]) -> dict[str, Any] | None:
    """Mean with the 95 % interval of Student's t (Gosset 1908) over the finite values; no interval below two."""
    values = np.array([run.metrics[name] for run in runs if math.isfinite(run.metrics.get(name, math.nan))])
    if len(values) == 0:
        return None
    with np.errstate(over="ignore", invalid="ignore"):
        mean, std = float(values.mean()), float(values.std(ddof=1)) if len(values) > 1 else math.nan
        reach = (
            float(stats.t.ppf(0.975, len(values) - 1)) * std / math.sqrt(len(values))
            if len(values) > 1
            else math.nan
        )
    row = {"mean": mean, "std": std, "low": mean - reach, "high": mean + reach}
    return {
        "name": name,
        "n": len(values),
        **{key: value if math.isfinite(value) else None for key, value in row.items()},
    }
