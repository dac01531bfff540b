"""What DVC's kinds of plots show, from files as people write them and from hostile ones."""

import json
from typing import Any

import pytest

from workers.analysis.errors import AnalysisError
from workers.analysis.pipelines.plots import plot_of
from workers.analysis.pipelines.series import MAX_POINTS, Table, drawn, read_table


def shown(data: str, name: str = "a.csv", **props: Any) -> dict[str, Any]:
    plot = plot_of(name, [name], props, "dvc.yaml")
    return drawn(plot, {name: read_table(data.encode(), name, header=plot["header"])})


def test_lines_take_the_last_column_by_default():
    found = shown("step,loss\n0,3\n1,nan\n2,1\n")
    assert found["series"] == [
        {"name": "loss", "points": [[0, 3], [2, 1]], "rows": 2, "first": 3, "last": 1, "least": 1, "most": 3}
    ]
    assert shown("step\tloss\n5\t3\n", "a.tsv", x="step")["series"][0]["points"] == [[5, 3]]
    assert shown("1,2\n3,4\n", header=False)["series"][0]["points"] == [[0, 2], [1, 4]]


def test_nested_json_and_several_fields():
    text = json.dumps({"train": [{"step": 1, "a": 2, "b": 3}, {"step": 2, "a": 4, "b": 5}], "other": 7})
    found = shown(text, "a.json", x="step", y=["a", "b"])
    assert [(one["name"], one["points"]) for one in found["series"]] == [
        ("a", [[1, 2], [2, 4]]),
        ("b", [[1, 3], [2, 5]]),
    ]


def test_several_files_and_x_from_elsewhere():
    plot = plot_of(
        "roc", ["a.csv", "b.csv"], {"y": {"a.csv": "y", "b.csv": "y"}, "x": {"x.csv": "x"}}, "dvc.yaml"
    )
    tables = {
        "a.csv": Table({"y": [1.0, 2.0]}),
        "b.csv": Table({"y": [3.0, 4.0]}),
        "x.csv": Table({"x": [10.0, 20.0]}),
    }
    found = drawn(plot, tables)["series"]
    assert [(one["name"], one["points"]) for one in found] == [
        ("a.csv y", [[10, 1], [20, 2]]),
        ("b.csv y", [[10, 3], [20, 4]]),
    ]
    with pytest.raises(AnalysisError, match="different numbers of rows"):
        drawn(plot, {**tables, "x.csv": Table({"x": [1.0]})})


def test_texts_along_x_are_labels():
    found = shown("field,yield\nnorth,1\nsouth,2\nnorth,3\n", x="field", y="yield", template="scatter")
    assert found["labels"] == ["north", "south"] and found["series"][0]["points"] == [[0, 1], [1, 2], [0, 3]]


def test_confusion_counts_and_bars():
    rows = "actual,predicted\ncat,cat\ncat,dog\ndog,dog\ncat,cat\n"
    found = shown(rows, x="actual", y="predicted", template="confusion")["matrix"]
    assert found == {"columns": ["cat", "dog"], "rows": ["cat", "dog"], "counts": [[2, 0], [1, 1]]}
    bars = shown("name,value\na,1\nb,3\n", x="value", y="name", template="bar_horizontal_sorted")["bars"]
    assert bars == [{"name": "b", "value": 3}, {"name": "a", "value": 1}]


def test_a_million_points_keep_their_extremes():
    rows = "".join(f"{n},{1000 if n == 123_456 else n % 7}\n" for n in range(300_000))
    found = shown(f"x,y\n{rows}", x="x")["series"][0]
    assert (
        len(found["points"]) <= MAX_POINTS and [123_456, 1000] in found["points"] and found["rows"] == 300_000
    )


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("a.csv", "", "no rows"),
        ("a.json", "{}", "no list of rows"),
        ("a.json", "[" * 100_000, "nested deeper"),
        ("a.json", '[{"a": 1}]', "no field"),
        ("a.parquet", "", "Only CSV"),
        ("a.yaml", "a: &a [*a]", "names nothing"),
        ("a.csv", "a,b\n" + "".join(f"{n},x\n" for n in range(50)), "more than 40 classes"),
    ],
)
def test_what_cannot_be_drawn_is_said(name: str, text: str, words: str):
    template = "confusion" if "classes" in words else ""
    with pytest.raises(AnalysisError, match=words):
        shown(text, name, x="b" if name == "a.json" else "a", template=template)
