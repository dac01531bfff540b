"""Write data/wine.csv: one harvest's laboratory sheet.

The source is the wine recognition data of the UCI repository as scikit-learn ships it: 178 bottles, three cultivars, thirteen
chemical measurements (Forina et al., 1988). 178 rows are too few to learn much from, so each harvest is a resample: within
each cultivar bottles are drawn with replacement, and each measurement gets Gaussian noise of 0.7 of that cultivar's standard
deviation, as a second laboratory's instrument would add. `laboratory` is drawn at random and means nothing else.

`warm_year: true` makes the harvest of 2025, whose distribution has really moved: see `warm_year` below.
"""

from pathlib import Path

import numpy as np
import pandas as pd
import yaml
from sklearn.datasets import load_wine

CULTIVARS = ("barolo", "grignolino", "barbera")
NOISE = 0.7


def source() -> pd.DataFrame:
    """The 178 bottles, with the columns named for people."""
    table = load_wine(as_frame=True).frame.rename(columns={"od280/od315_of_diluted_wines": "od280_od315"})
    table["cultivar"] = [CULTIVARS[label] for label in table.pop("target")]
    return table


def harvest(rows: int, seed: int) -> pd.DataFrame:
    """So many resampled bottles; the same seed gives the same sheet."""
    random = np.random.default_rng(seed)
    bottles = source()
    drawn = bottles.iloc[random.integers(0, len(bottles), rows)].reset_index(drop=True)
    for column in bottles.columns.drop("cultivar"):
        spread = drawn["cultivar"].map(bottles.groupby("cultivar")[column].std())
        noisy = drawn[column] + NOISE * spread * random.standard_normal(rows)
        drawn[column] = noisy.clip(lower=bottles[column].min() / 2).round(0 if column == "proline" else 2)
    drawn.insert(0, "laboratory", random.choice(["north", "south"], rows, p=[0.6, 0.4]))
    drawn.insert(0, "bottle", [f"B{seed}-{number:05d}" for number in range(rows)])
    return drawn


def warm_year(sheet: pd.DataFrame, seed: int) -> pd.DataFrame:
    """A hot summer and a third laboratory.

    Riper grapes: alcohol + 0.35, malic acid x 0.8, color intensity x 1.25. A laboratory in the east takes a fifth of the
    bottles and leaves out proline in four of ten. The other columns stay as they were.
    """
    random = np.random.default_rng(seed + 1)
    moved = sheet.copy()
    moved["alcohol"] = (moved["alcohol"] + 0.35).round(2)
    moved["malic_acid"] = (moved["malic_acid"] * 0.8).round(2)
    moved["color_intensity"] = (moved["color_intensity"] * 1.25).round(2)
    east = random.random(len(moved)) < 0.2
    moved.loc[east, "laboratory"] = "east"
    moved.loc[east & (random.random(len(moved)) < 0.4), "proline"] = np.nan
    return moved


if __name__ == "__main__":
    settings = yaml.safe_load(Path("params.yaml").read_text())["harvest"]
    sheet = harvest(settings["rows"], settings["seed"])
    if settings.get("warm_year"):
        sheet = warm_year(sheet, settings["seed"])
    Path("data").mkdir(exist_ok=True)
    sheet.to_csv("data/wine.csv", index=False)
    print(f"harvest {settings['year']}: {len(sheet)} bottles")
