"""An ONNX model's graph from its protocol buffer, field by field; weights are stepped over."""

import os
from collections import Counter
from collections.abc import Iterator
from typing import IO, Any

from workers.analysis.errors import AnalysisError
from workers.analysis.preview import Document

_MOST_FIELDS = 3_000_000
_MOST_TEXT = 400
_MOST_LISTED = 500
_TYPES = (
    "undefined float32 uint8 int8 uint16 int16 int32 int64 string bool float16 float64 uint32 uint64 complex64 complex128 "
    "bfloat16 float8e4m3fn float8e4m3fnuz float8e5m2 float8e5m2fnuz uint4 int4 float4e2m1 "
    "float8e8m0 uint2 int2 float6e2m3 float6e3m2"
).split()


class _Reader:
    """Fields of nested messages. Bounded in their number; nothing longer than a short text is read."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self.end = file.seek(0, os.SEEK_END)
        self._left = _MOST_FIELDS
        file.seek(0)

    def fields(self, start: int, end: int) -> Iterator[tuple[int, int, int]]:
        """(number, value or start, length or -1) of a message that lies at these places."""
        at = start
        while at < end:
            self._left -= 1
            if self._left < 0:
                raise AnalysisError("too_large", "The model's graph has more parts than are looked at.")
            self._file.seek(at)
            key, at = self._varint(at)
            number, wire = key >> 3, key & 7
            if wire == 0:
                value, at = self._varint(at)
                yield number, value, -1
            elif wire in {1, 5}:
                at += 8 if wire == 1 else 4
            elif wire == 2:
                length, at = self._varint(at)
                if at + length > end:
                    raise self.damaged()
                yield number, at, length
                at += length
            else:
                raise self.damaged()

    def _varint(self, at: int) -> tuple[int, int]:
        value = shift = 0
        while shift < 70:
            byte = self._file.read(1)
            if not byte:
                break
            at += 1
            value |= (byte[0] & 0x7F) << shift
            if byte[0] < 0x80:
                return value, at
            shift += 7
        raise self.damaged()

    def text(self, start: int, length: int) -> str:
        """A text, cut."""
        self._file.seek(start)
        return self._file.read(min(length, _MOST_TEXT)).decode("utf-8", "replace")

    @staticmethod
    def damaged() -> AnalysisError:
        """For what is not a protocol buffer."""
        return AnalysisError("damaged_file", "The file is damaged, or is no ONNX model.")


def onnx_facts(file: IO[bytes]) -> Document:
    """Producer, operator sets, inputs, outputs, operators and the number of parameters."""
    reader = _Reader(file)
    facts: dict[str, str] = {}
    opsets: list[str] = []
    graph: dict[str, Any] = {}
    names = {
        1: "IR version",
        2: "Producer",
        3: "Producer version",
        4: "Domain",
        5: "Model version",
        6: "Description",
    }
    for number, value, length in reader.fields(0, reader.end):
        if number in names:
            facts[names[number]] = str(value) if length < 0 else reader.text(value, length)
        elif number == 7 and length >= 0:
            graph = _graph(reader, value, value + length)
        elif number == 8 and length >= 0:
            opsets.append(_opset(reader, value, value + length))
        elif number == 14 and length >= 0 and len(facts) < 60:
            key, content = _pair(reader, value, value + length)
            facts[key or "metadata"] = content
    if not graph:
        raise reader.damaged()
    listed = [["Graph", graph["name"]], *[[name, text] for name, text in facts.items() if text]]
    listed += [["Operator sets", ", ".join(opsets[:20])], ["Nodes", f"{sum(graph['ops'].values()):,}"]]
    listed += [["Initializers", f"{graph['tensors']:,}"], ["Parameters", f"{graph['parameters']:,}"]]
    ops = [[name, count] for name, count in graph["ops"].most_common(_MOST_LISTED)]
    values = [_column("Name"), _column("Type"), _column("Shape")]
    tables = [
        {"title": "Inputs", "columns": values, "rows": graph["inputs"]},
        {"title": "Outputs", "columns": values, "rows": graph["outputs"]},
        {"title": "Operators", "columns": [_column("Operator"), _column("Nodes", "number")], "rows": ops},
    ]
    return {"format": "ONNX model", "facts": [row for row in listed if row[1]], "tables": tables, "notes": []}


def _column(name: str, kind: str = "text") -> dict[str, str]:
    return {"name": name, "type": kind}


def _opset(reader: _Reader, start: int, end: int) -> str:
    domain, version = "", 0
    for number, value, length in reader.fields(start, end):
        if number == 1 and length >= 0:
            domain = reader.text(value, length)
        elif number == 2:
            version = value
    return f"{domain or 'ai.onnx'} {version}"


def _pair(reader: _Reader, start: int, end: int) -> tuple[str, str]:
    found = {
        number: reader.text(value, length)
        for number, value, length in reader.fields(start, end)
        if length >= 0
    }
    return found.get(1, ""), found.get(2, "")


def _graph(reader: _Reader, start: int, end: int) -> dict[str, Any]:
    graph: dict[str, Any] = {
        "name": "",
        "ops": Counter(),
        "tensors": 0,
        "parameters": 0,
        "inputs": [],
        "outputs": [],
    }
    weights: set[str] = set()
    for number, value, length in reader.fields(start, end):
        if length < 0:
            continue
        if number == 1:
            graph["ops"][_operator(reader, value, value + length)] += 1
        elif number == 2:
            graph["name"] = reader.text(value, length)
        elif number == 5:
            name, count = _tensor(reader, value, value + length)
            weights.add(name)
            graph["tensors"] += 1
            graph["parameters"] += count
        elif number in {11, 12}:
            side = graph["inputs" if number == 11 else "outputs"]
            if len(side) < _MOST_LISTED:
                side.append(_value(reader, value, value + length))
    graph["inputs"] = [row for row in graph["inputs"] if row[0] not in weights]
    return graph


def _operator(reader: _Reader, start: int, end: int) -> str:
    kind, domain = "?", ""
    for number, value, length in reader.fields(start, end):
        if number == 4 and length >= 0:
            kind = reader.text(value, length)
        elif number == 7 and length >= 0:
            domain = reader.text(value, length)
    return f"{domain}.{kind}" if domain not in {"", "ai.onnx"} else kind


def _tensor(reader: _Reader, start: int, end: int) -> tuple[str, int]:
    """A weight's name and how many numbers it has; the numbers themselves are stepped over."""
    name, count = "", 1
    for number, value, length in reader.fields(start, end):
        if number == 1 and length < 0:
            count *= value
        elif number == 1:  # dimensions packed into one field
            for part in _packed(reader, value, value + length):
                count *= part
        elif number == 8 and length >= 0:
            name = reader.text(value, length)
    return name, count if count < 1 << 62 else 0


def _packed(reader: _Reader, start: int, end: int) -> Iterator[int]:
    at = start
    while at < min(end, start + 320):
        reader._file.seek(at)
        value, at = reader._varint(at)
        yield value


def _value(reader: _Reader, start: int, end: int) -> list[str]:
    name, kind, shape = "", "", ""
    for number, value, length in reader.fields(start, end):
        if number == 1 and length >= 0:
            name = reader.text(value, length)
        elif number == 2 and length >= 0:
            for form, at, size in reader.fields(value, value + length):
                if form == 1 and size >= 0:
                    kind, shape = _tensor_type(reader, at, at + size)
                elif size >= 0:
                    kind = {4: "sequence", 5: "map", 8: "sparse tensor", 9: "optional"}.get(form, kind)
    return [name, kind, shape]


def _tensor_type(reader: _Reader, start: int, end: int) -> tuple[str, str]:
    kind, sizes = "", []
    for number, value, length in reader.fields(start, end):
        if number == 1 and length < 0:
            kind = _TYPES[value] if value < len(_TYPES) else str(value)
        elif number == 2 and length >= 0:
            for _, at, size in reader.fields(value, value + length):
                parts = [
                    (str(v) if n < 0 else reader.text(v, n))
                    for _, v, n in reader.fields(at, at + max(size, 0))
                ]
                sizes.append(parts[0] if parts else "?")
    return kind, " × ".join(sizes[:32])
