"""The registry: which runner computes which kind of job. A new runner is added here and nowhere else."""

from workers.runners.base import Runner

_ALL: list[Runner] = []
RUNNERS: dict[str, Runner] = {runner.kind.name: runner for runner in _ALL}
