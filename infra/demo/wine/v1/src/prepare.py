"""Stage 1: choose the features and split into training and test rows, stratified by cultivar."""

from pathlib import Path

import pandas as pd
import yaml
from sklearn.model_selection import train_test_split

if __name__ == "__main__":
    settings = yaml.safe_load(Path("params.yaml").read_text())["prepare"]
    sheet = pd.read_csv("data/wine.csv")[[*settings["features"], "cultivar"]]
    train, test = train_test_split(
        sheet, test_size=settings["test_share"], random_state=settings["seed"], stratify=sheet["cultivar"]
    )
    target = Path("data/prepared")
    target.mkdir(parents=True, exist_ok=True)
    train.to_parquet(target / "train.parquet", index=False)
    test.to_parquet(target / "test.parquet", index=False)
    print(f"{len(train)} training and {len(test)} test rows, {sheet.shape[1] - 1} features")
