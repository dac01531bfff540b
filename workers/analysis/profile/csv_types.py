"""What the text of a CSV column means: a number, a truth value, a time, or text.

A column has the narrowest kind that fits *all* its cells. The reader guesses from what it has seen; where a later cell does
not fit, the column is marked and read once more as text, so the result never depends on where a batch ended.
"""

from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from workers.analysis.profile.columns import Kind

_MOMENTS = (pa.timestamp("us"), pa.timestamp("ns"), pa.timestamp("us", "UTC"), pa.timestamp("ns", "UTC"))
_TRUTH = pa.array(["true", "false"])


def _cast(values: pa.Array, data_type: pa.DataType) -> pa.Array | None:
    try:
        return values.cast(data_type)
    except pa.ArrowInvalid:
        return None


def _number(values: pa.Array) -> pa.Array | None:
    whole = _cast(values, pa.int64())
    return whole if whole is not None else _cast(values, pa.float64())


def _truth(values: pa.Array) -> pa.Array | None:
    lowered = pc.utf8_lower(values)
    fits = pc.all(pc.is_in(lowered, value_set=_TRUTH)).as_py()
    return pc.equal(lowered, "true") if fits else None


def _moment(values: pa.Array) -> pa.Array | None:
    return next(
        (moments for data_type in _MOMENTS if (moments := _cast(values, data_type)) is not None), None
    )


_READINGS = {Kind.NUMBER: _number, Kind.BOOLEAN: _truth, Kind.DATETIME: _moment}


@dataclass
class CsvColumn:
    """What one column has been so far. ``late`` is set when typed batches were counted before text turned up."""

    kind: Kind = Kind.EMPTY
    late: bool = False

    def read(self, values: pa.Array) -> pa.Array:
        """A batch in the column's kind; widens the kind where the batch does not fit."""
        present = values.drop_null()
        if len(present) == 0 or self.kind is Kind.STRING:
            return pa.nulls(len(values)) if len(present) == 0 and self.kind is not Kind.STRING else values
        first = pc.utf8_trim_whitespace(present[:1])
        kinds = list(_READINGS) if self.kind is Kind.EMPTY else [self.kind]
        for kind in kinds:
            reading = _READINGS[kind]
            if reading(first) is None:  # cheap refusal before the whole batch
                continue
            typed = reading(values)
            if typed is None:
                typed = reading(pc.utf8_trim_whitespace(values))
            if typed is not None:
                self.kind = kind
                return typed
        self.late = self.kind is not Kind.EMPTY
        self.kind = Kind.STRING
        return values
