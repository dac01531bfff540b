"""A commit's pipeline as a worker read it. Names, commands and paths come from untrusted repositories: text, never safe HTML."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

# Whose next ``dvc repro`` would run them.
STALE = frozenset({"changed", "never", "always", "upstream"})


@dataclass(frozen=True)
class PipelineStage:
    """A stage, its templates filled in; ``base`` is the template's name where it came from one.

    ``status`` is ``current``, ``changed``, ``never``, ``upstream`` (something above it would be run), ``always``, ``frozen`` or
    ``unclear``; ``reasons`` say why in sentences, ``unclear`` what could not be compared. ``deps``, ``outs``, ``params`` and
    ``metrics`` are dictionaries as ``workers.analysis.pipelines.document`` makes them. ``needs`` and ``upstream`` are numbers of
    stages, ``line`` counts from 1 (0: not known), ``more`` is how many deps, outs and params are left out.
    """

    number: int
    name: str
    base: str
    template: str
    file: str
    line: int
    cmd: str
    desc: str
    wdir: str
    frozen: bool
    status: str
    reasons: tuple[str, ...]
    unclear: tuple[str, ...]
    params: tuple[dict[str, Any], ...]
    deps: tuple[dict[str, Any], ...]
    outs: tuple[dict[str, Any], ...]
    metrics: tuple[dict[str, Any], ...]
    more: tuple[int, int, int]
    needs: tuple[int, ...]
    upstream: tuple[int, ...]

    @property
    def address(self) -> str:
        """What DVC calls it from the repository's top: ``train``, ``sub/dvc.yaml:train``."""
        return self.name if self.file == "dvc.yaml" else f"{self.file}:{self.name}"

    @property
    def group(self) -> str:
        """The address of the template that it came from; empty without one."""
        return "" if not self.base else self.base if self.file == "dvc.yaml" else f"{self.file}:{self.base}"


@dataclass(frozen=True)
class Pipeline:
    """All stages of a commit, of every ``dvc.yaml``. ``circle`` are numbers of stages that need each other.

    ``plots`` say what to draw, ``sources`` which content each of their files has (``git:…``, ``md5:…``, empty for none).
    """

    commit_sha: str
    files: tuple[str, ...] = ()
    stages: tuple[PipelineStage, ...] = ()
    circle: frozenset[int] = frozenset()
    problems: tuple[Mapping[str, str], ...] = ()
    plots: tuple[dict[str, Any], ...] = ()
    sources: Mapping[str, str] = field(default_factory=dict)
    waits: tuple[str, ...] = field(default=(), compare=False)

    @classmethod
    def of(cls, commit_sha: str, document: Mapping[str, Any]) -> "Pipeline":
        """From a worker's document."""
        lists = ("reasons", "unclear", "params", "deps", "outs", "metrics", "more", "needs", "upstream")
        stages = tuple(
            PipelineStage(number=number, **{**one, **{name: tuple(one[name]) for name in lists}})
            for number, one in enumerate(document["stages"])
        )
        return cls(
            commit_sha,
            files=tuple(document["files"]),
            stages=stages,
            circle=frozenset(document["circle"]),
            problems=tuple(document["problems"]),
            plots=tuple(document["plots"]),
            sources=document["sources"],
            waits=tuple(document.get("waits", ())),
        )

    @cached_property
    def by_address(self) -> dict[str, PipelineStage]:
        """Address → stage; the first of several with one."""
        found: dict[str, PipelineStage] = {}
        for stage in self.stages:
            found.setdefault(stage.address, stage)
        return found

    @cached_property
    def users(self) -> list[list[int]]:
        """For each stage the numbers of those that need it."""
        found: list[list[int]] = [[] for _ in self.stages]
        for stage in self.stages:
            for number in stage.needs:
                found[number].append(stage.number)
        return found

    def below(self, numbers: Iterable[int]) -> set[int]:
        """The stages that need any of these, directly or not, without these themselves."""
        start = set(numbers)
        found: set[int] = set()
        waiting = list(start)
        while waiting:
            for user in self.users[waiting.pop()]:
                if user not in found and user not in start:
                    found.add(user)
                    waiting.append(user)
        return found
