"""A stage as ``dvc.yaml`` declares it, its templates filled in."""

from dataclasses import dataclass, field
from typing import Any

from workers.analysis.errors import AnalysisError
from workers.analysis.pipelines.templates import Context, Load, expand, fill, read_vars
from workers.analysis.pointers.paths import folder_of, inside
from workers.analysis.pointers.pipeline import listed, mapping, text_of

MAX_PATHS = 10_000  # of one stage
MAX_ALL_PATHS = 200_000  # of one file, templates written out
_ROLES = (("outs", "out"), ("metrics", "metric"), ("plots", "plot"))
_PROPS = ("x", "y", "x_label", "y_label", "title", "template", "header")


@dataclass
class Declared:
    """A stage. ``base`` is the template's name where ``template`` is ``foreach`` or ``matrix``.

    ``outs`` is path → role and whether DVC keeps it (``cache``); ``params`` is file → keys, None for the whole file. ``unclear``
    says why its templates could not be filled in: then it is one stage with the texts as they are written.
    """

    name: str
    file: str
    base: str = ""
    template: str = ""
    line: int = 0
    cmd: str = ""
    desc: str = ""
    wdir: str = ""
    frozen: bool = False
    always: bool = False
    unclear: str = ""
    deps: list[str] = field(default_factory=list)
    outs: dict[str, dict[str, Any]] = field(default_factory=dict)
    params: dict[str, list[str] | None] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)


def declared_stages(document: Any, path: str, load: Load, lines: dict[str, int]) -> list[Declared]:
    """All stages of a ``dvc.yaml``. Raises :class:`AnalysisError` for one that is no pipeline."""
    folder, top = folder_of(path), mapping(document, "dvc.yaml")
    unclear = ""
    try:
        context = read_vars(top.get("vars"), folder, load, default=True)
    except AnalysisError as error:
        context, unclear = {}, error.message
    found: list[Declared] = []
    for name, definition in mapping(top.get("stages"), "stages").items():
        whole = mapping(definition, f"stages.{name[:100]}")
        template = next((word for word in ("foreach", "matrix") if word in whole), "")
        try:
            made = _made(name, whole, path, context, load)
        except AnalysisError as error:
            body = whole.get("do") if isinstance(whole.get("do"), dict) else whole
            made = [_plain(name, body or {}, path, folder, unclear or error.message)]
        for stage in made:
            stage.base, stage.template, stage.line = (name if template else ""), template, lines.get(name, 0)
        found.extend(made)
    return found


def _made(name: str, whole: dict[str, Any], path: str, context: Context, load: Load) -> list[Declared]:
    """The stages that one entry stands for. Raises :class:`AnalysisError` when they would be too many."""
    made: list[Declared] = []
    room = MAX_ALL_PATHS
    for one, body, local in expand(name, whole, context):
        stage = _stage(one, body, path, local, load)
        room -= len(stage.deps) + len(stage.outs)
        if room < 0:
            raise AnalysisError(
                "too_large", f"Its stages have more than {MAX_ALL_PATHS:,} dependencies and outputs together."
            )
        made.append(stage)
    return made


def _stage(name: str, body: dict[str, Any], path: str, context: Context, load: Load) -> Declared:
    folder = folder_of(path)
    wdir = fill(body.get("wdir"), context, "wdir")
    where = inside(folder, wdir) if isinstance(wdir, str) else folder
    if body.get("vars"):
        context = {**context, **read_vars(body["vars"], where or folder, load, default=False)}
    filled = {key: fill(value, context, key) for key, value in body.items() if key != "vars"}
    return _plain(name, filled, path, where or folder if wdir else folder, "")


def _plain(name: str, body: dict[str, Any], path: str, where: str, unclear: str) -> Declared:
    stage = Declared(
        name, path, cmd=text_of(body.get("cmd")), desc=text_of(body.get("desc")), wdir=where, unclear=unclear
    )
    stage.frozen, stage.always = body.get("frozen") is True, body.get("always_changed") is True
    _add_deps(stage, body.get("deps"), where)
    for key, role in _ROLES:
        for entry in listed(body.get(key)):
            _add_out(stage, entry, role, where)
    for entry in listed(body.get("params")):
        _add_params(stage, entry, where)
    return stage


def _add_deps(stage: Declared, entries: Any, where: str) -> None:
    for entry in listed(entries)[:MAX_PATHS]:
        text = entry if isinstance(entry, str) else next(iter(entry), "") if isinstance(entry, dict) else ""
        path = inside(where, text) if text else None
        if path is not None:
            stage.deps.append(path)
        elif text:
            stage.problems.append(
                f"The dependency “{text[:200]}” lies outside the repository and is not looked at."
            )
    if len(listed(entries)) > MAX_PATHS:
        stage.problems.append(
            f"Only the first {MAX_PATHS:,} of {len(listed(entries)):,} dependencies were read."
        )


def _add_out(stage: Declared, entry: Any, role: str, where: str) -> None:
    text: Any = entry
    flags: Any = {}
    if isinstance(entry, dict) and entry:
        text, flags = next(iter(entry.items()))
    path = inside(where, text) if isinstance(text, str) else None
    if path is None:
        stage.problems.append(
            f"The output “{str(text)[:200]}” lies outside the repository and is not looked at."
        )
        return
    several = listed(flags) if isinstance(flags, list) else [flags]
    props = [{key: one[key] for key in _PROPS if key in one} for one in several if isinstance(one, dict)]
    first = next((one for one in several if isinstance(one, dict)), {})
    stage.outs[path] = {"role": role, "cache": first.get("cache") is not False, "props": props}


def _add_params(stage: Declared, entry: Any, where: str) -> None:
    files = entry if isinstance(entry, dict) else {"params.yaml": [entry]}
    for name, keys in files.items():
        path = inside(where, str(name))
        if path is None:
            stage.problems.append(f"The parameter file “{str(name)[:200]}” lies outside the repository.")
        elif keys is None:
            stage.params[path] = None
        else:
            known = stage.params.setdefault(path, [])
            if known is not None:
                known.extend(str(key) for key in listed(keys) if isinstance(key, str | int | float))
