"""The whole pipeline of a commit, every ``dvc.yaml`` of it together."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from workers.analysis.errors import AnalysisError
from workers.analysis.pipelines.contents import Child, Contents, Digest
from workers.analysis.pipelines.freshness import Judged, flat, judge
from workers.analysis.pipelines.graph import MAX_EDGES, Producers, ordered
from workers.analysis.pipelines.lines import stage_lines
from workers.analysis.pipelines.plots import MAX_PLOTS, live_plots, stage_plots, top_plots
from workers.analysis.pipelines.stages import Declared, declared_stages
from workers.analysis.pipelines.templates import read_vars
from workers.analysis.pointers import FileRef, read_revision
from workers.analysis.pointers.documents import read_document
from workers.analysis.pointers.paths import folder_of
from workers.analysis.pointers.pipeline import mapping

MAX_STAGES = 3000
MAX_PROBLEMS = 100
MAX_SHOWN_PATHS = 500  # dependencies, outputs and parameters of one stage, each
MAX_SHOWN_CHARS = 8 << 20  # of all their names together
MAX_METRICS = 100  # of one stage
Read = Callable[[str], bytes]


@dataclass
class _Reading:
    files: Mapping[str, FileRef]
    read: Read
    contents: Contents
    documents: dict[str, Any] = field(default_factory=dict)
    problems: list[dict[str, str]] = field(default_factory=list)

    def problem(self, path: str, message: str) -> None:
        """Note what could not be read; there is a most of them."""
        if len(self.problems) < MAX_PROBLEMS:
            self.problems.append({"path": path, "message": message})

    def load(self, path: str) -> Any:
        """A file's values; None where there is no such file. Raises :class:`AnalysisError`."""
        if path not in self.files:
            return None
        if path not in self.documents:
            self.documents[path] = read_document(self.read(path), path)
        return self.documents[path]


def read_pipeline(files: Mapping[str, FileRef], read: Read, digest: Digest, child: Child) -> dict[str, Any]:
    """Stages, plots and problems of a commit. ``files`` is its tree, ``read`` gives a file's bounded bytes.

    See :class:`~workers.analysis.pipelines.contents.Contents` for ``digest`` and ``child``.
    """
    outputs = read_revision(files, read).outputs
    reading = _Reading(files, read, Contents(files, outputs, digest, child))
    stages: list[Declared] = []
    judged: list[Judged] = []
    plots: list[dict[str, Any]] = []
    pipelines = sorted(
        path for path in files if path.rpartition("/")[2] == "dvc.yaml" and "/.dvc/" not in f"/{path}"
    )
    for path in pipelines:
        found, tops = _file(reading, path)
        if len(stages) + len(found) > MAX_STAGES:
            reading.problem(path, f"Only the first {MAX_STAGES:,} stages are shown.")
            found = found[: MAX_STAGES - len(stages)]
        locked = _locked(reading, path, {stage.name for stage in found})
        stages += found
        judged += [judge(stage, locked.get(stage.name), reading.contents, reading.load) for stage in found]
        plots += [*stage_plots(found), *tops]
    plots += live_plots(files, pipelines, plots)
    named = {
        path for plot in plots for path in (*plot["y"], *(plot["x"] if isinstance(plot["x"], dict) else ()))
    }
    sources = {path: reading.contents.named(path) for path in sorted(named)}
    return _document(reading, stages, judged, pipelines) | {"plots": plots[:MAX_PLOTS], "sources": sources}


def _file(reading: _Reading, path: str) -> tuple[list[Declared], list[dict[str, Any]]]:
    try:
        document = reading.load(path)
        text = reading.read(path).decode("utf-8-sig", "replace")
        stages = declared_stages(document, path, reading.load, stage_lines(text))
        context: dict[str, Any] = {}
        if document and document.get("plots"):
            context = read_vars(document.get("vars"), folder_of(path), reading.load, default=True)
        tops, problems = top_plots((document or {}).get("plots"), path, context)
    except AnalysisError as error:
        reading.problem(path, error.message)
        return [], []
    for message in problems:
        reading.problem(path, message)
    return stages, tops


def _locked(reading: _Reading, path: str, names: set[str]) -> dict[str, Any]:
    lock = path[: -len("dvc.yaml")] + "dvc.lock"
    try:
        top = mapping(reading.load(lock), "dvc.lock")
        found = mapping(top.get("stages"), "stages") if "schema" in top else top
    except AnalysisError as error:
        reading.problem(lock, error.message)
        return {}
    gone = [name for name in found if name not in names]
    if gone:
        shown = ", ".join(name[:60] for name in gone[:5]) + ("…" if len(gone) > 5 else "")
        reading.problem(
            lock, f"{len(gone):,} stage{'s' if len(gone) > 1 else ''} here that dvc.yaml has not: {shown}"
        )
    return found


def _document(
    reading: _Reading, stages: list[Declared], judged: list[Judged], pipelines: list[str]
) -> dict[str, Any]:
    producers = Producers([list(stage.outs) for stage in stages])
    room, from_stages = MAX_EDGES, []
    for stage in stages:
        made: dict[str, list[int]] = {}
        for path in dict.fromkeys([*stage.deps, *stage.params]):
            found = sorted(producers.of(path))[: max(room, 0)]
            room -= len(found)
            if found:
                made[path] = found
        from_stages.append(made)
    if room < 0:
        reading.problem("", f"Only the first {MAX_EDGES:,} dependencies between stages are shown.")
    for path in producers.doubled()[:5]:
        reading.problem("", f"More than one stage makes “{path}”; DVC refuses that.")
    needs = [{one for found in made.values() for one in found} - {n} for n, made in enumerate(from_stages)]
    order, circle = ordered(needs)
    circle |= {n for n, made in enumerate(from_stages) if any(n in found for found in made.values())}
    if circle:
        named = ", ".join(stages[n].name[:60] for n in sorted(circle)[:5])
        reading.problem(
            "",
            f"Stages need each other in a circle, which DVC refuses: {named}{'…' if len(circle) > 5 else ''}",
        )
    upstream = _upstream(order, needs, judged)
    most, shown = _room(stages), []
    for number, (stage, one) in enumerate(zip(stages, judged, strict=True)):
        links = from_stages[number], sorted(needs[number]), upstream[number]
        shown.append(_shown(reading, stage, one, links, most))
    for stage in stages:
        for message in stage.problems:
            reading.problem(stage.file, f"{stage.name[:100]}: {message}")
    return {"files": pipelines, "stages": shown, "circle": sorted(circle), "problems": reading.problems}


def _upstream(order: list[int], needs: list[set[int]], judged: list[Judged]) -> list[list[int]]:
    """For each stage the direct needs that would be run again, themselves or for one above them. A frozen stage ends it."""
    runs: set[int] = set()
    found: list[list[int]] = [[] for _ in needs]
    for number in order:
        found[number] = sorted(needs[number] & runs)
        status = judged[number].status
        if status in {"changed", "never", "always"} or (found[number] and status != "frozen"):
            runs.add(number)
        if found[number] and status == "current":
            judged[number].status = "upstream"
    return found


def _room(stages: list[Declared]) -> int:
    """How many paths of each stage are shown, so that the document stays small whatever the file says."""
    total = sum(len(path) for stage in stages for path in (*stage.deps, *stage.outs)) + 1
    longest = max((len(stage.deps) + len(stage.outs) for stage in stages), default=1)
    return MAX_SHOWN_PATHS if total <= MAX_SHOWN_CHARS else max(longest * MAX_SHOWN_CHARS // total // 4, 1)


def _shown(
    reading: _Reading,
    stage: Declared,
    judged: Judged,
    links: tuple[dict[str, list[int]], list[int], list[int]],
    most: int,
) -> dict[str, Any]:
    made, needs, upstream = links
    most = min(most, MAX_SHOWN_PATHS)
    facts = ("name", "base", "template", "file", "line", "cmd", "desc", "wdir", "frozen")
    return {
        **{name: getattr(stage, name) for name in facts},
        "status": judged.status,
        "reasons": judged.reasons,
        "unclear": judged.unclear[:20],
        "params": judged.params[:most],
        "deps": [_dep(path, judged, reading.contents, made) for path in stage.deps[:most]],
        "outs": [_out(path, out, judged, reading.contents) for path, out in list(stage.outs.items())[:most]],
        "metrics": _metrics(reading, stage),
        "more": [max(len(one) - most, 0) for one in (stage.deps, stage.outs, judged.params)],
        "needs": needs,
        "upstream": upstream,
    }


def _dep(path: str, judged: Judged, contents: Contents, made: dict[str, list[int]]) -> dict[str, Any]:
    """``source`` is ``stage``, ``dvc`` (a pointer file of its own), ``git`` or ``none`` (it is nowhere in the commit)."""
    ran = judged.ran.get(path, {})
    output = contents.output(path)
    pointed = output is not None and not output.stage and not contents.is_file(path)
    source = "stage" if path in made else "dvc" if pointed else "git" if contents.has(path) else "none"
    return {"path": path, "source": source, "from": made.get(path, [])[:50], **_hash(ran)}


def _out(path: str, out: dict[str, Any], judged: Judged, contents: Contents) -> dict[str, Any]:
    """``in_git``: the commit itself holds the file."""
    ran = judged.ran.get(path, {})
    flags = {"role": out["role"], "cache": out["cache"], "in_git": contents.is_file(path)}
    return {"path": path, **flags, **_hash(ran), "nfiles": ran.get("nfiles")}


def _hash(ran: dict[str, Any]) -> dict[str, Any]:
    return {"algorithm": ran.get("algorithm", ""), "oid": ran.get("oid", ""), "size": ran.get("size")}


def _metrics(reading: _Reading, stage: Declared) -> list[dict[str, Any]]:
    """The values in the metric files that git holds."""
    found: list[dict[str, Any]] = []
    for path, out in stage.outs.items():
        if out["role"] != "metric" or not reading.contents.is_file(path) or len(found) >= MAX_METRICS:
            continue
        try:
            values = flat(reading.load(path))
        except AnalysisError:  # the index of the commit says what is wrong with it
            continue
        found += [{"file": path, "key": key, "value": value} for key, value in values.items()]
    return found[:MAX_METRICS]
