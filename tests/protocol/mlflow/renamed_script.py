"""Run by an unmodified MLflow client; the tracking URI is a former name of the project. Gives the run's id."""

import sys
from pathlib import Path

import mlflow

if sys.argv[1:] == ["begin"]:
    mlflow.set_experiment("moved")
    with mlflow.start_run() as run:
        mlflow.log_metric("loss", 1.0)
        Path("note.txt").write_text("before")
        mlflow.log_artifact("note.txt")
    print(run.info.run_id)
else:
    with mlflow.start_run(run_id=sys.argv[1]):
        mlflow.log_metric("loss", 0.5)
        Path("later.txt").write_text("after")
        mlflow.log_artifact("later.txt")
    names = sorted(item.path for item in mlflow.artifacts.list_artifacts(run_id=sys.argv[1]))
    text = Path(mlflow.artifacts.download_artifacts(run_id=sys.argv[1], artifact_path="note.txt")).read_text()
    print(names, text, mlflow.get_run(sys.argv[1]).data.metrics["loss"])
