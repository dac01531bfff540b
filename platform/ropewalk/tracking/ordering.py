"""The sort order of the run table: any attribute, metric, parameter or tag; runs without the key come last."""

from typing import Any

from django.db.models import Case, F, FloatField, OuterRef, QuerySet, Subquery, TextField, Value, When
from django.db.models.functions import Cast, NullIf

from ropewalk.tracking.errors import InvalidFilter
from ropewalk.tracking.filters import ENTITIES, NUMBER_ATTRIBUTES, TEXT_ATTRIBUTES
from ropewalk.tracking.models import Run, RunMetric, RunParam, RunTag

# Short enough that the cast can never overflow.
NUMBER = r"^[+-]?([0-9]{1,15}(\.[0-9]{0,30})?|\.[0-9]{1,30})([eE][+-]?[0-9]{1,2})?$"
DEFAULT = (F("start_time").desc(nulls_last=True), F("run_uuid").asc())


def split(order: str) -> tuple[str, str, bool]:
    """``"metrics.loss DESC"`` as (entity, key, descending). Raises :class:`InvalidFilter`."""
    words = order.strip()
    descending = words.lower().endswith(" desc")
    if descending or words.lower().endswith(" asc"):
        words = words.rsplit(None, 1)[0].rstrip()
    kind, dot, key = words.partition(".")
    if dot and kind.lower() in ENTITIES:
        entity = ENTITIES[kind.lower()]
    else:
        entity, key = "attribute", words
    if len(key) > 1 and key[0] == key[-1] and key[0] in '`"':
        key = key[1:-1]
    known = entity != "attribute" or key in TEXT_ATTRIBUTES or key in NUMBER_ATTRIBUTES or key == "duration"
    if not key or not known or entity == "dataset" or "\x00" in key:
        raise InvalidFilter(f"Runs cannot be sorted by {order!r}.", hint="For example: metrics.accuracy DESC")
    return entity, key, descending


def apply(rows: QuerySet[Run], order: str) -> QuerySet[Run]:
    """``rows`` in the wanted order, newest first where it leaves a choice; an empty order is newest first."""
    if not order.strip():
        return rows.order_by(*DEFAULT)
    entity, key, descending = split(order)
    rows, columns = _sort_columns(rows, entity, key)
    wanted = [
        F(name).desc(nulls_last=True) if descending else F(name).asc(nulls_last=True) for name in columns
    ]
    return rows.order_by(*wanted, *DEFAULT)


def _sort_columns(rows: QuerySet[Run], entity: str, key: str) -> tuple[QuerySet[Run], list[str]]:
    """Annotate what to sort by; the names of the annotations in order."""
    reason = "tied to a run by OuterRef"
    if entity == "metric":
        number: Any = Case(When(is_nan=True, then=Value(None)), default=F("value"), output_field=FloatField())
        found = RunMetric.objects.unscoped(reason).filter(run_id=OuterRef("run_uuid"), key=key)
        return rows.annotate(sort_value=Subquery(found.annotate(number=number).values("number")[:1])), [
            "sort_value"
        ]
    if entity in {"param", "tag"}:
        model = RunParam if entity == "param" else RunTag
        texts = (
            model.objects.unscoped(reason).filter(run_id=OuterRef("run_uuid"), key=key).values("value")[:1]
        )
        rows = rows.annotate(sort_text=Subquery(texts, output_field=TextField()))
        # Parameters are text; those that are numbers sort as numbers, before the others.
        as_number = Case(
            When(sort_text__regex=NUMBER, then=Cast(NullIf("sort_text", Value("")), FloatField())),
            default=None,
        )
        return rows.annotate(sort_number=as_number), ["sort_number", "sort_text"]
    if key == "duration":
        return rows.annotate(sort_value=F("end_time") - F("start_time")), ["sort_value"]
    return rows, [TEXT_ATTRIBUTES.get(key) or NUMBER_ATTRIBUTES[key]]
