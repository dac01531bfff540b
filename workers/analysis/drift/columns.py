"""One column of both versions: which questions are asked of it, by what it holds."""

from typing import Any

import numpy as np
import pyarrow as pa

from workers.analysis.drift import categorical, display, evidently, null, numeric
from workers.analysis.drift.categorical import CategoryPair
from workers.analysis.drift.distribution import Distribution
from workers.analysis.drift.findings import ColumnFindings, Effect, Test, Verdict, number, percent
from workers.analysis.drift.numeric import NumberPair
from workers.analysis.drift.settings import Settings
from workers.analysis.errors import known
from workers.analysis.profile.columns import MICROSECONDS, Column, Kind
from workers.analysis.profile.floatbits import Ints
from workers.analysis.profile.numbers import Numbers

_WEEKS = 14  # days that both sides must span before weekdays are compared
_HOURS = 2


def compare_column(reference: Column, current: Column, settings: Settings) -> ColumnFindings:
    """All that is to be said about a column that both versions have."""
    kind = reference.kind if reference.kind is not Kind.EMPTY else current.kind
    both = {reference.kind, current.kind} - {Kind.EMPTY}
    findings = ColumnFindings(reference.name, kind.value, _role(kind, reference, current))
    findings.detail = {"reference": display.side(reference), "current": display.side(current)}
    findings.tests.append(missing_test(reference, current, settings))
    if len(both) > 1 or Kind.MIXED in both:
        findings.fixed_verdict = Verdict.RETYPED if reference.kind is not current.kind else Verdict.MIXED
        return findings
    if reference.n == 0 or current.n == 0 or kind in {Kind.OTHER, Kind.EMPTY}:
        if kind not in {Kind.OTHER, Kind.EMPTY}:
            findings.tests.append(Test("values", [], 1.0, enough=False))
        return findings
    _COMPARE[kind](findings, reference, current, settings)
    return findings


def _role(kind: Kind, reference: Column, current: Column) -> str:
    if kind is Kind.STRING:
        return "text" if reference.is_text or (reference.n == 0 and current.is_text) else "category"
    return {Kind.BOOLEAN: "category", Kind.NUMBER: "number", Kind.DATETIME: "datetime"}.get(kind, "other")


def missing_test(reference: Column, current: Column, settings: Settings) -> Test:
    """Whether the share of missing values (null, not a number) changed: two-proportion test."""
    before = reference.missing / reference.rows if reference.rows else 0.0
    after = current.missing / current.rows if current.rows else 0.0
    p = null.proportions_p(reference.missing, reference.rows, current.missing, current.rows)
    sentence = f"Missing values went from {percent(before)} to {percent(after)}."
    return Test(
        "missing", [Effect("missing_share", abs(after - before), settings.missing)], p, sentence=sentence
    )


def _numbers(findings: ColumnFindings, reference: Column, current: Column, settings: Settings) -> None:
    pair = NumberPair.of(known(reference.numbers), known(current.numbers))
    integral = known(reference.numbers).integral and known(current.numbers).integral
    findings.tests += [numeric.values_test(pair, settings), numeric.range_test(pair, settings)]
    findings.direction = numeric.direction(pair)
    findings.detail["histogram"] = display.histogram(pair, integral=integral)
    findings.detail["quantile_shift"] = display.quantile_shift(pair)
    findings.detail["evidently"] = _number_score(reference, current, pair, settings)


def _number_score(reference: Column, current: Column, pair: NumberPair, settings: Settings) -> dict[str, Any]:
    values = np.union1d(pair.reference.low, pair.current.low)
    whole = all(name.startswith(("int", "uint")) for name in reference.types | current.types)
    few = len(values) <= (evidently.FEW_INTEGERS if whole else evidently.FEW_NUMBERS)
    if few and _is_exact(pair.reference) and _is_exact(pair.current):
        score = evidently.category_score(
            _counts(pair.reference, values), _counts(pair.current, values), settings
        )
    else:
        score = evidently.number_score(pair.reference, pair.current, settings)
    return score.as_json()


def _is_exact(side: Distribution) -> bool:
    return bool(np.array_equal(side.low, side.high))


def _counts(side: Distribution, values: Any) -> Ints:
    counts = np.zeros(len(values), np.int64)
    counts[np.searchsorted(values, side.low)] = side.counts
    return counts


def _booleans(findings: ColumnFindings, reference: Column, current: Column, settings: Settings) -> None:
    values = np.array([0.0, 1.0])
    counts = [_counts(Distribution.of(known(side)), values) for side in (reference.numbers, current.numbers)]
    _mix(findings, CategoryPair(pa.array(["false", "true"]), *counts), settings)


def _strings(findings: ColumnFindings, reference: Column, current: Column, settings: Settings) -> None:
    if findings.role == "text":
        _texts(findings, reference, current, settings)
        return
    _mix(findings, CategoryPair.of(known(reference.categories), known(current.categories)), settings)


def _mix(findings: ColumnFindings, pair: CategoryPair, settings: Settings) -> None:
    findings.tests.append(categorical.mix_test(pair, settings))
    if (fresh := categorical.new_test(pair, settings)) is not None:
        findings.tests.append(fresh)
    findings.direction = "mix"
    findings.detail["categories"] = categorical.describe(pair)
    findings.detail["evidently"] = evidently.category_score(pair.reference, pair.current, settings).as_json()
    findings.detail["evidently"]["approximate"] = pair.labels is None


def _texts(findings: ColumnFindings, reference: Column, current: Column, settings: Settings) -> None:
    for name, noun, before, after in (
        ("lengths", "Text lengths", reference.lengths, current.lengths),
        ("words", "Word counts", reference.words, current.words),
    ):
        pair = NumberPair.of(known(before), known(after))
        findings.tests.append(numeric.values_test(pair, settings, name, noun))
        findings.detail[name] = {
            "histogram": display.histogram(pair, integral=True),
            "reference": {"median": number(_median(pair.reference)), "mean": number(known(before).mean)},
            "current": {"median": number(_median(pair.current)), "mean": number(known(after).mean)},
        }
        if name == "lengths":
            findings.direction = numeric.direction(pair)


def _median(side: Distribution) -> float:
    return float(side.quantile(np.array([0.5]))[0])


def _datetimes(findings: ColumnFindings, reference: Column, current: Column, settings: Settings) -> None:
    """Times always move on, so their values are shown but never drift; the hours and weekdays they fall on may."""
    pair = NumberPair.of(known(reference.numbers), known(current.numbers))
    findings.direction = numeric.direction(pair)
    findings.detail["histogram"] = display.histogram(pair, integral=True, time=True)
    days = min(_days(known(reference.numbers)), _days(known(current.numbers)))
    for name, before, after, needed in (
        ("weekdays", reference.weekdays, current.weekdays, _WEEKS),
        ("hours", reference.hours, current.hours, _HOURS),
    ):
        first, second = known(before), known(after)
        findings.detail[name] = {"reference": first.tolist(), "current": second.tolist()}
        if days >= needed:
            labels = pa.array([f"{name[:-1]} {index}" for index in range(len(first))])
            findings.tests.append(categorical.mix_test(CategoryPair(labels, first, second), settings, name))


def _days(numbers: Numbers) -> float:
    return (numbers.maximum - numbers.minimum) / MICROSECONDS["day"]


_COMPARE = {Kind.NUMBER: _numbers, Kind.BOOLEAN: _booleans, Kind.STRING: _strings, Kind.DATETIME: _datetimes}
