"""A small real project for the browser tests: code by ``git push``, data by HTTP as DVC sends it, runs by an MLflow client."""

import base64
import hashlib
import json
import os
import random
import subprocess
import sys
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

README = """# Harvest

Which field gives the most? A *small* project.

- [the training script](src/train.py)
- `data/harvest.csv` is in git, `data/raw.csv` is tracked by DVC

| field | yield |
|-------|------:|
| north | 4.2   |
"""
TRAIN = '''"""Trains nothing, on purpose."""


def main(rate: float = 0.1) -> float:
    # A comment, a number and a string to highlight.
    print("training", rate)
    return rate * 2


if __name__ == "__main__":
    main()
'''
TRACK = """
import mlflow, random, sys, time
from mlflow.entities import Metric
from mlflow.tracking import MlflowClient
mlflow.set_experiment("harvest")
for seed in (1, 2, 3):
    for model in ("forest", "linear"):
        random.seed(seed)
        with mlflow.start_run(run_name=f"{model}-{seed}") as run:
            mlflow.log_params({"model": model, "seed": seed, "depth": 4})
            mlflow.set_tag("mlflow.source.git.commit", sys.argv[1])
            base = 1.0 if model == "linear" else 0.7
            now = int(time.time() * 1000)
            points = [Metric("loss", base / (step + 1) + random.random() / 20, now + step * 100, step) for step in range(40)]
            MlflowClient().log_batch(run.info.run_id, metrics=points)
            mlflow.log_metric("accuracy", (0.8 if model == "linear" else 0.9) + random.random() / 50)
            mlflow.log_text("notes", "reports/notes.txt")
"""


@dataclass(frozen=True)
class Seeded:
    """What was made: the project's path, the newest commit."""

    path: str
    commit: str


def harvest(rows: int, shift: float, fields: tuple[str, ...], seed: int) -> str:
    """A CSV with numbers, categories and missing values; ``shift`` moves the numbers."""
    source = random.Random(seed)
    lines = [["rain", "sun", "field", "yield"]]
    for _ in range(rows):
        sun = "" if source.random() < 0.02 else f"{source.gauss(20, 3):.2f}"
        lines.append(
            [f"{source.gauss(50 + shift, 10):.2f}", sun, source.choice(fields), f"{source.gauss(4, 1):.3f}"]
        )
    return "\n".join(",".join(line) for line in lines) + "\n"


def _git(folder: Path, *arguments: str) -> str:
    environment = {
        **os.environ,
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_TERMINAL_PROMPT": "0",
        **{
            f"GIT_{who}_{what}": value
            for who in ("AUTHOR", "COMMITTER")
            for what, value in (("NAME", "Wanda"), ("EMAIL", "wanda@example.org"))
        },
    }
    done = subprocess.run(
        ["git", *arguments], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def _send(url: str, user: str, token: str, data: bytes, method: str, kind: str) -> None:
    basic = base64.b64encode(f"{user}:{token}".encode()).decode()
    request = urllib.request.Request(
        url, data, {"Authorization": f"Basic {basic}", "Content-Type": kind}, method=method
    )
    with urllib.request.urlopen(request, timeout=60) as answer:
        assert answer.status < 300


def seed(url: str, user: str, token: str, folder: Path, name: str = "harvest") -> Seeded:
    """Create ``user/harvest`` and fill it: three commits with tags v1 and v2, one DVC-tracked file, six runs."""
    _send(
        f"{url}/api/v1/user/repos",
        user,
        token,
        json.dumps({"name": name, "private": True, "description": "Fields and rain"}).encode(),
        "POST",
        "application/json",
    )
    path = f"/{user}/{name}"
    parts = urlsplit(url)
    remote = urlunsplit((parts.scheme, f"{user}:{token}@{parts.netloc}", f"{path}.git", "", ""))
    _git(folder, "init", "-q", "-b", "main")
    (folder / "src").mkdir()
    (folder / "data").mkdir()
    (folder / "README.md").write_text(README, encoding="utf-8")
    (folder / "src/train.py").write_text(TRAIN, encoding="utf-8")
    fields = [("north", "south"), ("north", "south", "east")]
    for number, (shift, known) in enumerate(zip((0.0, 12.0), fields, strict=True), 1):
        (folder / "data/harvest.csv").write_text(harvest(2000, shift, known, number), encoding="utf-8")
        raw = harvest(300, shift, known, number + 10).encode()
        md5 = hashlib.md5(raw).hexdigest()
        (folder / "data/raw.csv.dvc").write_text(
            f"outs:\n- md5: {md5}\n  size: {len(raw)}\n  hash: md5\n  path: raw.csv\n", encoding="utf-8"
        )
        (folder / "data/.gitignore").write_text("/raw.csv\n", encoding="utf-8")
        _git(folder, "add", ".")
        _git(folder, "commit", "-q", "-m", f"Harvest of year {number}")
        _git(folder, "tag", f"v{number}")
        _send(
            f"{url}{path}.dvc/files/md5/{md5[:2]}/{md5[2:]}",
            user,
            token,
            raw,
            "PUT",
            "application/octet-stream",
        )
    (folder / "src/train.py").write_text(TRAIN.replace("rate * 2", "rate * 3"), encoding="utf-8")
    _git(folder, "commit", "-q", "-am", "Train harder")
    _git(folder, "push", "-q", remote, "main", "v1", "v2")
    commit = _git(folder, "rev-parse", "HEAD")
    environment = {
        **os.environ,
        "MLFLOW_TRACKING_URI": f"{url}{path}.mlflow",
        "MLFLOW_TRACKING_USERNAME": user,
        "MLFLOW_TRACKING_PASSWORD": token,
    }
    done = subprocess.run(
        [sys.executable, "-c", TRACK, commit],
        env=environment,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return Seeded(path, commit)
