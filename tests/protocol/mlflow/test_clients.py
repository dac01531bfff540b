"""Unmodified MLflow clients, 2.x and the newest 3.x, against a running Ropewalk."""

import json
import os
import subprocess
import urllib.request
from base64 import b64encode
from pathlib import Path

import pytest

from tests.fixtures.instance import Instance
from tests.protocol.clients import client_python

SCRIPT = Path(__file__).with_name("client_script.py")
MEMORY_MORE_MB = 300


def create_project(instance: Instance, owner: tuple[str, str, str], name: str) -> str:
    """Make a private project through the API; its MLflow address."""
    username, _, token = owner
    request = urllib.request.Request(
        f"{instance.url}/api/v1/user/repos",
        data=json.dumps({"name": name, "private": True}).encode(),
        headers={
            "Authorization": "Basic " + b64encode(f"{username}:{token}".encode()).decode(),
            "Content-Type": "application/json",
        },
    )
    with urllib.request.urlopen(request) as answer:
        assert answer.status == 201, answer.read()
    return f"{instance.url}/{username}/{name}.mlflow"


def resident_mb(instance: Instance) -> float:
    """The largest peak of memory that a web process has had so far (VmHWM)."""
    peaks = []
    for pid in instance.pids("web"):
        status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
        peaks += [int(line.split()[1]) / 1024 for line in status.splitlines() if line.startswith("VmHWM")]
    return max(peaks)


@pytest.mark.timeout(1500)  # a loaded machine, and the environment is made at first use
@pytest.mark.parametrize("client", ["mlflow3", "mlflow2"])
def test_a_data_scientists_day(instance: Instance, tmp_path: Path, client: str) -> None:
    """One script with everything that people use, a 200 MB artifact included, in constant memory of the server."""
    python = client_python(client)
    person = instance.user("dana")
    uri = create_project(instance, person, f"day-{client}")
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith(("MLFLOW_", "ROPEWALK_"))
    }
    environment |= {
        "MLFLOW_TRACKING_URI": uri,
        "MLFLOW_TRACKING_USERNAME": person[0],
        "MLFLOW_TRACKING_PASSWORD": person[2],
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "HOME": str(tmp_path),
        "BIG_MB": "200",
    }
    idle = resident_mb(instance)
    # From an empty folder: MLflow 3 takes a uv.lock of the working folder for the model's requirements.
    done = subprocess.run(
        [python, SCRIPT],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        timeout=1200,
        check=False,
    )
    assert done.returncode == 0, f"{done.stdout[-3000:]}\n{done.stderr[-6000:]}\n{instance.tail(30)}"
    assert done.stdout.rstrip().endswith("all done")
    assert resident_mb(instance) < idle + MEMORY_MORE_MB
