"""Each kind of job that a room declares has exactly one runner, of the same version, and the other way round."""

import importlib
import subprocess
import sys
from pathlib import Path

from ropewalk.core.jobs import JobKind
from workers.app import app
from workers.runners import RUNNERS
from workers.schedule import SCHEDULE

ROOT = Path(__file__).resolve().parents[2]


def declared_kinds() -> list[JobKind]:
    kinds = []
    for path in sorted((ROOT / "platform/ropewalk").glob("*/types.py")):
        module = importlib.import_module(f"ropewalk.{path.parent.name}.types")
        kinds += [value for value in vars(module).values() if isinstance(value, JobKind)]
    return kinds


def test_each_kind_has_one_runner_and_each_runner_a_kind():
    kinds = declared_kinds()
    assert len({kind.name for kind in kinds}) == len(kinds)
    assert {kind.name: kind for kind in kinds} == {name: runner.kind for name, runner in RUNNERS.items()}


def test_kinds_are_declared_in_types_and_nowhere_else():
    elsewhere = [
        str(path.relative_to(ROOT))
        for path in (ROOT / "platform/ropewalk").rglob("*.py")
        if path.name != "types.py"
        and path != ROOT / "platform/ropewalk/core/jobs.py"
        and "JobKind(" in path.read_text("utf-8")
    ]
    assert elsewhere == []


def test_what_beat_sends_is_known_to_the_workers():
    app.loader.init_worker()
    assert {entry["task"] for entry in SCHEDULE.values()} <= set(app.tasks)


def test_beat_loads_no_task():
    code = """
import sys
from workers.clock import app
app.loader.init_worker()
app.finalize()
assert app.conf.beat_schedule and not {"workers.runners", "workers.tasks.jobs", "numpy"} & set(sys.modules)
"""
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True)
