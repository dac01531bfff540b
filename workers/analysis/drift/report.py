"""The drift report of two table profiles: JSON that a page can draw as it is.

Top level: ``format``, ``verdict`` {state, sentence, drifted, warnings, not_enough_data, stable, columns, share},
``settings``, ``evidently`` {drifted, columns, share, threshold, dataset_drift}, ``rows`` {reference, current, change},
``files`` {reference, current}, ``schema`` {added, removed: [{name, kind}], retyped: [{name, reference, current}]},
``columns``: the strongest verdicts first, each {name, kind, role, verdict, direction, sentence, p, p_adjusted,
effect {test, name, value, threshold} | null, missing {reference, current}, tests […], reference {…}, current {…},
histogram?, quantile_shift?, categories?, lengths?, words?, hours?, weekdays?, evidently?}.

``verdict.state`` is ``drift``, ``schema_changed``, ``warning``, ``not_enough_data`` or ``stable``; a column's ``verdict`` one
of :class:`Verdict`.
"""

from typing import Any

from workers.analysis.drift import null
from workers.analysis.drift.columns import compare_column
from workers.analysis.drift.findings import ColumnFindings, Verdict, number
from workers.analysis.drift.settings import Settings
from workers.analysis.profile.table import TableProfile

REPORT_VERSION = 1
_DETAILED = 200  # columns drawn in full; of wider tables the rest keep their verdict and numbers
_NAMED = 4
_ORDER = list(Verdict)
_DRAWN = (
    "histogram",
    "quantile_shift",
    "categories",
    "lengths",
    "words",
    "hours",
    "weekdays",
    "reference",
    "current",
)


def drift_report(
    reference: TableProfile, current: TableProfile, settings: Settings | None = None
) -> dict[str, Any]:
    """Compare two versions of a table. Pure: the same profiles and settings give the same report."""
    settings = settings or Settings()
    names = [name for name in reference.columns if name in current.columns]
    findings = [compare_column(reference.columns[name], current.columns[name], settings) for name in names]
    tests = [test for column in findings for test in column.tests]
    for test, p in zip(tests, null.adjusted([test.p for test in tests]), strict=True):
        test.adjusted_p = p
    findings.sort(
        key=lambda column: (_ORDER.index(column.verdict(settings.fdr)), -column.strength(settings.fdr))
    )
    schema = _schema(reference, current)
    columns = [_column(column, settings, detailed=index < _DETAILED) for index, column in enumerate(findings)]
    return {
        "format": REPORT_VERSION,
        "verdict": _verdict(columns, schema, reference, current),
        "settings": settings.as_json(),
        "evidently": _evidently(columns, settings),
        "rows": {
            "reference": reference.rows,
            "current": current.rows,
            "change": current.rows - reference.rows,
        },
        "files": {"reference": reference.files, "current": current.files},
        "schema": schema,
        "columns": columns,
    }


def _schema(reference: TableProfile, current: TableProfile) -> dict[str, Any]:
    def only(one: TableProfile, other: TableProfile) -> list[dict[str, str]]:
        return [
            {"name": name, "kind": column.kind.value}
            for name, column in one.columns.items()
            if name not in other.columns
        ]

    retyped = []
    for name, before in reference.columns.items():
        after = current.columns.get(name)
        if after is None or "empty" in {before.kind.value, after.kind.value}:
            continue
        if before.kind is not after.kind:
            retyped.append({"name": name, "reference": before.kind.value, "current": after.kind.value})
    return {"added": only(current, reference), "removed": only(reference, current), "retyped": retyped}


def _column(column: ColumnFindings, settings: Settings, *, detailed: bool) -> dict[str, Any]:
    fdr = settings.fdr
    verdict = column.verdict(fdr)
    deciding = [test for test in column.tests if test.fires(fdr)] or [
        test for test in column.tests if test.warns(fdr)
    ]
    values = [test for test in column.tests if test.name != "missing"] or column.tests
    leading = max(deciding or values, key=lambda test: test.strongest.strength if test.strongest else 0.0)
    effect = leading.strongest
    detail = {key: value for key, value in column.detail.items() if detailed or key not in _DRAWN}
    return {
        "name": column.name,
        "kind": column.kind,
        "role": column.role,
        "verdict": verdict.value,
        "direction": column.direction,
        "sentence": _column_sentence(column, verdict, [test.sentence for test in deciding]),
        "p": number(leading.p),
        "p_adjusted": number(leading.adjusted_p),
        "effect": None
        if effect is None
        else {
            "test": leading.name,
            "name": effect.name,
            "value": number(effect.value),
            "threshold": number(effect.threshold),
        },
        "missing": {side: column.detail[side].get("missing_share") for side in ("reference", "current")},
        "tests": [test.as_json(fdr) for test in column.tests],
        **detail,
    }


def _column_sentence(column: ColumnFindings, verdict: Verdict, reasons: list[str]) -> str:
    if verdict is Verdict.RETYPED:
        return "The column holds another kind of values now."
    if verdict is Verdict.MIXED:
        return "The column's files disagree about its type, so its values cannot be compared."
    if reasons:
        return " ".join(reasons)
    if verdict is Verdict.NOT_ENOUGH:
        return "Too few rows to tell: chance alone could cause a difference as large as the threshold."
    if column.kind in {"other", "empty"}:
        return "Only missing values are compared for this kind of column."
    return "No difference that matters."


def _evidently(columns: list[dict[str, Any]], settings: Settings) -> dict[str, Any]:
    scored = [column["evidently"] for column in columns if column.get("evidently")]
    drifted = sum(score["drift"] for score in scored)
    share = drifted / len(scored) if scored else 0.0
    return {
        "drifted": drifted,
        "columns": len(scored),
        "share": number(share),
        "threshold": settings.evidently_share,
        "dataset_drift": bool(scored) and share >= settings.evidently_share,
    }


def _verdict(
    columns: list[dict[str, Any]], schema: dict[str, Any], reference: TableProfile, current: TableProfile
) -> dict[str, Any]:
    named = {
        verdict: [column["name"] for column in columns if column["verdict"] == verdict] for verdict in Verdict
    }
    drifted, warned, unknown = named[Verdict.DRIFT], named[Verdict.WARNING], named[Verdict.NOT_ENOUGH]
    changed = any(schema.values())
    if drifted:
        state = "drift"
    elif changed:
        state = "schema_changed"
    elif warned:
        state = "warning"
    elif unknown or not reference.rows or not current.rows:
        state = "not_enough_data"
    else:
        state = "stable"
    return {
        "state": state,
        "sentence": _sentence(columns, named, schema),
        "drifted": len(drifted),
        "warnings": len(warned),
        "not_enough_data": len(unknown),
        "stable": len(named[Verdict.STABLE]),
        "columns": len(columns),
        "share": number(len(drifted) / len(columns) if columns else 0.0),
    }


def _sentence(columns: list[dict[str, Any]], named: dict[Verdict, list[str]], schema: dict[str, Any]) -> str:
    drifted, warned, unknown = named[Verdict.DRIFT], named[Verdict.WARNING], named[Verdict.NOT_ENOUGH]
    parts = []
    if drifted:
        parts.append(f"{len(drifted)} of {_columns(len(columns))} drifted: {_listed(drifted)}.")
    elif warned:
        parts.append(f"No column drifted, but {_columns(len(warned))} moved a little: {_listed(warned)}.")
    elif unknown:
        parts.append(
            f"No drift was found, but {len(unknown)} of {_columns(len(columns))} have too few rows to tell."
        )
    elif columns:
        parts.append(f"No drift: all {_columns(len(columns))} look the same.")
    changes = [
        f"{_columns(len(schema[change]))} {word}: {_listed([column['name'] for column in schema[change]])}"
        for change, word in (("added", "added"), ("removed", "removed"), ("retyped", "changed type"))
        if schema[change]
    ]
    if changes:
        parts.append(f"The schema changed ({'; '.join(changes)}).")
    return " ".join(parts) or "There are no columns to compare."


def _columns(count: int) -> str:
    return f"{count:,} column" + ("" if count == 1 else "s")


def _listed(names: list[str]) -> str:
    shown = ", ".join(name if len(name) <= 40 else name[:39] + "…" for name in names[:_NAMED])
    return shown if len(names) <= _NAMED else f"{shown} and {len(names) - _NAMED} more"
