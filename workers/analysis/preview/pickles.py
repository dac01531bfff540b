"""What a pickle would import, read from its instructions. It is never loaded: loading one runs whatever it says."""

import pickletools
import time
import zipfile
from pathlib import Path
from typing import IO, Any

from workers.analysis.errors import AnalysisError
from workers.analysis.preview import Document

_MOST_BYTES = 64 << 20
_MOST_STEPS = 3_000_000
_SECONDS = 30.0
_MOST_NAMES = 1000
NEVER = "Ropewalk never loads pickles, because loading one runs code. Load it only if you trust who made it."
_DANGEROUS = frozenset(
    "os posix nt subprocess sys builtins __builtin__ socket shutil runpy importlib pty".split()
)
_PLAIN = frozenset(
    "set frozenset list dict tuple slice range bytearray complex object int float str bytes bool type".split()
)
_PACKED = {b"\x1f\x8b", b"\x78\x9c", b"\x78\x01", b"\x78\xda", b"BZ", b"\xfd7", b"ZF"}
_MOST_MEMO = 500_000


def pickle_facts(file: IO[bytes]) -> Document:
    """Protocol and imports of a pickle or joblib file."""
    data = file.read(_MOST_BYTES + 1)
    if data[:2] in _PACKED:
        notes = [NEVER, "It is compressed; what it imports is not looked for."]
        return {"format": "compressed pickle", "facts": [], "tables": [], "notes": notes}
    scan = Scan()
    scan.read(data[:_MOST_BYTES])
    if not scan.steps:
        raise AnalysisError("damaged_file", "The file is damaged, or is no pickle.")
    return scan.document("pickle", complete=len(data) <= _MOST_BYTES)


def torch_facts(path: Path, file: IO[bytes]) -> Document:
    """A PyTorch checkpoint: a ZIP archive with a pickle in it, or (old ones) a pickle."""
    if file.read(4) != b"PK\x03\x04":
        file.seek(0)
        return pickle_facts(file) | {"format": "PyTorch file (old format)"}
    scan = Scan()
    try:
        with zipfile.ZipFile(path) as archive:
            entries = archive.infolist()
            for entry in [one for one in entries if one.filename.endswith(".pkl")][:20]:
                with archive.open(entry) as member:
                    scan.read(member.read(_MOST_BYTES))
    except (zipfile.BadZipFile, OSError, NotImplementedError, RuntimeError, ValueError, EOFError) as error:
        raise AnalysisError("damaged_file", "The file is damaged, or is no PyTorch file.") from error
    document = scan.document("PyTorch file", complete=True)
    stored = [entry.file_size for entry in entries if "/data/" in entry.filename]
    document["facts"] += [["Stored tensors", f"{len(stored):,}"], ["Bytes of tensors", f"{sum(stored):,}"]]
    return document


class Scan:
    """The instructions of one or more pickles, looked at and not followed."""

    def __init__(self) -> None:
        self.steps = 0
        self.protocol = 0
        self.imports: dict[tuple[str, str], None] = {}
        self.whole = True
        self._text_on_top = False

    def read(self, data: bytes) -> None:
        """Look at the instructions of one pickle, as far as they can be read."""
        texts: list[str] = []
        memo: dict[int, str] = {}
        end = time.monotonic() + _SECONDS
        try:
            for opcode, argument, _ in pickletools.genops(data):
                self.steps += 1
                if self.steps > _MOST_STEPS or (self.steps % 4096 == 0 and time.monotonic() > end):
                    self.whole = False
                    return
                self._step(opcode.name, argument, texts, memo)
        except (ValueError, IndexError, KeyError, UnicodeDecodeError, OverflowError, EOFError):
            self.whole = False  # damaged, or other data between the instructions (joblib's arrays)

    def _step(self, name: str, argument: Any, texts: list[str], memo: dict[int, str]) -> None:
        if name == "PROTO":
            self.protocol = max(self.protocol, int(argument))
        elif name in {"GLOBAL", "INST"}:
            module, _, attribute = str(argument).partition(" ")
            self._import(module, attribute)
        elif name == "STACK_GLOBAL":
            module, attribute = (["?", "?", *texts])[-2:]
            self._import(module, attribute)
        elif name in {"MEMOIZE", "PUT", "BINPUT", "LONG_BINPUT"} and len(memo) < _MOST_MEMO:
            memo[len(memo) if argument is None else int(argument)] = texts[-1] if self._text_on_top else "?"
        elif name in {"GET", "BINGET", "LONG_BINGET"}:
            texts.append(memo.get(int(argument), "?"))
        elif isinstance(argument, str):
            texts.append(argument)
        self._text_on_top = isinstance(argument, str) and name not in {"GLOBAL", "INST"}
        del texts[:-8]

    def _import(self, module: str, attribute: str) -> None:
        if len(self.imports) < _MOST_NAMES:
            self.imports[module[:200], attribute[:200]] = None

    def document(self, kind: str, *, complete: bool) -> Document:
        """Facts, the list of imports, and a warning."""
        rows = [[module, attribute, _judged(module, attribute)] for module, attribute in sorted(self.imports)]
        columns = [{"name": name, "type": "text"} for name in ("Module", "Name", "Remark")]
        notes = [NEVER]
        if any(row[2] for row in rows):
            notes.append("Some of what it imports can run commands or change the program that loads it.")
        if not (self.whole and complete):
            notes.append("Only a part of it could be read; it may import more.")
        facts = [
            ["Protocol", str(self.protocol)],
            ["Instructions read", f"{self.steps:,}"],
            ["Imports", f"{len(rows):,}"],
        ]
        table = {"title": "What loading it would import", "columns": columns, "rows": rows}
        return {"format": kind, "facts": facts, "tables": [table], "notes": notes}


def _judged(module: str, attribute: str) -> str:
    root = module.partition(".")[0]
    if root not in _DANGEROUS or (root in {"builtins", "__builtin__"} and attribute in _PLAIN):
        return ""
    return "can do harm"
