"""Which rows of a table somebody wants to see: conditions on columns, a text to search, an order. Pure; nothing of it is SQL."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ropewalk.core.errors import Invalid

OPERATORS = {
    "eq": "is",
    "ne": "is not",
    "lt": "less than",
    "le": "at most",
    "gt": "more than",
    "ge": "at least",
    "contains": "contains",
    "starts": "starts with",
    "empty": "is empty",
    "filled": "is not empty",
}
WITHOUT_VALUE = frozenset({"empty", "filled"})
MOST_CONDITIONS = 8
LONGEST = 300


@dataclass(frozen=True)
class Condition:
    """One column's cells, an operator of :data:`OPERATORS`, and what to compare with."""

    column: str
    operator: str
    value: str = ""


@dataclass(frozen=True)
class RowQuery:
    """Rows that meet all conditions and have ``text`` in some cell (capitals do not matter), by a column if one is named."""

    conditions: Sequence[Condition] = ()
    text: str = ""
    order: str = ""
    descending: bool = False

    @property
    def plain(self) -> bool:
        """Whether it asks for the table as it is."""
        return not self.conditions and not self.text and not self.order

    def document(self) -> dict[str, Any]:
        """As a job's payload has it."""
        return {
            "conditions": [[one.column, one.operator, one.value] for one in self.conditions],
            "text": self.text,
            "order": self.order,
            "descending": self.descending,
        }

    @property
    def fingerprint(self) -> str:
        """64 characters that tell it from another."""
        return hashlib.sha256(json.dumps(self.document(), sort_keys=True).encode()).hexdigest()


def query_of(
    conditions: Sequence[tuple[str, str, str]], *, text: str = "", order: str = "", descending: bool = False
) -> RowQuery:
    """A checked query; conditions without a column are left out. Raises :class:`Invalid` for what no query can be."""
    given = [one for one in conditions if one[0]]
    if len(given) > MOST_CONDITIONS:
        raise Invalid(f"There are more than {MOST_CONDITIONS} conditions.")
    if any(operator not in OPERATORS for _, operator, _ in given):
        raise Invalid(f"A condition compares with one of {', '.join(OPERATORS)}.")
    texts = [text, order, *(part for one in given for part in one)]
    if any(len(part) > LONGEST or "\0" in part for part in texts):
        raise Invalid(f"A name or value has at most {LONGEST} characters.")
    chosen = tuple(
        Condition(column, operator, "" if operator in WITHOUT_VALUE else value)
        for column, operator, value in given
    )
    return RowQuery(chosen, text.strip(), order, descending and bool(order))
