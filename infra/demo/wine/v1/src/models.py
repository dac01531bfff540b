"""The two model families, trained step by step so that their learning curves can be seen."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import GradientBoostingClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import SGDClassifier
from sklearn.metrics import accuracy_score, f1_score, log_loss
from sklearn.model_selection import train_test_split
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

TARGET = "cultivar"
FAMILIES = ("linear", "boosting")


@dataclass(frozen=True)
class Fitted:
    """A trained pipeline and, for each step, its losses and its accuracy on held-out training rows."""

    pipeline: Pipeline
    history: list[dict[str, float]]


def preprocessing(table: pd.DataFrame) -> ColumnTransformer:
    """Numbers: median for missing, then standardized. Words: one column for each known word."""
    numeric = list(table.select_dtypes("number").columns)
    words = [column for column in table.columns if column not in numeric]
    return ColumnTransformer(
        [
            ("numbers", make_pipeline(SimpleImputer(strategy="median"), StandardScaler()), numeric),
            ("words", OneHotEncoder(handle_unknown="ignore", sparse_output=False), words),
        ]
    )


def cross_entropy(chance: np.ndarray, truth: np.ndarray) -> float:
    """Mean negative log of the chance that was given to the true class (its number), in nats."""
    return float(-np.log(chance[np.arange(len(truth)), truth].clip(1e-12)).mean())


def fit(family: str, table: pd.DataFrame, settings: dict[str, float], seed: int) -> Fitted:
    """Train one model on four fifths of the table and watch it on the last fifth."""
    learn, watch = train_test_split(table, test_size=0.2, random_state=seed, stratify=table[TARGET])
    prepare = preprocessing(table.drop(columns=TARGET))
    x, y = prepare.fit_transform(learn.drop(columns=TARGET)), learn[TARGET]
    x_watch, y_watch = prepare.transform(watch.drop(columns=TARGET)), watch[TARGET]
    labels = sorted(table[TARGET].unique())
    truth, truth_watch = (np.searchsorted(labels, side) for side in (y, y_watch))
    history: list[dict[str, float]] = []

    def note(chance: np.ndarray, chance_watch: np.ndarray) -> None:
        history.append(
            {
                "train_loss": cross_entropy(chance, truth),
                "val_loss": cross_entropy(chance_watch, truth_watch),
                "val_accuracy": float((chance_watch.argmax(axis=1) == truth_watch).mean()),
            }
        )

    if family == "linear":
        model = SGDClassifier(
            loss="log_loss",
            alpha=settings["alpha"],
            learning_rate="constant",
            eta0=settings["eta0"],
            random_state=seed,
        )
        for _ in range(int(settings["epochs"])):
            model.partial_fit(x, y, classes=labels)
            note(model.predict_proba(x), model.predict_proba(x_watch))
    elif family == "boosting":
        model = GradientBoostingClassifier(
            n_estimators=int(settings["stages"]),
            max_depth=int(settings["max_depth"]),
            learning_rate=settings["learning_rate"],
            subsample=0.5,
            max_features="sqrt",
            random_state=seed,
        ).fit(x, y)
        for train_chance, watch_chance in zip(
            model.staged_predict_proba(x), model.staged_predict_proba(x_watch), strict=True
        ):
            note(train_chance, watch_chance)
    else:
        raise ValueError(f"The family is one of {', '.join(FAMILIES)}, not {family!r}.")
    return Fitted(Pipeline([("prepare", prepare), ("model", model)]), history)


def scores(pipeline: Pipeline, table: pd.DataFrame) -> dict[str, float]:
    """How good a trained pipeline is on rows that it has not seen."""
    x, y = table.drop(columns=TARGET), table[TARGET]
    guess = pipeline.predict(x)
    return {
        "accuracy": float(accuracy_score(y, guess)),
        "f1_macro": float(f1_score(y, guess, average="macro")),
        "log_loss": float(log_loss(y, pipeline.predict_proba(x), labels=list(pipeline.classes_))),
    }
