"""The boxes and arrows of a pipeline's drawing: stages, templates folded into one box, and the data that comes from outside."""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any

from ropewalk.data import selectors as data
from ropewalk.data.pipelines import STALE, Pipeline, PipelineStage
from ropewalk.edges.web.pipeline.layout import HEIGHT, WIDTH, lay_out
from ropewalk.edges.web.templatetags.formats import stage_mark, stage_words

MOST_BOXES = 400
MOST_SOURCES = 120
FOLDED_ABOVE = 4  # stages of one template
_WORST = ("never", "changed", "upstream", "always", "unclear", "frozen", "current")
_LONGEST_LABEL = 25
_laid = lru_cache(maxsize=64)(lay_out)  # the same graph is looked at again and again


@dataclass(frozen=True)
class Box:
    """A node. ``kind`` is ``stage``, ``group``, ``source`` or ``gone`` (only the base has it). ``url`` is where a click leads.

    ``status`` is a stage's; ``mark`` is what became of it since the base (``added``, ``changed``, ``removed``, ``downstream``).
    """

    id: str
    kind: str
    name: str
    note: str
    url: str
    status: str = ""
    mark: str = ""
    x: int = 0
    y: int = 0

    @property
    def look(self) -> str:
        """The classes that say how it is drawn."""
        names = (
            f"is-{self.kind}",
            f"at-{self.status}" if self.status else "",
            f"mark-{self.mark}" if self.mark else "",
        )
        return " ".join(filter(None, names))

    @property
    def words(self) -> str:
        """What stands below the name: what became of it since the base, and its note or state as far as there is room."""
        note = self.note
        if self.kind == "group" and self.mark:
            note = note.partition(",")[0]
        elif self.status and self.kind != "group" and self.mark != "downstream":
            note = stage_words(self.status)
        return " · ".join(filter(None, (stage_mark(self.mark), note)))

    @property
    def title(self) -> str:
        """The whole name, with the note."""
        return f"{self.name}, {self.note}" if self.note else self.name

    @property
    def inset(self) -> int:
        """How far from the left its texts begin."""
        return 18 if self.kind == "source" else 12

    @property
    def label(self) -> str:
        """The name as far as it fits, its end kept: that is where names of one group differ."""
        if len(self.name) <= _LONGEST_LABEL:
            return self.name
        return f"{self.name[:10]}…{self.name[-14:]}"


@dataclass(frozen=True)
class Drawing:
    """``boxes`` with their places, ``arrows`` as SVG paths with the boxes' ids; ``groups`` are (name, whether it is open)."""

    boxes: list[Box] = field(default_factory=list)
    arrows: list[tuple[str, str, str]] = field(default_factory=list)
    width: int = 0
    height: int = 0
    box_width: int = round(WIDTH)
    box_height: int = round(HEIGHT)
    groups: list[tuple[str, bool]] = field(default_factory=list)
    too_many: int = 0
    left_out: int = 0


@dataclass(frozen=True)
class Shown:
    """What the drawing shows: which templates are unfolded, what changed, what only the base has, where clicks lead."""

    opened: frozenset[str]
    marks: Mapping[int, str]
    gone: tuple[PipelineStage, ...]
    stage_url: Callable[[str], str]
    group_url: Callable[[str], str]
    data_url: Callable[[str], str]


def draw(pipeline: Pipeline, shown: Shown) -> Drawing:
    """The drawing, or only how many boxes it would have when they are too many to see anything."""
    sizes = Counter(stage.group for stage in pipeline.stages if stage.group)
    folded = {name for name, count in sizes.items() if count > FOLDED_ABOVE and name not in shown.opened}
    groups = [(name, name not in folded) for name, count in sizes.items() if count > FOLDED_ABOVE]
    where = {
        stage.number: f"g:{stage.group}" if stage.group in folded else f"s:{stage.number}"
        for stage in pipeline.stages
    }
    boxes = _stage_boxes(pipeline, where, shown)
    if len(boxes) > MOST_BOXES:
        return Drawing(groups=groups, too_many=len(boxes))
    arrows = {(where[need], where[stage.number]) for stage in pipeline.stages for need in stage.needs}
    sources, uses, left_out = _sources(pipeline, where, shown)
    boxes |= sources
    gone, ties = _gone(pipeline, where, shown)
    boxes |= gone
    edges = sorted({*((a, b) for a, b in arrows if a != b), *uses, *ties})
    laid = _laid(tuple(boxes), tuple(edges))
    placed = [
        replace(box, x=round(laid.places[key][0]), y=round(laid.places[key][1])) for key, box in boxes.items()
    ]
    placed.sort(key=lambda box: (box.x, box.y))
    drawn = [(a, b, path) for (a, b), path in zip(edges, laid.paths, strict=True)]
    return Drawing(placed, drawn, round(laid.width), round(laid.height), groups=groups, left_out=left_out)


def _stage_boxes(pipeline: Pipeline, where: Mapping[int, str], shown: Shown) -> dict[str, Box]:
    members: dict[str, list[PipelineStage]] = {}
    for stage in pipeline.stages:
        members.setdefault(where[stage.number], []).append(stage)
    found = {}
    for key, stages in members.items():
        first = stages[0]
        mark = next(
            (
                mark
                for one in ("added", "changed", "downstream")
                for mark in [one]
                if any(shown.marks.get(s.number) == one for s in stages)
            ),
            "",
        )
        if key.startswith("g:"):
            status = min((stage.status for stage in stages), key=_WORST.index)
            stale = sum(stage.status in STALE for stage in stages)
            note = f"{len(stages):,} stages" + (f", {stale:,} out of date" if stale else "")
            found[key] = Box(key, "group", first.group, note, shown.group_url(first.group), status, mark)
        else:
            found[key] = Box(
                key, "stage", first.address, "", shown.stage_url(first.address), first.status, mark
            )
    return found


def _sources(
    pipeline: Pipeline, where: Mapping[int, str], shown: Shown
) -> tuple[dict[str, Box], set[tuple[str, str]], int]:
    """What DVC tracks by itself, and tables in git; code is told of in the stage's own part of the page."""
    found: dict[str, Box] = {}
    uses: set[tuple[str, str]] = set()
    left_out: set[str] = set()
    for stage in pipeline.stages:
        for dep in stage.deps:
            if not _is_source(dep):
                continue
            key = f"d:{dep['path']}"
            if key not in found and len(found) >= MOST_SOURCES:
                left_out.add(key)
                continue
            note = "DVC" if dep["source"] == "dvc" else "git"
            found.setdefault(key, Box(key, "source", dep["path"], note, shown.data_url(dep["path"])))
            uses.add((key, where[stage.number]))
    return found, uses, len(left_out)


def _is_source(dep: Mapping[str, Any]) -> bool:
    return dep["source"] == "dvc" or (dep["source"] == "git" and data.is_tabular(dep["path"]))


def _gone(
    pipeline: Pipeline, where: Mapping[int, str], shown: Shown
) -> tuple[dict[str, Box], set[tuple[str, str]]]:
    """Stages that only the base has, tied to those that it made something for."""
    found, ties = {}, set()
    for stage in shown.gone[:50]:
        key = f"x:{stage.address}"
        found[key] = Box(key, "gone", stage.address, "", shown.stage_url(stage.address), "", "removed")
        made = {out["path"] for out in stage.outs}
        needed = {dep["path"] for dep in stage.deps}
        for other in pipeline.stages:
            if any(dep["path"] in made for dep in other.deps):
                ties.add((key, where[other.number]))
            if any(out["path"] in needed for out in other.outs):
                ties.add((where[other.number], key))
    return found, ties
