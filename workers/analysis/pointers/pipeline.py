"""``dvc.yaml`` (what a pipeline declares) and ``dvc.lock`` (what it made). Resolved facts come from the lock alone."""

from dataclasses import dataclass, field
from typing import Any

from workers.analysis.errors import AnalysisError
from workers.analysis.pointers.outputs import Output, read_dependency, read_output
from workers.analysis.pointers.paths import inside

MAX_TEXT = 4000
_ROLES = (("outs", "out"), ("metrics", "metric"), ("plots", "plot"))


@dataclass(frozen=True)
class Declared:
    """What one ``dvc.yaml`` says. ``stages`` is name → its definition with ``template`` (``foreach``, ``matrix`` or empty).

    ``params`` and ``metrics`` are the value files that it names. ``uncached`` are outputs kept in git (``cache: false``);
    ``roles`` is path → ``metric`` or ``plot``. Paths are the repository's.
    """

    path: str
    stages: dict[str, dict[str, Any]] = field(default_factory=dict)
    params: set[str] = field(default_factory=set)
    metrics: set[str] = field(default_factory=set)
    uncached: set[str] = field(default_factory=set)
    roles: dict[str, str] = field(default_factory=dict)


def mapping(value: Any, what: str) -> dict[str, Any]:
    """``value`` when it is a mapping (or nothing). Raises :class:`AnalysisError`."""
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise AnalysisError("bad_shape", f"“{what}” is not a mapping.")
    return value


def listed(value: Any) -> list[Any]:
    """A list, whether one was written or a single entry, a mapping of entries, or nothing."""
    if value is None:
        return []
    if isinstance(value, dict):
        return [{key: item} for key, item in value.items()]
    return value if isinstance(value, list) else [value]


def read_declared(document: Any, path: str, folder: str) -> Declared:
    """The declarations of a ``dvc.yaml``. Raises :class:`AnalysisError` for one that is no pipeline."""
    top = mapping(document, "dvc.yaml")
    declared = Declared(path)
    for name, definition in mapping(top.get("stages"), "stages").items():
        whole = mapping(definition, f"stages.{name[:100]}")
        template = next((word for word in ("foreach", "matrix") if word in whole), "")
        stage = mapping(whole.get("do"), f"stages.{name[:100]}.do") if template == "foreach" else whole
        declared.stages[name] = {**stage, "template": template}
        _note_files(declared, stage, folder, stage.get("wdir"))
    _note_files(declared, {key: top.get(key) for key in ("metrics", "params")}, folder, None, top_level=True)
    return declared


def _note_files(
    declared: Declared, stage: dict[str, Any], folder: str, wdir: Any, *, top_level: bool = False
) -> None:
    where = wdir if isinstance(wdir, str) else ""
    for key, role in _ROLES:
        for entry in listed(stage.get(key)):
            name, flags = _named(entry)
            path = inside(folder, where, name) if name else None
            if path is None:
                continue
            if role != "out":
                declared.roles[path] = role
            if role == "metric":
                declared.metrics.add(path)
            if flags.get("cache") is False:
                declared.uncached.add(path)
    for entry in listed(stage.get("params")):
        # A text names a key of params.yaml in a stage, and a file at the top of dvc.yaml.
        names = list(entry) if isinstance(entry, dict) else [entry if top_level else "params.yaml"]
        for name in names:
            path = inside(folder, where, name) if isinstance(name, str) else None
            if path is not None:
                declared.params.add(path)


def _named(entry: Any) -> tuple[str, dict[str, Any]]:
    """A path and its flags, from ``path`` or ``{path: {flags}}``."""
    if isinstance(entry, str):
        return entry, {}
    if isinstance(entry, dict) and entry:
        name, flags = next(iter(entry.items()))
        return name, flags if isinstance(flags, dict) else {}
    return "", {}


@dataclass(frozen=True)
class Locked:
    """What one ``dvc.lock`` says: stages as pages show them, their outputs, and what was wrong."""

    stages: list[dict[str, Any]]
    outputs: list[Output]
    problems: list[str]


def read_lock(document: Any, path: str, folder: str, declared: Declared | None) -> Locked:
    """Stages and outputs of a ``dvc.lock``, either schema. Raises :class:`AnalysisError` for one that is none."""
    top = mapping(document, "dvc.lock")
    stages = mapping(top.get("stages"), "stages") if "schema" in top else top
    found = Locked([], [], [])
    for name, body in stages.items():
        if not isinstance(body, dict):
            found.problems.append(f"The stage “{name[:100]}” is not a mapping.")
            continue
        definition = _definition(declared, name)
        wdir = definition.get("wdir") if isinstance(definition.get("wdir"), str) else ""
        deps = [read_dependency(item, folder=folder, wdir=wdir or "") for item in listed(body.get("deps"))]
        outs = []
        for item in listed(body.get("outs")):
            output = read_output(item, pointer=path, folder=folder, wdir=wdir or "", stage=name)
            if isinstance(output, str):
                found.problems.append(output)
            elif output is not None:
                found.outputs.append(output)
                role = declared.roles.get(output.path, "out") if declared else "out"
                outs.append({"path": output.path, "algorithm": output.algorithm, "oid": output.oid,
                             "is_dir": output.is_dir, "size": output.size, "role": role})  # fmt: skip
        found.stages.append(
            {
                "name": name,
                "file": declared.path if declared else path,
                "cmd": text_of(body.get("cmd")),
                "desc": text_of(definition.get("desc")),
                "template": definition.get("template", ""),
                "resolved": True,
                "deps": [dep for dep in deps if dep],
                "outs": outs,
                "params": body.get("params") if isinstance(body.get("params"), dict) else {},
            }
        )
    return found


def _definition(declared: Declared | None, name: str) -> dict[str, Any]:
    """The declaration that a locked stage was made from: ``train@0`` from the template ``train``."""
    if declared is None:
        return {}
    return declared.stages.get(name) or declared.stages.get(name.partition("@")[0]) or {}


def declared_stages(declared: Declared, locked: set[str], folder: str) -> list[dict[str, Any]]:
    """The stages that no lock resolves, as they are declared, templates and all."""
    bases = {name.partition("@")[0] for name in locked}
    found = []
    for name, stage in declared.stages.items():
        if name in locked or (stage["template"] and name in bases):
            continue
        wdir = stage.get("wdir") if isinstance(stage.get("wdir"), str) else ""
        found.append(
            {
                "name": name,
                "file": declared.path,
                "cmd": text_of(stage.get("cmd")),
                "desc": text_of(stage.get("desc")),
                "template": stage["template"],
                "resolved": False,
                "deps": [{"path": path} for path, _ in _paths(stage.get("deps"), folder, wdir or "")],
                "outs": [
                    {"path": path, "role": role}
                    for key, role in _ROLES
                    for path, _ in _paths(stage.get(key), folder, wdir or "")
                ],
                "params": {},
            }
        )
    return found


def _paths(entries: Any, folder: str, wdir: str) -> list[tuple[str, dict[str, Any]]]:
    named = (_named(entry) for entry in listed(entries))
    found = ((inside(folder, wdir, name), flags) for name, flags in named if name)
    return [(path, flags) for path, flags in found if path]


def text_of(value: Any) -> str:
    """A command or description as one text: ``cmd`` may be a list of lines."""
    lines = [item for item in listed(value) if isinstance(item, str)]
    return "\n".join(lines)[:MAX_TEXT]
