"""What makes a comparison a new one, and its result an old one."""

import hashlib
import json
from collections.abc import Sequence

from ropewalk.tracking.types import RunRow


def of_choice(run_ids: Sequence[str]) -> str:
    """The ordered choice of runs."""
    return hashlib.sha256("\n".join(run_ids).encode()).hexdigest()


def of_content(runs: Sequence[RunRow]) -> str:
    """Everything of the runs that the result shows and that can still change. Histories change with their latest values."""
    content = [
        [run.run_id, run.name, run.status, str(run.ended_at), run.params, run.user_tags]
        + [[name, repr(value)] for name, value in sorted(run.metrics.items())]
        for run in runs
    ]
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
