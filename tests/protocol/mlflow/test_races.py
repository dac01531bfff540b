"""Runs of one training go side by side, and log the same things at the same moment."""

import json
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import requests

from tests.fixtures.instance import Instance

RUNS = 6
ROUNDS = 12


def test_runs_at_once_may_log_the_same_dataset(instance: Instance) -> None:
    user, _, token = instance.user("racer")
    made = requests.post(
        f"{instance.url}/api/v1/user/repos", json={"name": "races"}, auth=(user, token), timeout=60
    )
    assert made.ok, made.text
    root = f"{instance.url}/{user}/races.mlflow/api/2.0/mlflow"

    def call(path: str, body: dict[str, Any]) -> dict[str, Any]:
        answer = requests.post(f"{root}/{path}", json=body, auth=(user, token), timeout=60)
        assert answer.ok, f"{answer.status_code} {answer.text}"
        return json.loads(answer.text or "{}")

    experiment = call("experiments/create", {"name": "seeds"})["experiment_id"]
    runs = [call("runs/create", {"experiment_id": experiment})["run"]["info"]["run_id"] for _ in range(RUNS)]
    together = Barrier(RUNS)
    refused: list[str] = []

    def log(run: str) -> None:
        for number in range(ROUNDS):
            dataset = {"name": "train", "digest": f"d{number}", "source_type": "code", "source": "{}"}
            together.wait(60)
            body = {"run_id": run, "datasets": [{"dataset": dataset, "tags": []}]}
            answer = requests.post(f"{root}/runs/log-inputs", json=body, auth=(user, token), timeout=60)
            if not answer.ok:
                refused.append(f"{answer.status_code} {answer.text[:200]}")

    with ThreadPoolExecutor(RUNS) as pool:
        list(pool.map(log, runs))
    assert refused == []
    for run in runs:
        answer = requests.get(f"{root}/runs/get", params={"run_id": run}, auth=(user, token), timeout=60)
        inputs = answer.json()["run"]["inputs"]["dataset_inputs"]
        assert sorted(one["dataset"]["digest"] for one in inputs) == sorted(f"d{n}" for n in range(ROUNDS)), (
            run
        )
