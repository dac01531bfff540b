"""The runs, by the script that demo-writer's Python runs."""

import json
from pathlib import Path
from typing import Any

from infra.demo.console import run, say, step
from infra.demo.setting import Setting

SCRIPT = Path(__file__).with_name("track_runs.py")


def track(setting: Setting) -> dict[str, str]:
    """Track what is missing; returns the run id of each key."""
    with step("MLflow runs: two families, three seeds, three versions of the data"):
        printed = run([str(setting.tools / "python"), str(SCRIPT), str(setting.clone), setting.project_url],
                      cwd=setting.clone, environ=setting.client_environ(), what="Tracking runs", seconds=1500,
                      show="» ")  # fmt: skip
    answer: dict[str, Any] = json.loads(printed.strip().splitlines()[-1])
    say(f"  {answer['made']} new runs, {len(answer['runs'])} in the grid")
    return {str(key): str(run_id) for key, run_id in answer["runs"].items()}
