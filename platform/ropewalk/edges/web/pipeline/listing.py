"""Rows of the table of stages, and how many are in which state."""

from collections import Counter
from dataclasses import dataclass

from ropewalk.data.pipeline_changes import PipelineStageChange
from ropewalk.data.pipelines import Pipeline, PipelineStage
from ropewalk.edges.web.pipeline.asking import Asked

_ORDER = ("changed", "never", "upstream", "always", "unclear", "frozen", "current")


@dataclass(frozen=True)
class StageRow:
    """A stage of the revision, or one that only the base has; ``downstream``: a changed stage is above it."""

    stage: PipelineStage
    change: PipelineStageChange | None
    gone: bool = False
    downstream: bool = False
    above: tuple[str, ...] = ()

    @property
    def reason(self) -> str:
        """The first reason, as a sentence. ``above`` are stages that it needs and that would be run."""
        own = next(iter((*self.stage.reasons, *self.stage.unclear)), "")
        if own or not self.above:
            return own
        more = len(self.above) - 3
        named = ", ".join(self.above[:3]) + (f" and {more:,} more" if more > 0 else "")
        return f"It needs {named}, which would be run again."


def rows_of(asked: Asked, text: str = "", status: str = "") -> list[StageRow]:
    """The stages of a state with a text in name or command, in their files' order; compared, the changed ones first."""
    assert asked.pipeline is not None  # noqa: S101  # the caller asked
    changes = asked.changes.by_address if asked.changes else {}
    downstream = asked.changes.downstream if asked.changes else frozenset()
    rows = [
        StageRow(
            stage,
            changes.get(stage.address),
            downstream=stage.address in downstream,
            above=tuple(asked.pipeline.stages[number].address for number in stage.upstream),
        )
        for stage in asked.pipeline.stages
    ]
    rows += [StageRow(one.old, one, gone=True) for one in changes.values() if one.old and not one.new]
    wanted = text.strip().lower()
    if wanted:
        rows = [row for row in rows if wanted in row.stage.address.lower() or wanted in row.stage.cmd.lower()]
    if status:
        rows = [row for row in rows if row.stage.status == status and not row.gone]
    if asked.changes:
        rows.sort(key=lambda row: (row.change is None, not row.downstream))
    return rows


def counted(pipeline: Pipeline) -> list[tuple[str, int]]:
    """(state, how many stages), the ones to look at first."""
    found = Counter(stage.status for stage in pipeline.stages)
    return [(status, found[status]) for status in _ORDER if found[status]]
