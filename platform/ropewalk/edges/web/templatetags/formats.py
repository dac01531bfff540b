"""How numbers, times, hashes and states look: the same on every page."""

import json
import math
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from ropewalk.edges.web.templatetags.assets import icon

register = template.Library()

_STATES = {
    "queued": ("clock", "is-info", "queued"),
    "running": ("refresh", "is-info", "running"),
    "succeeded": ("check", "is-ok", "done"),
    "failed": ("alert", "is-bad", "failed"),
    "RUNNING": ("refresh", "is-info", "running"),
    "SCHEDULED": ("clock", "is-info", "scheduled"),
    "FINISHED": ("check", "is-ok", "finished"),
    "FAILED": ("alert", "is-bad", "failed"),
    "KILLED": ("ban", "is-bad", "killed"),
    "public": ("globe", "", "public"),
    "internal": ("users", "", "internal"),
    "private": ("lock", "", "private"),
    "drift": ("drift", "is-bad", "drift"),
    "no_drift": ("check", "is-ok", "no drift"),
    "not_enough_data": ("help", "is-warn", "not enough data"),
    "schema": ("table", "is-warn", "schema change"),
    "stable": ("check", "is-ok", "stable"),
    "warning": ("alert", "is-warn", "moved a little"),
    "schema_changed": ("table", "is-warn", "schema changed"),
    "retyped": ("table", "is-bad", "other type"),
    "not_comparable": ("help", "is-warn", "not comparable"),
    "present": ("check", "is-ok", "present"),
    "missing": ("alert", "is-bad", "missing"),
    "removed": ("trash", "is-warn", "removed"),
    "incomplete": ("alert", "is-warn", "incomplete"),
    "elsewhere": ("link", "is-warn", "in another store"),
    "imported": ("link", "is-info", "with its source"),
    **{
        f"stage-{name}": look
        for name, look in {
            "current": ("check", "is-ok", "up to date"),
            "changed": ("alert", "is-warn", "out of date"),
            "never": ("clock", "is-warn", "never run"),
            "upstream": ("arrow-right", "is-warn", "upstream out of date"),
            "always": ("refresh", "is-info", "always run"),
            "frozen": ("lock", "", "frozen"),
            "unclear": ("help", "", "can't be told"),
            "downstream": ("arrow-right", "is-warn", "would be run again"),
        }.items()
    },
}


@register.simple_tag
def state(value: Any) -> SafeString:
    """A state as a badge with an icon and a word: colour never alone."""
    name, look, word = _STATES.get(str(value), ("help", "", str(value).replace("_", " ")))
    return format_html('<span class="badge-soft {}">{}{}</span>', look, icon(name), word)


@register.simple_tag
def when(value: datetime | None) -> SafeString | str:
    """A time: absolute in the HTML, made relative by the island, absolute in the title."""
    return "—" if value is None else _time(value, value.utcoffset())


@lru_cache(maxsize=4096)
def _time(value: datetime, _offset: timedelta | None) -> SafeString:
    """Rows of a table often have the same few times. Times of two zones may be equal, so the offset is in the key."""
    text = value.strftime("%Y-%m-%d %H:%M UTC")
    return format_html(
        '<rw-time><time datetime="{}" title="{}">{}</time></rw-time>', value.isoformat(), text, text
    )


@register.filter
def size(count: int | None) -> str:
    """Bytes in binary units."""
    if count is None:
        return "—"
    value = float(count)
    for unit in ("B", "KiB", "MiB", "GiB"):
        if value < 1024:
            return f"{count} B" if unit == "B" else f"{value:.1f} {unit}"
        value /= 1024
    return f"{value:.1f} TiB"


@register.filter
def number(value: Any) -> str:
    """A number with five significant digits; integers whole; NaN and infinities by name."""
    if value is None or value == "":
        return "—"
    if isinstance(value, bool) or not isinstance(value, int | float):
        return str(value)
    if isinstance(value, float):
        if math.isnan(value):
            return "NaN"
        if math.isinf(value) or abs(value) >= 1.79e308:
            return "∞" if value > 0 else "−∞"
        if value.is_integer() and abs(value) < 1e15:
            value = int(value)
    if isinstance(value, int):
        return f"{value:,}"
    return f"{value:.5g}"


@register.filter
def rough(value: float | None) -> str:
    """The width of an interval: two digits that count."""
    if value is None or not math.isfinite(value):
        return "—"
    if value and not 1e-4 <= abs(value) < 1e6:
        return f"{value:.1e}"
    return f"{value:#.2g}".rstrip(".") if abs(value) < 100 else f"{value:.0f}"


@register.filter
def moment(value: Any) -> str:
    """A number, or a time as a worker wrote it: midnight without its hours."""
    if isinstance(value, str):
        return value.replace("T00:00:00Z", "").replace("T", " ").replace("Z", "")
    return number(value)


@register.filter
def percent(value: float | None, digits: int = 1) -> str:
    """A share as per cent."""
    return "—" if value is None else f"{value * 100:.{digits}f} %"


@register.filter
def p_value(value: float | None) -> str:
    """A p-value: small ones as a bound."""
    if value is None:
        return "—"
    return "< 0.0001" if value < 1e-4 else f"{value:.4f}"


_MEASURES = {
    "ks": "KS distance",
    "psi": "PSI",
    "robust_wasserstein": "robust Wasserstein",
    "excess_js": "Jensen–Shannon excess",
    "missing_share": "missing values",
    "outside_range": "outside the range",
    "new_categories": "new categories",
}


@register.filter
def measure(name: str | None) -> str:
    """A drift measure in words."""
    return _MEASURES.get(name or "", (name or "—").replace("_", " "))


_JOBS = {
    "fork-project": "Copy the repository, refer to the data",
    "import-repository": "Import the repository",
    "push-to-mirror": "Push to another server",
    "sync-mirror": "Bring the mirror in step",
    "find-unneeded-data": "Look for data that nobody needs",
    "collect-data": "Remove data that nobody needs",
    "restore-data": "Restore removed data",
    "fetch-data": "Fetch data from another remote",
    "maintain-repository": "Tidy the repository",
    "find-last-commits": "Find last commits of a folder",
    "find-contributors": "Count who wrote the history",
    "index-revision": "Index a commit",
    "make-preview": "Prepare a file for its page",
    "read-plots": "Read a commit's plots",
    "map-pipeline": "Read a commit's pipeline",
    "find-rows": "Find rows of a table",
    "compare-files": "Compare two versions of a file",
    "index-history": "Index the history",
    "compare_runs": "Compare runs",
    "compare_data": "Compare two versions of data",
    "profile_data": "Measure the columns of data",
    "profile_outside": "Measure a file of a connected bucket",
}


@register.filter
def job_words(kind: str) -> str:
    """What a job does, in words."""
    return _JOBS.get(kind, kind.replace("_", " ").replace("-", " ").capitalize())


@register.filter
def duration(milliseconds: int | None) -> str:
    """A duration in its two largest units."""
    if milliseconds is None:
        return "—"
    seconds = milliseconds / 1000
    if seconds < 60:
        return f"{seconds:.1f} s" if seconds < 10 else f"{seconds:.0f} s"
    minutes, rest = divmod(int(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest} s"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours < 48 else f"{hours // 24} d {hours % 24} h"


@register.filter
def short(text: str, length: int = 8) -> str:
    """A hash's first digits."""
    return str(text)[:length]


@register.filter
def get(mapping: Any, key: Any) -> Any:
    """A dictionary's value; None when it has none."""
    return mapping.get(key) if hasattr(mapping, "get") else None


@register.simple_tag
def json_data(value: Any) -> SafeString:
    """JSON for a data script: NaN becomes null, and no ``<`` can end the script early."""
    text = json.dumps(_finite(value), separators=(",", ":"), default=str)
    escaped = text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
    return mark_safe(f'<script type="application/json">{escaped}</script>')  # noqa: S308  # escaped above


def _finite(value: Any) -> Any:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {str(key): _finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    return value


@register.simple_tag(takes_context=True)
def query(context: dict[str, Any], **changes: Any) -> str:
    """The present query string with some values changed; an empty value removes its key."""
    values = context["request"].GET.copy()
    for key, value in changes.items():
        if value in ("", None):
            values.pop(key, None)
        else:
            values[key] = str(value)
    return f"?{values.urlencode()}"


@register.filter
def delta(value: float | None) -> str:
    """A difference with its sign."""
    if value is None:
        return "—"
    text = number(abs(value))
    return text if value == 0 else f"{'+' if value > 0 else '−'}{text}"


@register.filter
def size_delta(count: int | None) -> str:
    """A difference of bytes with its sign."""
    if count is None:
        return "—"
    return size(0) if count == 0 else f"{'+' if count > 0 else '−'}{size(abs(count))}"


@register.filter
def share_delta(value: float | None) -> str:
    """A relative difference as per cent with its sign."""
    return "" if value is None else f"{'+' if value >= 0 else '−'}{abs(value) * 100:.1f} %"


@register.filter
def value(content: Any) -> str:
    """A parameter or metric as it would be written: numbers with six digits, lists and mappings as JSON."""
    if isinstance(content, float):
        return f"{content:.6g}"
    return content if isinstance(content, str) else json.dumps(content, ensure_ascii=False, default=str)


@register.filter
def stage_words(status: str) -> str:
    """The state of a pipeline's stage in words that fit into its box."""
    return _STATES.get(f"stage-{status}", ("", "", status))[2]


@register.filter
def stage_mark(mark: str) -> str:
    """What became of a stage since the base, with a sign before the word."""
    signs = {
        "added": "＋ added",
        "changed": "≠ changed",
        "removed": "− removed",
        "downstream": "→ would be run again",
    }
    return signs.get(mark, mark)
