"""The registry: which runner computes which kind of job. A new runner is added here and nowhere else."""

from workers.runners.base import Runner
from workers.runners.maintain_repository import MaintainRepository

_ALL: list[Runner] = [MaintainRepository()]
RUNNERS: dict[str, Runner] = {runner.kind.name: runner for runner in _ALL}
