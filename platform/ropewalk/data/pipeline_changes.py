"""What differs between the pipelines of two commits, and what that would run again. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ropewalk.data.changes import PathChange, ValueChange, path_changes, value_changes
from ropewalk.data.pipelines import Pipeline, PipelineStage


@dataclass(frozen=True)
class PipelineStageChange:
    """One stage that was ``added``, ``removed`` or ``changed``; ``because`` names the parts that did, in words."""

    status: str
    address: str
    old: PipelineStage | None
    new: PipelineStage | None
    deps: tuple[PathChange, ...] = ()
    outs: tuple[PathChange, ...] = ()
    params: tuple[ValueChange, ...] = ()
    metrics: tuple[ValueChange, ...] = ()

    @property
    def cmd_changed(self) -> bool:
        """Whether both sides have it with different commands."""
        return self.old is not None and self.new is not None and self.old.cmd != self.new.cmd

    @property
    def because(self) -> tuple[str, ...]:
        """``command``, ``dependencies``, ``parameters``, ``outputs``, ``metrics``: whichever differ."""
        parts = {
            "command": self.cmd_changed,
            "dependencies": self.deps,
            "parameters": self.params,
            "outputs": self.outs,
            "metrics": self.metrics,
        }
        return tuple(name for name, differs in parts.items() if differs)


@dataclass(frozen=True)
class PipelineChanges:
    """What differs since a base. ``downstream`` are addresses of stages of the new side that need a changed one."""

    base_sha: str
    stages: tuple[PipelineStageChange, ...]
    downstream: frozenset[str]

    @property
    def by_address(self) -> dict[str, PipelineStageChange]:
        """Address → change."""
        return {one.address: one for one in self.stages}


def pipeline_changes(old: Pipeline, new: Pipeline) -> PipelineChanges:
    """The stages that differ in command, dependencies, parameters, outputs or metrics."""
    before, after = old.by_address, new.by_address
    found = []
    for address in [*after, *(one for one in before if one not in after)]:
        was, now = before.get(address), after.get(address)
        if was is None or now is None:
            found.append(PipelineStageChange("added" if now else "removed", address, was, now))
            continue
        change = _changed(address, was, now)
        if change.because:
            found.append(change)
    # Other metrics alone make nobody run anything.
    causes = {one.new.number for one in found if one.new and one.because != ("metrics",)}
    below = new.below(causes)
    return PipelineChanges(
        old.commit_sha, tuple(found), frozenset(new.stages[number].address for number in below)
    )


def _changed(address: str, was: PipelineStage, now: PipelineStage) -> PipelineStageChange:
    return PipelineStageChange(
        "changed",
        address,
        was,
        now,
        deps=tuple(path_changes(was.deps, now.deps)),
        outs=tuple(path_changes(was.outs, now.outs)),
        params=tuple(value_changes(_values(was.params), _values(now.params))),
        metrics=tuple(value_changes(_values(was.metrics), _values(now.metrics))),
    )


def _values(items: Iterable[Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for item in items:
        if "value" in item:
            found.setdefault(str(item["file"]), {})[str(item["key"])] = item["value"]
    return found
