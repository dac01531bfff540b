"""A whole commit: every pointer file read, each failure a problem of its own file."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from workers.analysis.errors import AnalysisError
from workers.analysis.pointers.documents import read_document
from workers.analysis.pointers.outputs import Output, read_origin, read_output
from workers.analysis.pointers.paths import folder_of, inside
from workers.analysis.pointers.pipeline import (
    Declared,
    declared_stages,
    listed,
    mapping,
    read_declared,
    read_lock,
)

MAX_POINTERS = 20_000
MAX_OUTPUTS = 100_000
MAX_PROBLEMS = 200
MAX_VALUE_FILES = 200
MAX_VALUES_CHARS = 4 << 20  # of all parameters or metrics of a commit together, roughly
_LIVE_METRICS = "dvclive/metrics.json"


@dataclass(frozen=True)
class FileRef:
    """A file of the commit: its git object and size. Symbolic links and submodules are never given."""

    oid: str
    size: int | None = None


Read = Callable[[str], bytes]


@dataclass
class Facts:
    """What the commit tracks. ``stages``, ``params`` and ``metrics`` are JSON values; a problem has path, code and message."""

    outputs: list[Output] = field(default_factory=list)
    stages: list[dict[str, Any]] = field(default_factory=list)
    params: dict[str, Any] = field(default_factory=dict)
    metrics: dict[str, Any] = field(default_factory=dict)
    problems: list[dict[str, str]] = field(default_factory=list)

    def problem(self, path: str, code: str, message: str) -> None:
        """Note what could not be read; there is a most of them."""
        if len(self.problems) < MAX_PROBLEMS:
            self.problems.append({"path": path, "code": code, "message": message})


def is_pointer(path: str) -> bool:
    """Whether a file is one of DVC's pointer files. ``.dvc/`` itself is DVC's configuration."""
    name = path.rpartition("/")[2]
    return name in {"dvc.yaml", "dvc.lock"} or (name.endswith(".dvc") and name != ".dvc")


def read_revision(files: Mapping[str, FileRef], read: Read) -> Facts:
    """The facts of a commit. ``files`` is path → file of its whole tree; ``read(path)`` gives a file's (bounded) bytes."""
    facts = Facts()
    pointers = sorted(path for path in files if is_pointer(path) and not f"/{path}".count("/.dvc/"))
    if len(pointers) > MAX_POINTERS:
        facts.problem(
            "",
            "too_many_pointers",
            f"Only the first {MAX_POINTERS:,} of {len(pointers):,} pointer files were read.",
        )
        pointers = pointers[:MAX_POINTERS]
    documents = {path: value for path in pointers if (value := _document(facts, path, read)) is not None}
    declared = _declarations(facts, documents)
    for path, document in documents.items():
        if path.endswith(".dvc"):
            _single(facts, path, document)
    _locks(facts, documents, declared)
    _settle_outputs(facts, files, declared)
    _values(facts, files, read, declared)
    return facts


def _document(facts: Facts, path: str, read: Read) -> Any:
    try:
        return read_document(read(path), path)
    except AnalysisError as error:
        facts.problem(path, error.code, error.message)
        return None


def _declarations(facts: Facts, documents: dict[str, Any]) -> dict[str, Declared]:
    """Folder → what its ``dvc.yaml`` says."""
    found = {}
    for path, document in documents.items():
        if path.rpartition("/")[2] == "dvc.yaml":
            try:
                found[folder_of(path)] = read_declared(document, path, folder_of(path))
            except AnalysisError as error:
                facts.problem(path, error.code, error.message)
    return found


def _single(facts: Facts, path: str, document: Any) -> None:
    """A ``.dvc`` file."""
    try:
        top = mapping(document, path.rpartition("/")[2])
    except AnalysisError as error:
        facts.problem(path, error.code, error.message)
        return
    wdir = top.get("wdir")
    where, origin = wdir if isinstance(wdir, str) else ".", read_origin(top)
    for item in listed(top.get("outs")):
        output = read_output(item, pointer=path, folder=folder_of(path), wdir=where)
        if isinstance(output, str):
            facts.problem(path, "bad_output", output)
        elif output is not None:
            facts.outputs.append(replace(output, origin=origin))


def _locks(facts: Facts, documents: dict[str, Any], declared: dict[str, Declared]) -> None:
    resolved: dict[str, set[str]] = {}
    for path, document in documents.items():
        folder = folder_of(path)
        if path.rpartition("/")[2] != "dvc.lock":
            continue
        try:
            locked = read_lock(document, path, folder, declared.get(folder))
        except AnalysisError as error:
            facts.problem(path, error.code, error.message)
            continue
        facts.outputs.extend(locked.outputs)
        facts.stages.extend(locked.stages)
        resolved[folder] = {stage["name"] for stage in locked.stages}
        for message in locked.problems:
            facts.problem(path, "bad_output", message)
    for folder, one in declared.items():
        facts.stages.extend(declared_stages(one, resolved.get(folder, set()), folder))


def _settle_outputs(facts: Facts, files: Mapping[str, FileRef], declared: dict[str, Declared]) -> None:
    """One output a path (a ``.dvc`` file wins over a lock); what git itself holds is not expected in the remote."""
    uncached = {path for one in declared.values() for path in one.uncached}
    settled: dict[str, Output] = {}
    for output in facts.outputs:
        if output.path in settled:
            facts.problem(output.pointer, "duplicate_output", f"The output “{output.path}” is tracked twice.")
            continue
        in_git = output.path in files or output.path in uncached
        settled[output.path] = replace(output, cached=output.cached and not in_git)
    facts.outputs = sorted(settled.values(), key=lambda output: output.path)
    if len(facts.outputs) > MAX_OUTPUTS:
        facts.problem(
            "",
            "too_many_outputs",
            f"Only the first {MAX_OUTPUTS:,} of {len(facts.outputs):,} outputs are shown.",
        )
        facts.outputs = facts.outputs[:MAX_OUTPUTS]


def _values(facts: Facts, files: Mapping[str, FileRef], read: Read, declared: dict[str, Declared]) -> None:
    """Parameters and metrics from the files that the pipelines name, and DVCLive's."""
    params = {path for one in declared.values() for path in one.params}
    params |= {path for folder in declared if (path := inside(folder, "params.yaml"))}
    metrics = {path for one in declared.values() for path in one.metrics}
    metrics |= {path for folder in ["", *declared] if (path := inside(folder, _LIVE_METRICS))}
    for wanted, into in ((params, facts.params), (metrics, facts.metrics)):
        room = MAX_VALUES_CHARS
        for path in sorted(wanted & set(files))[:MAX_VALUE_FILES]:
            try:
                data = read(path)
                room -= len(data)
                if room < 0:
                    raise AnalysisError(
                        "too_large", "The value files of this commit are too large to show all of them."
                    )
                into[path] = read_document(data, path)
            except AnalysisError as error:
                facts.problem(path, error.code, error.message)
