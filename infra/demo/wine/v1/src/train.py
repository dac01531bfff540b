"""Stage 2: train the chosen family and keep the model and its learning curve."""

from pathlib import Path

import joblib
import pandas as pd
import yaml
from models import fit

if __name__ == "__main__":
    settings = yaml.safe_load(Path("params.yaml").read_text())["train"]
    family = settings["family"]
    fitted = fit(family, pd.read_parquet("data/prepared/train.parquet"), settings[family], settings["seed"])
    Path("models").mkdir(exist_ok=True)
    Path("plots").mkdir(exist_ok=True)
    joblib.dump(fitted.pipeline, "models/model.joblib")
    pd.DataFrame(fitted.history).round(5).to_csv("plots/history.csv", index_label="step")
    print(f"{family}: {len(fitted.history)} steps, validation loss {fitted.history[-1]['val_loss']:.4f}")
