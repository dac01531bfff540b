"""What was tested on a column and what came out, before and after the correction for many tests."""

import math
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class Verdict(StrEnum):
    """A column's outcome. ``RETYPED`` and ``MIXED`` columns have no comparable values."""

    DRIFT = "drift"
    RETYPED = "retyped"
    WARNING = "warning"
    NOT_ENOUGH = "not_enough_data"
    STABLE = "stable"
    MIXED = "not_comparable"


@dataclass(frozen=True)
class Effect:
    """A size that does not grow with the number of rows.

    ``threshold`` is where it starts to matter, ``warn`` where it is worth a mention.
    """

    name: str
    value: float
    threshold: float
    warn: float = math.inf

    @property
    def strength(self) -> float:
        """The size in units of its threshold."""
        return self.value / self.threshold if self.threshold else 0.0


@dataclass
class Test:
    """One question asked of a column: its effects, and the p-value that the difference is chance.

    ``enough`` is False when chance alone could show an effect as large as the threshold. ``adjusted_p`` is set by the report.
    """

    name: str
    effects: list[Effect]
    p: float
    enough: bool = True
    sentence: str = ""
    adjusted_p: float = 1.0

    def fires(self, fdr: float) -> bool:
        """Whether it is drift: large enough, and not by chance."""
        return self.adjusted_p <= fdr and any(effect.value >= effect.threshold for effect in self.effects)

    def warns(self, fdr: float) -> bool:
        """Whether it is worth a mention without being drift."""
        return self.adjusted_p <= fdr and any(effect.value >= effect.warn for effect in self.effects)

    @property
    def strongest(self) -> Effect | None:
        """The effect furthest beyond (or nearest to) its threshold."""
        return max(self.effects, key=lambda effect: effect.strength, default=None)

    def as_json(self, fdr: float) -> dict[str, Any]:
        """For the report."""
        return {
            "test": self.name,
            "fires": self.fires(fdr),
            "enough_data": self.enough,
            "p": number(self.p),
            "p_adjusted": number(self.adjusted_p),
            "effects": [
                {"name": effect.name, "value": number(effect.value), "threshold": number(effect.threshold)}
                for effect in self.effects
            ],
            "sentence": self.sentence,
        }


@dataclass
class ColumnFindings:
    """One column of both sides: the tests, and the parts of the report that a page draws."""

    name: str
    kind: str
    role: str
    tests: list[Test] = field(default_factory=list)
    detail: dict[str, Any] = field(default_factory=dict)
    direction: str = ""
    fixed_verdict: Verdict | None = None

    def verdict(self, fdr: float) -> Verdict:
        """The outcome, once the p-values are adjusted."""
        if self.fixed_verdict is not None:
            return self.fixed_verdict
        if any(test.fires(fdr) for test in self.tests):
            return Verdict.DRIFT
        if any(test.warns(fdr) for test in self.tests):
            return Verdict.WARNING
        if any(not test.enough for test in self.tests):
            return Verdict.NOT_ENOUGH
        return Verdict.STABLE

    def strength(self, fdr: float) -> float:
        """For ordering: the largest effect among the tests that decide."""
        deciding = [test for test in self.tests if test.fires(fdr)] or self.tests
        return max((effect.strength for test in deciding for effect in test.effects), default=0.0)


def number(value: float | None, digits: int = 6) -> float | None:
    """A float for JSON: rounded to significant digits; None for what JSON cannot hold."""
    if value is None or not math.isfinite(value):
        return None
    return float(f"{value:.{digits}g}")


def percent(share: float) -> str:
    """A share in words: ``12.3 %``, more digits where small."""
    return f"{share * 100:.1f} %" if share >= 0.001 or share == 0 else f"{share * 100:.2g} %"


def short(value: float) -> str:
    """A value in words: four significant digits."""
    return f"{value:.4g}"
