"""MLflow's run filter language, compiled to Django expressions over MLflow's tables.

The language (mlflow ``search_runs``): ``clause (AND clause)*``; no OR, no parentheses but those of an IN list; a key is
``metrics.x``, ``params.x``, ``tags.x``, ``datasets.x``, ``attributes.x`` or a bare attribute; unusual keys are quoted with
backticks or double quotes; text values are quoted, numbers are not. sqlparse does the lexing, so quoting is the same as MLflow's.

One difference is meant: a NaN metric matches no comparison (MLflow compares the 0 that it stores for it).
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db.models import BooleanField, Exists, F, Func, OuterRef, Q, QuerySet, Value
from django.db.models.expressions import Combinable
from sqlparse import lexer
from sqlparse import tokens as kinds

from ropewalk.tracking.errors import InvalidFilter
from ropewalk.tracking.models import Dataset, Link, LinkTag, Run, RunMetric, RunParam, RunTag

ENTITIES = {
    **dict.fromkeys(("metric", "metrics"), "metric"),
    **dict.fromkeys(("param", "params", "parameter", "parameters"), "param"),
    **dict.fromkeys(("tag", "tags"), "tag"),
    **dict.fromkeys(("attribute", "attributes", "attr", "run"), "attribute"),
    **dict.fromkeys(("dataset", "datasets"), "dataset"),
}
TEXT_ATTRIBUTES = {
    "run_id": "run_uuid",
    "run_name": "name",
    "run name": "name",
    "status": "status",
    "user_id": "user_id",
    "artifact_uri": "artifact_uri",
    "lifecycle_stage": "lifecycle_stage",
    "experiment_name": "experiment__name",
}
NUMBER_ATTRIBUTES = {
    "start_time": "start_time",
    "created": "start_time",
    "end_time": "end_time",
    "experiment_id": "experiment_id",
}
NUMBER_LOOKUPS = {"=": "exact", "!=": "", "<": "lt", "<=": "lte", ">": "gt", ">=": "gte"}
MAX_CLAUSES = 20
MAX_LENGTH = 4000
EXAMPLE = "For example: metrics.accuracy > 0.9 AND params.model = 'forest'"


class Like(Func):
    """``a LIKE b`` with SQL's own wildcards."""

    template, arg_joiner, output_field = "(%(expressions)s)", " LIKE ", BooleanField()


class ILike(Like):
    """``a ILIKE b``: LIKE without case."""

    arg_joiner = " ILIKE "


@dataclass(frozen=True)
class Clause:
    """One comparison: ``value`` is text, a number, a tuple of texts (IN) or None (IS NULL)."""

    entity: str
    key: str
    operator: str
    value: str | float | tuple[str, ...] | None


Token = tuple[Any, str]


def _tokens(text: str) -> list[Token]:
    """The tokens of sqlparse without blanks, compound words split, so that the grammar sees single ones."""
    found: list[Token] = []
    for kind, value in lexer.tokenize(text):  # type: ignore[no-untyped-call]
        if kind in kinds.Text.Whitespace or kind in kinds.Newline or kind in kinds.Whitespace:
            continue
        if kind in kinds.Comment:
            raise InvalidFilter("Comments have no place in a filter.", hint=EXAMPLE)
        if (kind in kinds.Keyword or kind in kinds.Operator) and " " in value:
            found.extend((kind, word) for word in value.split())
        else:
            found.append((kind, value))
    return found


class _Parser:
    """Recursive descent over the tokens of one filter."""

    def __init__(self, text: str) -> None:
        self.tokens = _tokens(text)
        self.at = 0

    def peek(self, ahead: int = 0) -> str:
        """The next token's text, or an empty string at the end."""
        position = self.at + ahead
        return self.tokens[position][1] if position < len(self.tokens) else ""

    def take(self) -> Token:
        """Consume one token; at the end the filter is incomplete."""
        if self.at >= len(self.tokens):
            raise InvalidFilter("The filter ends too early.", hint=EXAMPLE)
        self.at += 1
        return self.tokens[self.at - 1]

    def clauses(self) -> list[Clause]:
        """The whole filter."""
        found = [self.clause()]
        while self.at < len(self.tokens):
            _, word = self.take()
            if word.upper() == "OR":
                raise InvalidFilter(
                    "OR is not part of MLflow's filter language; use AND or IN.", hint=EXAMPLE
                )
            if word.upper() != "AND":
                raise InvalidFilter(f"Expected AND, found {word!r}.", hint=EXAMPLE)
            found.append(self.clause())
            if len(found) > MAX_CLAUSES:
                raise InvalidFilter(f"A filter has at most {MAX_CLAUSES} conditions.")
        return found

    def clause(self) -> Clause:
        """``key operator value``."""
        entity, key = self.identifier()
        operator = self.operator()
        if operator in {"IS NULL", "IS NOT NULL"}:
            return Clause(entity, key, operator, None)
        if operator in {"IN", "NOT IN"}:
            return Clause(entity, key, operator, self.text_list())
        return Clause(
            entity, key, operator, self.number(key) if self.is_number(entity, key) else self.text(key)
        )

    @staticmethod
    def is_number(entity: str, key: str) -> bool:
        """Whether values of this key are numbers."""
        return entity == "metric" or (entity == "attribute" and key in NUMBER_ATTRIBUTES)

    def identifier(self) -> tuple[str, str]:
        """``entity.key`` or a bare attribute; a key may hold further dots."""
        first = self.word()
        if self.peek() != ".":
            entity, key = "attribute", first
        else:
            if first.lower() not in ENTITIES:
                raise InvalidFilter(
                    f"{first!r} is not a kind of key.",
                    hint="Use metrics., params., tags., attributes. or datasets.",
                )
            entity, parts = ENTITIES[first.lower()], []
            while self.peek() == ".":
                self.take()
                parts.append(self.word())
            key = ".".join(parts)
        if entity == "attribute" and key not in TEXT_ATTRIBUTES and key not in NUMBER_ATTRIBUTES:
            known = ", ".join(sorted({*TEXT_ATTRIBUTES, *NUMBER_ATTRIBUTES} - {"run name", "created"}))
            raise InvalidFilter(f"A run has no attribute {key!r}.", hint=f"Attributes are {known}. {EXAMPLE}")
        if entity == "dataset" and key not in {"name", "digest", "context"}:
            raise InvalidFilter(
                f"A dataset has no attribute {key!r}.",
                hint="Use dataset.name, dataset.digest or dataset.context.",
            )
        return entity, key

    def word(self) -> str:
        """An identifier's part: a word, or anything between backticks or double quotes."""
        kind, value = self.take()
        if len(value) > 1 and value[0] == value[-1] and value[0] in '`"':
            return value[1:-1]
        if kind in kinds.Name or kind in kinds.Keyword or kind in kinds.Literal.Number.Integer:
            return value
        raise InvalidFilter(f"Expected a key, found {value!r}.", hint=EXAMPLE)

    def operator(self) -> str:
        """A comparison, in capitals, its words joined by one blank."""
        _, value = self.take()
        word = value.upper()
        if word == "IS":
            second = self.take()[1].upper()
            word = f"IS NOT {self.take()[1].upper()}" if second == "NOT" else f"IS {second}"
        elif word == "NOT":
            word = f"NOT {self.take()[1].upper()}"
        if word == "<>":
            word = "!="
        if word not in {*NUMBER_LOOKUPS, "LIKE", "ILIKE", "IN", "NOT IN", "IS NULL", "IS NOT NULL"}:
            raise InvalidFilter(
                f"{value!r} is not a comparison.", hint="Use = != < <= > >= LIKE ILIKE IN IS NULL."
            )
        return word

    def number(self, key: str) -> float:
        """A numeric literal with an optional sign."""
        kind, value = self.take()
        sign = ""
        if value in {"-", "+"}:
            sign, (kind, value) = value, self.take()
        try:
            if kind in kinds.Literal.Number or kind in kinds.Name:
                return float(sign + value)
        except ValueError:
            pass
        raise InvalidFilter(f"{key} is compared with a number, not {value}.", hint=EXAMPLE)

    def text(self, key: str) -> str:
        """A quoted text."""
        _, value = self.take()
        if len(value) < 2 or value[0] != value[-1] or value[0] not in "'\"":
            raise InvalidFilter(f"The text compared with {key} must be in quotes: '{value}'.", hint=EXAMPLE)
        return value[1:-1].replace(value[0] * 2, value[0])

    def text_list(self) -> tuple[str, ...]:
        """``('a', 'b')``."""
        if self.take()[1] != "(":
            raise InvalidFilter("IN needs a list in parentheses: run_id IN ('a', 'b').")
        values = [self.text("the list")]
        while self.peek() == ",":
            self.take()
            values.append(self.text("the list"))
        if self.take()[1] != ")":
            raise InvalidFilter("The list of IN is not closed by ')'.")
        return tuple(values)


def parse(text: str) -> list[Clause]:
    """The clauses of a filter; an empty text has none. Raises :class:`InvalidFilter`."""
    if not text.strip():
        return []
    if len(text) > MAX_LENGTH or "\x00" in text:
        raise InvalidFilter(f"A filter has at most {MAX_LENGTH} printable characters.")
    return _Parser(text).clauses()


def parse_key(text: str) -> tuple[str, str]:
    """``params.model`` as (entity, key). Raises :class:`InvalidFilter`."""
    if len(text) > MAX_LENGTH or "\x00" in text:
        raise InvalidFilter("A key is shorter than that.")
    return _Parser(text).identifier()


def _text_condition(column: str, clause: Clause) -> Q | Like:
    """A comparison of a text column."""
    value = clause.value
    if clause.operator in {"IS NULL", "IS NOT NULL"}:
        return Q(**{f"{column}__isnull": clause.operator == "IS NULL"})
    if isinstance(value, tuple):
        listed = Q(**{f"{column}__in": value})
        return listed if clause.operator == "IN" else ~listed
    if clause.operator == "=":
        return Q(**{column: value})
    if clause.operator == "!=":
        return ~Q(**{column: value}) & Q(**{f"{column}__isnull": False})
    if clause.operator in {"LIKE", "ILIKE"}:
        return (Like if clause.operator == "LIKE" else ILike)(F(column), Value(value))
    raise InvalidFilter(f"{clause.key} is text: compare it with = != LIKE ILIKE or IN.", hint=EXAMPLE)


def _number_condition(column: str, clause: Clause) -> Q:
    """A comparison of a numeric column."""
    if clause.operator in {"IS NULL", "IS NOT NULL"}:
        return Q(**{f"{column}__isnull": clause.operator == "IS NULL"})
    if clause.operator not in NUMBER_LOOKUPS:
        raise InvalidFilter(f"{clause.key} is a number: compare it with = != < <= > or >=.", hint=EXAMPLE)
    if clause.operator == "!=":
        return ~Q(**{column: clause.value})
    return Q(**{f"{column}__{NUMBER_LOOKUPS[clause.operator]}": clause.value})


def _keyed(
    rows: QuerySet[Any], clause: Clause, condition: Callable[[str, Clause], Q | Like]
) -> Combinable | Q:
    """A condition on one of a run's key/value rows; a missing key matches nothing but IS NULL."""
    mine = rows.filter(run_id=OuterRef("run_uuid"), key=clause.key)
    if clause.operator == "IS NULL":
        return ~Exists(mine)
    if clause.operator == "IS NOT NULL":
        return Exists(mine)
    return Exists(mine.filter(condition("value", clause)))


def _dataset(clause: Clause) -> Exists:
    """A condition on one of a run's input data sets."""
    link = Link.objects.filter(
        destination_type="RUN", destination_id=OuterRef("run_uuid"), source_type="DATASET"
    )
    if clause.key == "context":
        matching = LinkTag.objects.filter(name="mlflow.data.context", input_uuid=OuterRef("input_uuid"))
        return Exists(link.filter(Exists(matching.filter(_text_condition("value", clause)))))
    sets = Dataset.objects.unscoped("tied to a run by OuterRef").filter(dataset_uuid=OuterRef("source_id"))
    return Exists(link.filter(Exists(sets.filter(_text_condition(clause.key, clause)))))


def _condition(clause: Clause) -> Combinable | Q:
    """One clause as an expression over :class:`Run`."""
    reason = "tied to a run by OuterRef"
    if clause.entity == "metric":
        return _keyed(RunMetric.objects.unscoped(reason).filter(is_nan=False), clause, _number_condition)
    if clause.entity == "param":
        return _keyed(RunParam.objects.unscoped(reason), clause, _text_condition)
    if clause.entity == "tag":
        return _keyed(RunTag.objects.unscoped(reason), clause, _text_condition)
    if clause.entity == "dataset":
        return _dataset(clause)
    if clause.key in NUMBER_ATTRIBUTES:
        return _number_condition(NUMBER_ATTRIBUTES[clause.key], clause)
    return _text_condition(TEXT_ATTRIBUTES[clause.key], clause)


def apply(rows: QuerySet[Run], text: str) -> QuerySet[Run]:
    """``rows`` narrowed by a filter. Every value is a bound parameter. Raises :class:`InvalidFilter`."""
    for clause in parse(text):
        rows = rows.filter(_condition(clause))
    return rows
