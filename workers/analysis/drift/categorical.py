"""Drift of categories: changed shares, categories never seen before."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from workers.analysis.drift import null
from workers.analysis.drift.findings import Effect, Test, number, percent
from workers.analysis.drift.settings import Settings
from workers.analysis.profile.categories import Categories
from workers.analysis.profile.floatbits import Ints

_SHOWN = 20
_LABEL = 120
_TILTS = np.geomspace(1e-7, 30, 80)


@dataclass(frozen=True)
class CategoryPair:
    """Counts of both sides over the union of their categories.

    ``labels`` is None for hash buckets: then the comparison is approximate.
    """

    labels: pa.Array | None
    reference: Ints
    current: Ints

    @classmethod
    def of(cls, reference: Categories, current: Categories) -> "CategoryPair":
        """Align two value counts; both by bucket as soon as one is."""
        if not (reference.exact and current.exact):
            first, second = reference.as_buckets(), current.as_buckets()
            used = (first + second) > 0
            return cls(None, first[used], second[used])
        labels = pc.unique(pa.concat_arrays([reference.values, current.values]))
        return cls(labels, _aligned(labels, reference), _aligned(labels, current))

    @property
    def n(self) -> int:
        """Rows with a value in the reference."""
        return int(self.reference.sum())

    @property
    def m(self) -> int:
        """Rows with a value in the current side."""
        return int(self.current.sum())


def _aligned(labels: pa.Array, side: Categories) -> Ints:
    counts = np.zeros(len(labels), np.int64)
    counts[pc.index_in(side.values, value_set=labels).to_numpy(zero_copy_only=False).astype(np.int64)] = (
        side.counts
    )
    return counts


def mix_test(pair: CategoryPair, settings: Settings, name: str = "values") -> Test:
    """Whether the shares changed. Size: excess Jensen-Shannon distance sqrt(max(0, JS^2 - mean JS^2 under shuffling)).

    The plain distance grows with the number of categories even without drift; the excess does not.
    """
    n, m = pair.n, pair.m
    divergence = float(null.js_terms(pair.reference / n, pair.current / m).sum())
    chance = null.divergence_null(pair.reference + pair.current, n, m)
    excess = math.sqrt(max(0.0, divergence - chance.mean))
    reach = math.sqrt(max(0.0, chance.quantile99() - chance.mean))
    # where shuffling alone comes near ln 2, the largest value there is, hardly any value repeats and nothing can be said
    enough = reach <= settings.categories and chance.mean <= math.log(2) / 2
    effect = Effect("excess_js", excess, settings.categories, warn=settings.categories / 2)
    return Test(name, [effect], chance.p(divergence), enough, _mix_sentence(pair))


def _mix_sentence(pair: CategoryPair) -> str:
    if pair.labels is None:
        return "The mix of values changed (compared by hash bucket, so the true change may be larger)."
    before, after = pair.reference / pair.n, pair.current / pair.m
    index = int(np.argmax(np.abs(after - before)))
    name = _label(pair.labels[index])
    return f"The mix of values changed, most of all “{name}”: {percent(before[index])} → {percent(after[index])}."


def new_test(pair: CategoryPair, settings: Settings) -> Test | None:
    """Whether the current side holds values that the reference lacks, more than shuffling would give. None for hash buckets.

    Size: their share of rows above the shuffled mean. Evidence: a Chernoff bound on the shuffled sum of the rows of categories
    that miss the reference, valid for one big new category and for many small ones.
    """
    if pair.labels is None:
        return None
    n, m = pair.n, pair.m
    fresh = pair.reference == 0
    rows = int(pair.current[fresh].sum())
    totals = pair.reference + pair.current
    expected, _spread = null.new_share_null(totals, n, m)
    share = max(0.0, rows / m - expected)
    effect = Effect("new_categories", share, settings.new_categories, warn=settings.new_categories / 2)
    kinds = int(fresh.sum())
    names = ", ".join(
        f"“{_label(pair.labels[int(i)])}”"
        for i in np.argsort(-pair.current * fresh, kind="stable")[: min(3, kinds)]
    )
    more = ", …" if kinds > 3 else ""
    sentence = (
        f"{percent(rows / m)} of the rows have values that the reference lacks ({kinds:,}: {names}{more})."
    )
    return Test("new_categories", [effect], _chernoff(totals, rows, n, m), sentence=sentence)


def _chernoff(totals: Ints, rows: int, n: int, m: int) -> float:
    """Min over t of exp(-t rows) prod(1 + c (e^(t total) - 1)), c = (m / (n + m))^total (Chernoff 1952)."""
    if rows == 0:
        return 1.0
    distinct, times = np.unique(totals, return_counts=True)
    log_chance = distinct * math.log(m / (n + m))
    stays = np.log1p(-np.exp(np.minimum(log_chance, -1e-12)))
    grown = np.logaddexp(stays, log_chance + _TILTS[:, None] * distinct)
    return float(np.exp(min(0.0, float((grown @ times - _TILTS * rows).min()))))


def describe(pair: CategoryPair) -> dict[str, Any]:
    """What a page draws: the biggest categories of both sides, the movers, the new and the lost."""
    if pair.labels is None:
        return {
            "approximate": True,
            "top": [],
            "movers": [],
            "new": _group([], 0, 0.0),
            "lost": _group([], 0, 0.0),
        }
    before, after = pair.reference / max(pair.n, 1), pair.current / max(pair.m, 1)
    labels = pair.labels

    def rows(order: Ints, limit: int) -> list[dict[str, Any]]:
        return [
            {"value": _label(labels[int(i)]), "reference": number(before[i]), "current": number(after[i])}
            for i in order[:limit]
        ]

    change = np.abs(after - before)
    moved = np.argsort(-change, kind="stable")
    fresh, gone = (pair.reference == 0) & (pair.current > 0), (pair.current == 0) & (pair.reference > 0)
    newest, lost = np.argsort(-after * fresh, kind="stable"), np.argsort(-before * gone, kind="stable")
    return {
        "approximate": False,
        "distinct": {"reference": int((pair.reference > 0).sum()), "current": int((pair.current > 0).sum())},
        "top": rows(np.argsort(-np.maximum(before, after), kind="stable"), _SHOWN),
        "movers": [row for row in rows(moved, 5) if row["reference"] != row["current"]],
        "new": _group(
            rows(newest, min(_SHOWN, int(fresh.sum()))), int(fresh.sum()), float(after[fresh].sum())
        ),
        "lost": _group(rows(lost, min(_SHOWN, int(gone.sum()))), int(gone.sum()), float(before[gone].sum())),
    }


def _group(values: list[dict[str, Any]], count: int, share: float) -> dict[str, Any]:
    return {"count": count, "share": number(share), "values": values}


def _label(value: pa.Scalar) -> str:
    text = str(value.as_py())
    return text if len(text) <= _LABEL else text[: _LABEL - 1] + "…"
