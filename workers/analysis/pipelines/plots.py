"""What a pipeline wants drawn: its stages' ``plots``, the ones at the top of ``dvc.yaml``, and DVCLive's folder."""

from collections.abc import Iterable
from typing import Any

from workers.analysis.errors import AnalysisError
from workers.analysis.pipelines.stages import Declared
from workers.analysis.pipelines.templates import Context, fill
from workers.analysis.pointers.paths import folder_of, inside
from workers.analysis.pointers.pipeline import listed

MAX_PLOTS = 500
TEMPLATES = {
    "linear", "simple", "scatter", "scatter_jitter", "smooth", "confusion", "confusion_normalized",
    "bar_horizontal", "bar_horizontal_sorted",
}  # fmt: skip
_LIVE = "dvclive/plots"
_TEXTS = ("title", "x_label", "y_label")


def stage_plots(stages: Iterable[Declared]) -> list[dict[str, Any]]:
    """Each ``plots`` output of a stage; several where it lists several ways to draw one file."""
    found: list[dict[str, Any]] = []
    for stage in stages:
        for path, out in stage.outs.items():
            if out["role"] == "plot":
                found += [plot_of(path, [path], props, stage.file) for props in out["props"] or [{}]]
    return found[:MAX_PLOTS]


def top_plots(entries: Any, path: str, context: Context) -> tuple[list[dict[str, Any]], list[str]]:
    """The entries of ``plots`` at the top of a ``dvc.yaml``, and what is wrong with some."""
    found, problems = [], []
    for entry in listed(entries)[:MAX_PLOTS]:
        try:
            filled = fill(entry, context)
        except AnalysisError as error:
            problems.append(f"A plot's templates could not be filled in: {error.message}")
            continue
        name, props = (
            (filled, {})
            if isinstance(filled, str)
            else next(iter(filled.items()), ("", {}))
            if isinstance(filled, dict)
            else ("", {})
        )
        plot = _top(str(name), props if isinstance(props, dict) else {}, path)
        if plot:
            found.append(plot)
        else:
            problems.append(f"The plot “{str(name)[:200]}” names no file in the repository.")
    return found, problems


def _top(name: str, props: dict[str, Any], file: str) -> dict[str, Any] | None:
    folder = folder_of(file)
    y = props.get("y")
    named = list(y) if isinstance(y, dict) else [name]
    x_files = list(props["x"]) if isinstance(props.get("x"), dict) else []
    places = {str(one): inside(folder, str(one)) for one in [*named, *x_files]}
    files = [place for one in named if (place := places[str(one)])]
    if not files:
        return None
    moved = dict(props)
    for axis in ("x", "y"):
        if isinstance(props.get(axis), dict):
            moved[axis] = {
                places[str(key)] or "": value for key, value in props[axis].items() if places[str(key)]
            }
    whole = name if isinstance(y, dict) else files[0]
    return plot_of(whole, files, moved, file)


def plot_of(name: str, files: list[str], props: dict[str, Any], defined_in: str) -> dict[str, Any]:
    """One plot. ``y`` is file → fields (empty: the last one in the file); ``x`` is a field, or file → field.

    ``template`` is one of DVC's own; ``custom`` names a template of the repository's, which is never read.
    """
    y = props.get("y")
    fields = (
        {file: _fields(y.get(file)) for file in files}
        if isinstance(y, dict)
        else {file: _fields(y) for file in files}
    )
    template = str(props.get("template") or "")
    x = props.get("x")
    return {
        "name": name[:500],
        "file": defined_in,
        "y": fields,
        "x": {str(key): str(value) for key, value in x.items() if isinstance(value, str)}
        if isinstance(x, dict)
        else x
        if isinstance(x, str)
        else "",
        "template": template if template in TEMPLATES else "linear" if not template else "",
        "custom": "" if not template or template in TEMPLATES else template[:200],
        "header": props.get("header") is not False,
        **{key: str(props[key])[:200] for key in _TEXTS if isinstance(props.get(key), str)},
    }


def _fields(value: Any) -> list[str]:
    return [str(one) for one in listed(value) if isinstance(one, str | int | float)][:50]


def live_plots(
    files: Iterable[str], pipelines: Iterable[str], known: Iterable[dict[str, Any]]
) -> list[dict[str, Any]]:
    """DVCLive's folders of plots, at the top or beside a ``dvc.yaml``, as far as no plot names anything in them."""
    named = {path for plot in known for path in plot["y"]}
    found = []
    for folder in ["", *(folder_of(path) for path in pipelines)]:
        for part, props in (("metrics", {"x": "step"}), ("images", {})):
            path = inside(folder, f"{_LIVE}/{part}") or ""
            inner = any(one.startswith(f"{path}/") for one in files)
            if inner and not any(
                f"{one}/".startswith(f"{path}/") or f"{path}/".startswith(f"{one}/") for one in named
            ):
                found.append(plot_of(path, [path], props, ""))
                named.add(path)
    return found
