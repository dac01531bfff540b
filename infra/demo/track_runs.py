"""Track the demo's runs with an ordinary MLflow client. Runs in the demo's tool environment, in demo-writer's clone.

``python track_runs.py CLONE PROJECT_URL``: MLFLOW_TRACKING_URI and the credentials come from the environment. Each run has a tag
``demo.key``; a key that is there in a finished state is left alone, one that an interrupted demo left running is done again.
"""

import io
import json
import multiprocessing
import subprocess
import sys
import traceback
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import dvc.api
import matplotlib.figure
import mlflow
import mlflow.data
import mlflow.sklearn
import pandas as pd
import yaml
from mlflow.entities import DatasetInput, InputTag, Metric, Param, Run, RunTag
from sklearn.metrics import ConfusionMatrixDisplay

EXPERIMENT = "cultivar"
MODEL = "wine-cultivar"
VERSIONS = ("v1", "v2", "v3")
SEEDS = (0, 1, 2)
GRID = {"linear": ("alpha", (0.0001, 0.01)), "boosting": ("max_depth", (2, 3))}
MINUTE = 60_000
CLIENT = mlflow.MlflowClient()


@dataclass(frozen=True)
class Version:
    """A commit with its data. ``digests`` are the md5 sums by which DVC knows the two tables."""

    name: str
    commit: str
    committed_ms: int
    settings: dict[str, Any]
    train: pd.DataFrame
    test: pd.DataFrame
    digests: dict[str, str]


@dataclass(frozen=True)
class Plan:
    """One run to be made. ``minutes`` after the version's commit it starts."""

    version: str
    family: str
    seed: int
    change: dict[str, float] = field(default_factory=dict)
    minutes: int = 0
    parent: str = ""

    @property
    def key(self) -> str:
        """What identifies the run among all of the demo's."""
        changed = ",".join(f"{name}={value:g}" for name, value in self.change.items())
        return "/".join(
            [self.version, self.family, changed, f"seed{self.seed}", *(["search"] if self.parent else [])]
        )

    @property
    def name(self) -> str:
        """What people see in the table."""
        return "-".join(
            [self.family, *(f"{name}{value:g}" for name, value in self.change.items()), f"seed{self.seed}"]
        )


def read_version(clone: Path, name: str) -> Version:
    """Code facts by git, data by DVC: from its cache, or from the remote where the cache has it not."""

    def git(*arguments: str) -> str:
        return subprocess.run(
            ["git", *arguments], cwd=clone, capture_output=True, text=True, check=True
        ).stdout.strip()

    def table(part: str) -> pd.DataFrame:
        path = f"data/prepared/{part}.parquet"
        return pd.read_parquet(io.BytesIO(dvc.api.read(path, repo=str(clone), rev=name, mode="rb")))

    outs = yaml.safe_load(git("show", f"{name}:dvc.lock"))["stages"]["prepare"]["outs"]
    return Version(
        name=name,
        commit=git("rev-parse", f"{name}^{{commit}}"),
        committed_ms=int(git("log", "-1", "--format=%ct", name)) * 1000,
        settings=yaml.safe_load(git("show", f"{name}:params.yaml"))["train"],
        train=table("train"),
        test=table("test"),
        digests={Path(out["path"]).stem: out["md5"] for out in outs},
    )


class Versions(dict[str, Version]):
    """Reads a version when it is first asked for: a repeated demo asks for none."""

    def __init__(self, clone: Path) -> None:
        super().__init__()
        self.clone = clone

    def __missing__(self, name: str) -> Version:
        """Read it and keep it."""
        self[name] = read_version(self.clone, name)
        return self[name]

    def read(self, names: set[str]) -> None:
        """Read now what forked processes shall find."""
        for name in names:
            self.setdefault(name, read_version(self.clone, name))


def plans() -> list[Plan]:
    """Two families, two settings of each and three seeds for each version: 36 runs."""
    made = []
    for version in VERSIONS:
        for family, (knob, values) in GRID.items():
            made += [Plan(version, family, seed, {knob: value}) for value in values for seed in SEEDS]
    return [replace(plan, minutes=20 + 9 * (number % 12)) for number, plan in enumerate(made)]


class Tracker:
    """Logs runs into one experiment. ``models`` is the project's own module."""

    def __init__(self, project_url: str, experiment_id: str, versions: Versions, models: Any) -> None:
        self.project_url = project_url
        self.experiment_id = experiment_id
        self.versions = versions
        self.models = models

    def tags(self, plan: Plan) -> dict[str, str]:
        """What every run says about where it comes from."""
        tags = {
            "demo.key": plan.key,
            "mlflow.source.git.commit": self.versions[plan.version].commit,
            "mlflow.source.git.branch": "main",
            "mlflow.source.git.repoURL": f"{self.project_url}.git",
            "mlflow.source.name": "src/experiment.py",
            "mlflow.source.type": "LOCAL",
            "mlflow.user": "demo-writer",
            "data.version": plan.version,
            "family": plan.family,
        }
        return tags | ({"mlflow.parentRunId": plan.parent} if plan.parent else {})

    def start(self, plan: Plan, name: str = "") -> tuple[Run, int]:
        """Open a run some minutes after its commit; returns it and its start in milliseconds."""
        started = self.versions[plan.version].committed_ms + plan.minutes * MINUTE
        return CLIENT.create_run(self.experiment_id, started, self.tags(plan), name or plan.name), started

    def log(self, plan: Plan) -> str:
        """Train, and log everything that a run can have; returns the run's id."""
        version = self.versions[plan.version]
        settings = version.settings[plan.family] | plan.change
        run, started = self.start(plan)
        run_id = run.info.run_id
        params = {
            "family": plan.family,
            "seed": plan.seed,
            "features": version.train.shape[1] - 1,
            **settings,
        }
        CLIENT.log_batch(run_id, params=[Param(name, str(value)) for name, value in params.items()])
        CLIENT.log_inputs(
            run_id,
            datasets=[
                self.dataset(version, "train", "training"),
                self.dataset(version, "test", "evaluation"),
            ],
        )
        fitted = self.models.fit(plan.family, version.train, settings, plan.seed)
        curve = [
            Metric(name, value, started + 700 * step, step)
            for step, row in enumerate(fitted.history)
            for name, value in row.items()
        ]
        ended = started + 700 * len(fitted.history) + 4000
        final = [
            Metric(name, value, ended, 0)
            for name, value in self.models.scores(fitted.pipeline, version.test).items()
        ]
        CLIENT.log_batch(run_id, metrics=curve + final)
        self.artifacts(run_id, fitted.pipeline, version)
        CLIENT.set_terminated(run_id, "FINISHED", ended)
        return str(run_id)

    def dataset(self, version: Version, part: str, context: str) -> DatasetInput:
        """The table as an input, known by the md5 under which DVC stores it."""
        source = f"{self.project_url}/raw/{version.name}/data/prepared/{part}.parquet"
        table = version.train if part == "train" else version.test
        known = mlflow.data.from_pandas(
            table, source=source, name=f"wine-{part}", digest=version.digests[part], targets="cultivar"
        )
        return DatasetInput(known._to_mlflow_entity(), [InputTag("mlflow.data.context", context)])

    def artifacts(self, run_id: str, pipeline: Any, version: Version) -> None:
        """A figure, a table and a text."""
        x, y = version.test.drop(columns="cultivar"), version.test["cultivar"]
        figure = matplotlib.figure.Figure(figsize=(4.6, 4))
        ConfusionMatrixDisplay.from_predictions(
            y, pipeline.predict(x), ax=figure.subplots(), cmap="Blues", colorbar=False
        )
        figure.tight_layout()
        CLIENT.log_figure(run_id, figure, "confusion_matrix.png")
        CLIENT.log_text(run_id, f"{pipeline}\n", "pipeline.txt")
        CLIENT.log_dict(
            run_id, {"labels": list(pipeline.classes_), "features": list(x.columns)}, "schema.json"
        )

    def search(self, version: str = "v2") -> None:
        """A nested set: a parent that tries learning rates and keeps the best one's score."""
        parent = Plan(version, "boosting", 0, {}, 150)
        run, started = self.start(parent, "boosting learning-rate search")
        tried = {}
        for number, rate in enumerate((0.02, 0.05, 0.2, 0.4)):
            child = Plan(version, "boosting", 0, {"learning_rate": rate}, 151 + 3 * number, run.info.run_id)
            tried[rate] = CLIENT.get_run(self.log(child)).data.metrics["accuracy"]
        best = max(tried, key=lambda rate: tried[rate])
        ended = started + 16 * MINUTE
        CLIENT.log_batch(
            run.info.run_id,
            metrics=[Metric("accuracy", tried[best], ended, 0)],
            params=[Param("best_learning_rate", str(best)), Param("tried", str(list(tried)))],
            tags=[RunTag("mlflow.note.content", f"Four learning rates; {best} was the best.")],
        )
        CLIENT.set_terminated(run.info.run_id, "FINISHED", ended)

    def failure(self, failing: Plan) -> None:
        """A run that really fails, and says why in an artifact."""
        run, started = self.start(failing)
        params = {"family": failing.family, "seed": failing.seed, **failing.change}
        CLIENT.log_batch(run.info.run_id, params=[Param(name, str(value)) for name, value in params.items()])
        version = self.versions[failing.version]
        try:
            settings = version.settings[failing.family] | failing.change
            self.models.fit(failing.family, version.train, settings, failing.seed)
        except ValueError:
            CLIENT.log_text(run.info.run_id, traceback.format_exc(), "error.txt")
            CLIENT.set_terminated(run.info.run_id, "FAILED", started + 2100)
        else:
            raise RuntimeError("The run that shows a failure did not fail.")


TRACKERS: dict[str, Tracker] = {}


def _log(plan: Plan) -> str:
    return TRACKERS["this"].log(plan)


def finished_keys(experiment_id: str) -> dict[str, str]:
    """Key → run id of what is there. A run that was interrupted is deleted."""
    found = {}
    for run in CLIENT.search_runs([experiment_id], max_results=1000):
        key = run.data.tags.get("demo.key")
        if key and run.info.status == "RUNNING":
            CLIENT.delete_run(run.info.run_id)
        elif key:
            found[key] = run.info.run_id
    return found


def register(tracker: Tracker, keys: dict[str, str]) -> None:
    """Log the best boosting model of v2 and of v3 and register them: the champion and its challenger."""
    try:
        known = {each.tags.get("data.version") for each in CLIENT.search_model_versions(f"name='{MODEL}'")}
    except mlflow.MlflowException:
        known = set()
    for version, alias in (("v2", "champion"), ("v3", "challenger")):
        if version in known:
            continue
        choice = [plan for plan in plans() if plan.version == version and plan.family == "boosting"]
        runs = {plan.key: CLIENT.get_run(keys[plan.key]) for plan in choice}
        best = max(choice, key=lambda plan: runs[plan.key].data.metrics["accuracy"])
        run, data = runs[best.key], tracker.versions[version]
        fitted = tracker.models.fit(
            "boosting", data.train, data.settings["boosting"] | best.change, best.seed
        )
        x = data.test.drop(columns="cultivar").head(50)
        with mlflow.start_run(run_id=run.info.run_id):
            logged = mlflow.sklearn.log_model(
                fitted.pipeline,
                name="model",
                signature=mlflow.models.infer_signature(x, fitted.pipeline.predict(x)),
                pip_requirements=["scikit-learn", "pandas"],
                registered_model_name=MODEL,
                serialization_format="cloudpickle",
            )
        CLIENT.set_terminated(run.info.run_id, "FINISHED", run.info.end_time)
        number = logged.registered_model_version
        CLIENT.set_model_version_tag(MODEL, number, "data.version", version)
        CLIENT.set_registered_model_alias(MODEL, alias, number)
        print(f"» registered {MODEL} version {number} as {alias}", flush=True)


def main() -> None:
    """Make what is missing, with two processes."""
    clone, project_url = Path(sys.argv[1]), sys.argv[2]
    sys.path.insert(0, str(clone / "src"))
    import models

    experiment_id = mlflow.set_experiment(EXPERIMENT).experiment_id
    versions = Versions(clone)
    tracker = TRACKERS["this"] = Tracker(project_url, experiment_id, versions, models)
    there = finished_keys(experiment_id)
    missing = [plan for plan in plans() if plan.key not in there]
    if missing:
        versions.read({plan.version for plan in missing})
        # Forked after the slow imports and reads: `_log` finds the tracker in the copied memory.
        with multiprocessing.get_context("fork").Pool(2) as pool:
            for number, run_id in enumerate(pool.imap(_log, missing), 1):
                there[missing[number - 1].key] = run_id
                if number % 6 == 0 or number == len(missing):
                    print(f"» {number} of {len(missing)} runs", flush=True)
    if Plan("v2", "boosting", 0).key not in there:
        for child in CLIENT.search_runs([experiment_id], "tags.`demo.key` LIKE '%/search'"):
            CLIENT.delete_run(child.info.run_id)  # of a search that was interrupted
        tracker.search()
    failing = Plan("v3", "boosting", 0, {"max_depth": 0}, 140)  # a tree needs a depth of one
    if failing.key not in there:
        tracker.failure(failing)
    register(tracker, there)
    runs = {plan.key: there[plan.key] for plan in plans()}
    print(json.dumps({"experiment_id": experiment_id, "runs": runs, "made": len(missing)}))


if __name__ == "__main__":
    main()
