"""Model files as facts: what their headers say. Weights are not loaded, and pickles are never unpickled."""

import ast
import json
import struct
import zipfile
from pathlib import Path
from typing import IO, Any

from workers.analysis.errors import AnalysisError
from workers.analysis.preview import Document
from workers.analysis.preview.onnx import onnx_facts
from workers.analysis.preview.pickles import pickle_facts, torch_facts

_MOST_HEADER = 32 << 20
_MOST_TENSORS = 2000
_BYTES = {"F64": 8, "I64": 8, "U64": 8, "F32": 4, "I32": 4, "U32": 4, "F16": 2, "BF16": 2, "I16": 2, "U16": 2}


def model_facts(path: Path, name: str) -> Document:
    """{format, facts: [[name, value]], tables: [{title, columns, rows}], notes}. Raises :class:`AnalysisError`."""
    small = name.lower()
    with path.open("rb") as file:
        if small.endswith(".safetensors"):
            return _safetensors(file)
        if small.endswith(".onnx"):
            return onnx_facts(file)
        if small.endswith(".gguf"):
            return _gguf(file)
        if small.endswith(".npy"):
            return _document("NumPy array", _npy_facts(file))
        if small.endswith((".pt", ".pth", ".ckpt")):
            return torch_facts(path, file)
        if small.endswith((".pkl", ".pickle", ".joblib")):
            return pickle_facts(file)
    if small.endswith((".npz", ".keras")):
        return _zipped(path, "NumPy archive" if small.endswith(".npz") else "Keras model")
    return _document(
        "HDF5 file", [], ["Its content is not read here. Download it to open it with its own program."]
    )


def _document(kind: str, facts: list[list[str]], notes: list[str] | None = None, **tables: Any) -> Document:
    return {"format": kind, "facts": facts, "tables": tables.get("tables", []), "notes": notes or []}


def _damaged(kind: str) -> AnalysisError:
    return AnalysisError("damaged_file", f"The file is damaged, or is no {kind} file.")


def _safetensors(file: IO[bytes]) -> Document:
    head = file.read(8)
    length = struct.unpack("<Q", head)[0] if len(head) == 8 else _MOST_HEADER + 1
    if length > _MOST_HEADER:
        raise _damaged("safetensors")
    try:
        header = json.loads(file.read(length))
        metadata = header.pop("__metadata__", {}) or {}
        tensors = [
            (str(name), str(item["dtype"]), [int(size) for size in item["shape"]])
            for name, item in header.items()
        ]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise _damaged("safetensors") from error
    counts: dict[str, int] = {}
    rows = []
    for name, kind, shape in tensors:
        size = 1
        for part in shape[:32]:
            size *= part
        counts[kind] = counts.get(kind, 0) + size
        rows.append([name[:300], kind, " × ".join(map(str, shape[:32])) or "scalar", size])
    facts = [["Tensors", f"{len(tensors):,}"], ["Parameters", f"{sum(counts.values()):,}"]]
    facts += [[f"Parameters as {kind}", f"{count:,}"] for kind, count in sorted(counts.items())][:20]
    facts += [[str(key)[:80], str(value)[:400]] for key, value in list(metadata.items())[:50]]
    columns = [_column("Tensor"), _column("Type"), _column("Shape"), _column("Parameters", "number")]
    table = {"title": "Tensors", "columns": columns, "rows": rows[:_MOST_TENSORS]}
    notes = [f"Only the first {_MOST_TENSORS:,} tensors are listed."] if len(rows) > _MOST_TENSORS else []
    return _document("safetensors", facts, notes, tables=[table])


def _column(name: str, kind: str = "text") -> dict[str, str]:
    return {"name": name, "type": kind}


def _gguf(file: IO[bytes]) -> Document:
    head = file.read(24)
    if len(head) < 24 or head[:4] != b"GGUF":
        raise _damaged("GGUF")
    version, tensors, pairs = struct.unpack("<IQQ", head[4:])
    return _document(
        "GGUF model",
        [["Version", str(version)], ["Tensors", f"{tensors:,}"], ["Metadata entries", f"{pairs:,}"]],
    )


def _npy_facts(file: IO[bytes]) -> list[list[str]]:
    if file.read(6) != b"\x93NUMPY":
        raise _damaged("NumPy")
    major = (file.read(2) or b"\0")[0]
    width = 2 if major < 2 else 4
    length = int.from_bytes(file.read(width), "little")
    if length > 1 << 16:
        raise _damaged("NumPy")
    try:
        header = ast.literal_eval(file.read(length).decode("latin-1"))  # a literal: nothing is executed
        shape = tuple(int(part) for part in header["shape"])
        order = "Fortran" if header["fortran_order"] else "C"
        return [
            ["Type", str(header["descr"])[:400]],
            ["Shape", " × ".join(map(str, shape)) or "scalar"],
            ["Order", order],
        ]
    except (ValueError, SyntaxError, KeyError, TypeError, MemoryError, RecursionError) as error:
        raise _damaged("NumPy") from error


def _zipped(path: Path, kind: str) -> Document:
    try:
        with zipfile.ZipFile(path) as archive:
            entries = archive.infolist()
            rows = [_entry(archive, entry) for entry in entries[:500]]
    except (zipfile.BadZipFile, OSError, NotImplementedError, ValueError) as error:
        raise _damaged(kind) from error
    columns = [_column("Entry"), _column("Size", "bytes"), _column("Type"), _column("Shape")]
    table = {"title": "Entries", "columns": columns, "rows": rows}
    notes = ["Only the first 500 entries are listed."] if len(entries) > 500 else []
    return _document(kind, [["Entries", f"{len(entries):,}"]], notes, tables=[table])


def _entry(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> list[Any]:
    facts: dict[str, str] = {}
    if entry.filename.endswith(".npy") and not entry.flag_bits & 1:
        try:
            with archive.open(entry) as member:
                facts = {fact[0]: fact[1] for fact in _npy_facts(member)}
        except (AnalysisError, zipfile.BadZipFile, EOFError):
            facts = {}
    return [entry.filename[:300], entry.file_size, facts.get("Type", ""), facts.get("Shape", "")]
