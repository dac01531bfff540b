"""Which parameters move a metric: permutation importance in a random forest (Breiman 2001), and rank correlation beside it.

The forest predicts the metric from the parameters that vary: numbers as they are, texts one column a value, a missing value a
value of its own. How much it knows is its out-of-bag R²; below :data:`LEAST_R2` its importances say nothing and are not given.
Importance is how far R² falls when a parameter's values are shuffled among the runs, all columns of a parameter together.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from scipy import stats
from sklearn.ensemble import RandomForestRegressor
from sklearn.metrics import r2_score

FEWEST_RUNS = 15
LEAST_R2 = 0.2
MOST_METRICS = 8
MOST_PARAMS = 40
MOST_LEVELS = 12
_TREES, _SHUFFLES, _SEED = 200, 10, 7
Floats = np.ndarray[Any, np.dtype[np.float64]]


def importance(
    params: Sequence[Mapping[str, str]], metrics: Sequence[Mapping[str, float]], *, left_out: set[str]
) -> list[dict[str, Any]]:
    """For the first :data:`MOST_METRICS` metrics that vary: {metric, n, r2, reason, rows: [{param, importance, std, rho, p}]}.

    ``reason`` is why there are no rows: ``too few`` runs, ``nothing varies``, or ``not predictable``. ``rho`` and ``p`` are
    Spearman's, of parameters that are numbers. ``left_out`` are the seeds. The same input gives the same answer.
    """
    names = [
        name for name in sorted({name for one in metrics for name in one}) if not name.startswith("system/")
    ]
    found = []
    for name in names:
        kept = [position for position, one in enumerate(metrics) if math.isfinite(one.get(name, math.nan))]
        target = np.array([metrics[position][name] for position in kept], np.float64)
        if len(set(target.tolist())) > 1:
            found.append(
                {"metric": name, "n": len(kept), **_explained([params[p] for p in kept], target, left_out)}
            )
        if len(found) == MOST_METRICS:
            break
    return found


def _explained(params: Sequence[Mapping[str, str]], target: Floats, left_out: set[str]) -> dict[str, Any]:
    nothing: dict[str, Any] = {"r2": None, "reason": "", "rows": []}
    if len(params) < FEWEST_RUNS:
        return nothing | {"reason": "too few"}
    columns = {
        name: column for name in _varying(params, left_out) if (column := _columns(name, params)) is not None
    }
    if not columns or not math.isfinite(float(np.var(target))) or not np.var(target):
        return nothing | {"reason": "nothing varies"}
    table = np.hstack(list(columns.values()))
    forest = RandomForestRegressor(_TREES, oob_score=True, random_state=_SEED, n_jobs=1, min_samples_leaf=2)
    forest.fit(table, target)
    r2 = float(forest.oob_score_)
    if r2 < LEAST_R2:
        return nothing | {"r2": r2, "reason": "not predictable"}
    return nothing | {"r2": r2, "rows": _rows(forest, columns, params, target)}


def _varying(params: Sequence[Mapping[str, str]], left_out: set[str]) -> list[str]:
    names = sorted({name for one in params for name in one} - left_out)
    return [name for name in names if len({one.get(name) for one in params}) > 1][:MOST_PARAMS]


def numbers(texts: Sequence[str | None]) -> Floats | None:
    """Finite numbers that texts are; None where one is not. A missing one is NaN."""
    found = []
    for text in texts:
        try:
            value = math.nan if text is None else float(text)
        except ValueError:
            return None
        if text is not None and not math.isfinite(value):
            return None
        found.append(value)
    return np.array(found, np.float64)


def _columns(name: str, params: Sequence[Mapping[str, str]]) -> Floats | None:
    """A parameter as columns; None for texts of more than :data:`MOST_LEVELS` kinds, which are names rather than choices."""
    texts = [one.get(name) for one in params]
    values = numbers(texts)
    if values is not None and not np.all(np.isnan(values)):
        missing = np.isnan(values)
        filled = np.where(missing, np.nanmedian(values), np.clip(values, -1e30, 1e30))
        return np.column_stack([filled, missing] if missing.any() else [filled]).astype(np.float64)
    levels = sorted({text or "" for text in texts})
    if len(levels) > MOST_LEVELS:
        return None
    return np.array([[float((text or "") == level) for level in levels] for text in texts])


def _rows(
    forest: RandomForestRegressor,
    columns: Mapping[str, Floats],
    params: Sequence[Mapping[str, str]],
    target: Floats,
) -> list[dict[str, Any]]:
    source = np.random.default_rng(_SEED)
    table = np.hstack(list(columns.values()))
    whole = forest.score(table, target)
    rows, start = [], 0
    for name, part in columns.items():
        end = start + part.shape[1]
        shuffled = np.tile(table, (_SHUFFLES, 1))
        order = np.concatenate([source.permutation(len(table)) for _ in range(_SHUFFLES)])
        shuffled[:, start:end] = table[order, start:end]
        guesses = forest.predict(shuffled).reshape(_SHUFFLES, len(table))
        falls = [whole - r2_score(target, guess) for guess in guesses]
        start = end
        rows.append(
            {
                "param": name,
                "importance": float(np.mean(falls)),
                "std": float(np.std(falls)),
                **_rank(name, params, target),
            }
        )
    return sorted(rows, key=lambda row: -row["importance"])


def _rank(name: str, params: Sequence[Mapping[str, str]], target: Floats) -> dict[str, float | None]:
    values = numbers([one.get(name) for one in params])
    if values is None:
        return {"rho": None, "p": None}
    known = ~np.isnan(values)
    if known.sum() < FEWEST_RUNS or len(set(values[known].tolist())) < 2:
        return {"rho": None, "p": None}
    found = stats.spearmanr(values[known], target[known])
    return {"rho": float(found.statistic), "p": float(found.pvalue)}
