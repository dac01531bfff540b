"""Diffs of notebooks: each cell of both sides is told of once, and what is told leads from the old to the new."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workers.analysis.contents import Side
from workers.analysis.contents.cells import aligned
from workers.analysis.contents.notebooks import Cell, notebook_diff
from workers.analysis.errors import AnalysisError


def code(source: str, outputs: tuple[Any, ...] = (), count: int | None = None, **more: Any) -> dict[str, Any]:
    cell = {"cell_type": "code", "source": source, "outputs": list(outputs), "metadata": {}}
    return cell | {"execution_count": count} | more


def stream(text: str) -> dict[str, Any]:
    return {"output_type": "stream", "name": "stdout", "text": text}


def image(data: str) -> dict[str, Any]:
    return {
        "output_type": "display_data",
        "data": {"image/png": data, "text/plain": "<Figure>"},
        "metadata": {},
    }


def notebook(*cells: dict[str, Any]) -> bytes:
    return json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": list(cells)}).encode()


def diff(folder: Path, old: bytes | None, new: bytes | None) -> dict[str, Any]:
    sides = []
    for name, content in (("old", old), ("new", new)):
        if content is not None:
            (folder / name).write_bytes(content)
        sides.append(Side(folder / name, "a.ipynb") if content is not None else None)
    return notebook_diff(*sides, lambda _share, _message: None)


LOAD = "import pandas as pd\n\nframe = pd.read_csv('orders.csv')\nframe.head()"
TRAIN = "model = Forest(depth=4)\nmodel.fit(frame)\nprint(model.score(frame))"
PLOT = "ax = frame.plot(x='day', y='sales')\nax.set_title('Sales by day')"


def test_each_kind_of_change_to_a_cell(tmp_path: Path):
    old = notebook(
        {"cell_type": "markdown", "source": ["# Orders\n", "All of them"], "metadata": {}},
        code(LOAD, count=1),
        code(TRAIN, (stream("0.81\n"),), 2),
        code(PLOT, (image("AAAA"),), 3),
        code("print('an old end that nobody needs')"),
    )
    new = notebook(
        code(PLOT, (image("AAAA"),), 9),
        {"cell_type": "markdown", "source": "# Orders\nAll of them", "metadata": {}},
        code(LOAD, count=7, metadata_of="x"),
        code("frame = frame[frame.sales > 0]"),
        code(TRAIN.replace("4", "8"), (stream("0.92\n"),), 8),
    )
    found = diff(tmp_path, old, new)
    rows = [row if "gap" in row else (row["status"], row["old"], row["new"]) for row in found["rows"]]
    assert rows == [
        ("moved", 4, 1),
        {"gap": 1},
        ("details", 2, 3),
        ("added", None, 4),
        ("changed", 3, 5),
        ("removed", 5, None),
    ]
    changed = found["rows"][4]
    assert changed["hunks"] == [
        [
            ["deleted", 1, None, "model = Forest(depth=4)"],
            ["added", None, 1, "model = Forest(depth=8)"],
            ["context", 2, 2, "model.fit(frame)"],
            ["context", 3, 3, "print(model.score(frame))"],
        ]
    ]
    assert changed["output_hunks"] == [[["deleted", 1, None, "0.81"], ["added", None, 1, "0.92"]]]
    ones = dict.fromkeys(("added", "removed", "changed", "moved", "details", "with_outputs"), 1)
    assert found["counts"] == {"outputs": 0, **ones}
    assert found["rows"][0]["outputs"] == [] and found["rows"][0]["details"], "only its count changed"


def test_outputs_that_are_more_than_text_are_kept_for_both_sides(tmp_path: Path):
    html = {
        "output_type": "execute_result",
        "data": {"text/html": "<b>2</b>", "text/plain": "2"},
        "execution_count": 3,
    }
    old, new = (
        code(PLOT, (image("AAAA"),)),
        code(PLOT, (image("BBBB"), html, {"output_type": "x", "data": {"application/vnd.x": 1}})),
    )
    [row] = diff(tmp_path, notebook(old), notebook(new))["rows"]
    assert row["status"] == "outputs" and row["hunks"] == []
    assert row["outputs"][0] == [{"output_type": "display_data", "data": {"image/png": "AAAA"}}]
    assert row["outputs"][1][1:] == [
        {"output_type": "display_data", "data": {"text/html": "<b>2</b>"}},
        {"omitted": "application/vnd.x: needs a script, which is not run here"},
    ]
    [large] = diff(tmp_path, notebook(old), notebook(code(PLOT, (image("A" * 4_000_000),))))["rows"]
    assert large["outputs"][1] == [{"omitted": "image/png: too large to show here"}]


SOURCES = st.lists(
    st.sampled_from(
        ["", "x", "a = 1\nb = 2", "a = 1\nb = 3", "import os\nimport sys\nprint(os)", "# title\ntext"]
    ),
    max_size=8,
)


@given(SOURCES, SOURCES, st.booleans())
@settings(max_examples=60)
def test_every_cell_is_told_of_once(old: list[str], new: list[str], ids: bool):
    sides = [
        [Cell("code", text, [], None, "", f"{number % 5}" if ids else "") for number, text in enumerate(side)]
        for side in (old, new)
    ]
    pairs = aligned(*sides, lambda _share: None)
    assert sorted(a for a, _, _ in pairs if a is not None) == list(range(len(old)))
    assert [b for _, b, _ in pairs if b is not None] == list(range(len(new)))
    assert all(a is not None or b is not None for a, b, _ in pairs)
    if old == new:
        assert pairs == [(n, n, False) for n in range(len(old))]


@pytest.mark.parametrize(
    ("content", "code_of"),
    [
        (b"", "not_a_notebook"),
        (b"[]", "not_a_notebook"),
        (b"{}", "not_a_notebook"),
        (b"<<<<<<< HEAD\n{}", "not_a_notebook"),
        (b"[" * 200_000, "not_a_notebook"),
        (b'{"cells": 3}', "not_a_notebook"),
        (notebook(*[code("")] * 5001), "too_many_cells"),
    ],
)
def test_broken_notebooks_have_words(tmp_path: Path, content: bytes, code_of: str):
    with pytest.raises(AnalysisError) as raised:
        diff(tmp_path, content, notebook(code("x")))
    assert raised.value.code == code_of


def test_odd_notebooks_are_read_as_far_as_they_go(tmp_path: Path):
    odd = {
        "cells": [
            None, 3, {"cell_type": 5, "source": {"a": 1}, "outputs": "x", "id": [1]},
            {"cell_type": "code", "source": ["a", None, 3], "outputs": [None, {"output_type": None}, {"data": {"x": {}}}]},
        ],
        "metadata": "no",
    }  # fmt: skip
    old_version = {
        "worksheets": [
            {"cells": [{"cell_type": "code", "input": "a = 1", "prompt_number": 2, "outputs": []}]}
        ]
    }
    found = diff(tmp_path, json.dumps(odd).encode(), json.dumps(old_version).encode())
    assert found["old"] == 4 and found["new"] == 1
    assert diff(tmp_path, None, json.dumps(odd).encode())["counts"]["added"] == 4


def test_large_and_unlike_notebooks_end(tmp_path: Path):
    sides = [notebook(*[code(f"{word} {n} " * 300) for n in range(300)]) for word in ("alpha", "omega")]
    found = diff(tmp_path, *sides)
    assert found["counts"]["added"] == found["counts"]["removed"] == 300
    lines = diff(tmp_path, notebook(code("a\n" * 100_000)), notebook(code("b\n" * 100_000)))
    assert sum(len(hunk) for hunk in lines["rows"][0]["hunks"]) <= 8000
