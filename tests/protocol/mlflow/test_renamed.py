"""A training goes on while its project and its owner get other names: the client keeps its tracking URI and user name."""

import os
import subprocess
from pathlib import Path

import pytest

from tests.fixtures.instance import Instance
from tests.protocol.clients import client_python
from tests.protocol.mlflow.test_clients import create_project

SCRIPT = Path(__file__).with_name("renamed_script.py")
_RENAME = """
from ropewalk.accounts import owner_names
from ropewalk.projects import services
from ropewalk.projects.standing import find
project = find({owner!r}, "before", None)[0]
services.rename_project(project_id=project.id, name="after")
owner_names.rename_owner(owner_id=project.owner_id, name={owner!r} + "-too")
"""


@pytest.mark.timeout(900)  # the environment is made at first use
def test_runs_and_artifacts_by_the_old_address(instance: Instance, tmp_path: Path) -> None:
    person = instance.user("moving")
    uri = create_project(instance, person, "before")
    kept = {
        name: value for name, value in os.environ.items() if not name.startswith(("MLFLOW_", "ROPEWALK_"))
    }
    environment = {
        **kept,
        "MLFLOW_TRACKING_USERNAME": person[0],
        "MLFLOW_TRACKING_PASSWORD": person[2],
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "HOME": str(tmp_path),
    }

    def run(address: str, *arguments: str) -> str:
        done = subprocess.run(
            [client_python("mlflow3"), SCRIPT, *arguments],
            cwd=tmp_path,
            env={**environment, "MLFLOW_TRACKING_URI": address},
            capture_output=True,
            text=True,
            timeout=600,
            check=False,
        )
        assert done.returncode == 0, f"{done.stdout[-2000:]}\n{done.stderr[-4000:]}\n{instance.tail(20)}"
        return next(line for line in done.stdout.splitlines() if not line.startswith(("🏃", "🧪"))).strip()

    number = run(uri, "begin")
    instance.manage("shell", "-c", _RENAME.format(owner=person[0]))
    expected = "['later.txt', 'note.txt'] before 0.5"
    assert run(uri, number) == expected
    assert run(f"{instance.url}/moving-too/after.mlflow", number) == expected
