"""Track one run: `python src/experiment.py --family boosting --seed 3`.

Set MLFLOW_TRACKING_URI, MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD first (the project's Connect box shows them).
"""

import argparse
import subprocess
from pathlib import Path

import mlflow
import pandas as pd
import yaml
from models import FAMILIES, fit, scores

if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--family", choices=FAMILIES, default="boosting")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    settings = yaml.safe_load(Path("params.yaml").read_text())["train"][options.family]
    train, test = (pd.read_parquet(f"data/prepared/{part}.parquet") for part in ("train", "test"))
    commit = subprocess.run(
        ["git", "rev-parse", "HEAD"], capture_output=True, text=True, check=True
    ).stdout.strip()

    mlflow.set_experiment("cultivar")
    with mlflow.start_run(
        run_name=f"{options.family}-seed{options.seed}", tags={"mlflow.source.git.commit": commit}
    ) as run:
        mlflow.log_params({"family": options.family, "seed": options.seed, **settings})
        mlflow.log_input(mlflow.data.from_pandas(train, name="wine-train"), context="training")
        fitted = fit(options.family, train, settings, options.seed)
        for step, metrics in enumerate(fitted.history):
            mlflow.log_metrics(metrics, step=step, synchronous=False)
        mlflow.log_metrics(scores(fitted.pipeline, test))
        print("run", run.info.run_id)
