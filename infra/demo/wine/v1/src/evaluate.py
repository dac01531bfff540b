"""Stage 3: score the model on the test rows; write metrics.json and the points of the confusion matrix."""

import json
from pathlib import Path

import joblib
import pandas as pd
from models import TARGET, scores

if __name__ == "__main__":
    pipeline = joblib.load("models/model.joblib")
    test = pd.read_parquet("data/prepared/test.parquet")
    measured = {name: round(value, 5) for name, value in scores(pipeline, test).items()}
    Path("metrics.json").write_text(json.dumps({**measured, "test_rows": len(test)}, indent=2) + "\n")
    pairs = pd.DataFrame({"actual": test[TARGET], "predicted": pipeline.predict(test.drop(columns=TARGET))})
    pairs.to_csv("plots/confusion.csv", index=False)
    print(measured)
