"""Pipelines of hostile and awkward commits, and what is out of date in plain ones."""

import hashlib
import json
from typing import Any

from workers.analysis.pipelines import read_pipeline
from workers.analysis.pointers import FileRef


def md5(data: bytes) -> str:
    return hashlib.md5(data).hexdigest()


def mapped(files: dict[str, str | bytes], lists: dict[str, str] | None = None) -> dict[str, Any]:
    held = {path: data if isinstance(data, bytes) else data.encode() for path, data in files.items()}
    refs = {path: FileRef(hashlib.sha1(data).hexdigest()) for path, data in held.items()}
    return read_pipeline(
        refs,
        lambda path: held[path],
        lambda path, legacy: md5(held[path].replace(b"\r\n", b"\n") if legacy else held[path]),
        lambda folder, relpath: (lists or {}).get(f"{folder.path}/{relpath}"),
    )


def statuses(document: dict[str, Any]) -> dict[str, str]:
    return {stage["name"]: stage["status"] for stage in document["stages"]}


def reasons(document: dict[str, Any], name: str) -> str:
    return " ".join(next(stage for stage in document["stages"] if stage["name"] == name)["reasons"])


PIPELINE = """stages:
  prepare:
    cmd: python prepare.py
    deps: [prepare.py, raw.csv]
    outs: [clean]
  train:
    cmd: python train.py --rate ${rate}
    deps: [train.py, clean/part.csv]
    params: [rate, model.depth]
    outs: [model.pkl]
    metrics: [metrics.json: {cache: false}]
"""
RAW = "a" * 32
CLEAN = "c" * 32
PART = "d" * 32
METRICS = '{"accuracy": 0.9, "by": {"class": 0.8}}'


def lock(**changed: str) -> str:
    facts = {
        "train": md5(b"train"),
        "metrics": md5(METRICS.encode()),
        "cmd": "python train.py --rate 0.1",
        **changed,
    }
    return f"""schema: '2.0'
stages:
  prepare:
    cmd: python prepare.py
    deps:
    - {{path: prepare.py, hash: md5, md5: {md5(b"prepare")}, size: 7}}
    - {{path: raw.csv, hash: md5, md5: {RAW}, size: 100}}
    outs:
    - {{path: clean, hash: md5, md5: {CLEAN}.dir, size: 90, nfiles: 2}}
  train:
    cmd: {facts["cmd"]}
    deps:
    - {{path: train.py, hash: md5, md5: {facts["train"]}, size: 5}}
    - {{path: clean/part.csv, hash: md5, md5: {PART}, size: 5}}
    params:
      params.yaml: {{rate: 0.1, model.depth: 4}}
    outs:
    - {{path: model.pkl, hash: md5, md5: {"e" * 32}, size: 5}}
    - {{path: metrics.json, hash: md5, md5: {facts["metrics"]}, size: 5}}
"""


def commit(**changed: str | bytes) -> dict[str, str | bytes]:
    named = {name.replace("__", "."): data for name, data in changed.items()}
    return {
        "dvc.yaml": PIPELINE,
        "dvc.lock": lock(),
        "params.yaml": "rate: 0.1\nmodel: {depth: 4}\n",
        "prepare.py": "prepare",
        "train.py": "train",
        "metrics.json": METRICS,
        "raw.csv.dvc": f"outs:\n- {{path: raw.csv, hash: md5, md5: {RAW}, size: 100}}\n",
        **named,
    }


LISTS = {"clean/part.csv": PART}


def test_a_pipeline_that_is_up_to_date():
    document = mapped(commit(), LISTS)
    assert statuses(document) == {"prepare": "current", "train": "current"}
    prepare, train = document["stages"]
    assert train["needs"] == [0] and train["cmd"] == "python train.py --rate 0.1"
    assert [dep["source"] for dep in prepare["deps"]] == ["git", "dvc"]
    assert [dep["source"] for dep in train["deps"]] == ["git", "stage"]
    assert (prepare["line"], train["line"]) == (2, 6)
    assert {one["key"]: one["value"] for one in train["metrics"]} == {"accuracy": 0.9, "by.class": 0.8}
    assert train["params"][1] == {"file": "params.yaml", "key": "model.depth", "value": 4, "ran": 4}
    assert document["problems"] == []


def test_each_reason_is_named():
    assert "Its dependency train.py is another" in reasons(mapped(commit(train__py="new"), LISTS), "train")
    assert "metrics.json is another than the one it made" in reasons(
        mapped(commit(metrics__json="{}"), LISTS), "train"
    )
    assert "Its command is another" in reasons(
        mapped(commit(dvc__lock=lock(cmd="python old.py")), LISTS), "train"
    )
    changed = mapped(commit(params__yaml="rate: 0.1\nmodel: {depth: 5}\n"), LISTS)
    assert (
        reasons(changed, "train")
        == "Its parameter model.depth (params.yaml) is 5, and was 4 when it was run."
    )
    gone = commit()
    del gone["train.py"]
    assert "train.py is not in this commit" in reasons(mapped(gone, LISTS), "train")
    more = PIPELINE.replace("deps: [train.py,", "deps: [extra.py, train.py,")
    assert "Its dependency extra.py was added after" in reasons(
        mapped(commit(dvc__yaml=more, extra__py="x"), LISTS), "train"
    )


def test_what_follows_a_stage_that_is_out_of_date():
    document = mapped(commit(prepare__py="new"), LISTS)
    assert statuses(document) == {"prepare": "changed", "train": "upstream"}
    assert document["stages"][1]["upstream"] == [0]
    frozen = PIPELINE.replace("  prepare:\n", "  prepare:\n    frozen: true\n")
    assert statuses(mapped(commit(dvc__yaml=frozen, prepare__py="new"), LISTS)) == {
        "prepare": "frozen",
        "train": "current",
    }


def test_never_run_always_run_and_what_cannot_be_told():
    files = commit(
        dvc__yaml="stages:\n  a:\n    cmd: x\n    outs: [o]\n  b:\n    cmd: date\n",
        dvc__lock="schema: '2.0'\nstages:\n  b: {cmd: date}\n",
    )
    assert statuses(mapped(files)) == {"a": "never", "b": "always"}
    unknown = mapped(commit())  # the folder's list is not here
    assert statuses(unknown)["train"] == "unclear"
    nameless = mapped({"dvc.yaml": "stages:\n  a:\n    cmd: run ${nothing}\n"})
    assert statuses(nameless) == {"a": "unclear"} and "nothing" in nameless["stages"][0]["unclear"][0]


def test_a_folder_in_git_is_hashed_as_dvc_does():
    entries = [{"md5": md5(b"1"), "relpath": "a.py"}, {"md5": md5(b"2"), "relpath": "b/c.py"}]
    whole = md5(json.dumps(entries, sort_keys=True).encode())
    files = {
        "src/a.py": "1", "src/b/c.py": "2", "src.txt": "no part of it",
        "dvc.yaml": "stages:\n  a:\n    cmd: x\n    deps: [src]\n",
        "dvc.lock": f"schema: '2.0'\nstages:\n  a:\n    cmd: x\n    deps:\n    - {{path: src, hash: md5, md5: {whole}.dir}}\n",
    }  # fmt: skip
    assert statuses(mapped(files)) == {"a": "current"}
    assert statuses(mapped({**files, "src/new.py": ""})) == {"a": "changed"}


def test_older_hashes_leave_line_ends_aside():
    files = {"a.txt": b"1\r\n2\r\n", "dvc.yaml": "stages:\n  a:\n    cmd: x\n    deps: [a.txt]\n"}
    locked = "schema: '2.0'\nstages:\n  a:\n    cmd: x\n    deps:\n    - {path: a.txt, md5: HASH}\n"
    assert statuses(mapped({**files, "dvc.lock": locked.replace("HASH", md5(b"1\n2\n"))})) == {"a": "current"}


def test_templates_as_dvc_fills_them_in():
    document = mapped(
        {
            "dvc.yaml": """vars:
- more.yaml:names
- folder: out
stages:
  each:
    foreach: ${names}
    do: {cmd: "echo ${item}", outs: ["${folder}/${item}"]}
  keyed:
    foreach: {x: {n: 1}, y: {n: true}}
    do: {cmd: "echo ${key} ${item.n}"}
  listed:
    foreach: [{n: 1}, {n: 2}]
    do: {cmd: "echo ${item.n}", deps: [out/a]}
  grid:
    matrix: {rate: [0.1, 1], opt: [{k: adam}]}
    cmd: train --rate ${item.rate} ${item.opt.k}
  options:
    cmd: train ${opts} \\${HOME}
""",
            "more.yaml": "names: [a, b]\nother: 1\n",
            "params.yaml": "opts: {deep: {rate: 0.5}, fast: true, slow: false, names: [a b, c]}\n",
        }
    )
    cmds = {stage["name"]: stage["cmd"] for stage in document["stages"]}
    assert cmds == {
        "each@a": "echo a", "each@b": "echo b", "keyed@x": "echo x 1", "keyed@y": "echo y true", "listed@0": "echo 1",
        "listed@1": "echo 2", "grid@0.1-opt0": "train --rate 0.1 adam", "grid@1-opt0": "train --rate 1 adam",
        "options": "train --deep.rate 0.5 --fast --names 'a b' c ${HOME}",
    }  # fmt: skip
    assert document["stages"][0]["base"] == "each" and document["stages"][4]["needs"] == [0]


def test_several_files_and_working_folders():
    document = mapped(
        {
            "a/dvc.yaml": "stages:\n  one:\n    cmd: x\n    wdir: in\n    deps: [../../top.csv]\n    outs: [made]\n",
            "dvc.yaml": "stages:\n  two:\n    cmd: y\n    deps: [a/in/made, ../../outside]\n",
        }
    )
    one, two = document["stages"]
    assert (
        one["deps"][0]["path"] == "top.csv" and one["outs"][0]["path"] == "a/in/made" and two["needs"] == [0]
    )
    assert any("outside" in problem["message"] for problem in document["problems"])


def test_a_circle_ends_as_words():
    document = mapped(
        {
            "dvc.yaml": "stages:\n  a: {cmd: x, deps: [p], outs: [q]}\n  b: {cmd: x, deps: [q], outs: [p]}\n"
            "  c: {cmd: y, deps: [z], outs: [z]}\n"
        }
    )
    assert document["circle"] == [0, 1, 2] and "circle" in document["problems"][0]["message"]


def test_bombs_end_as_words():
    many = ", ".join(f"d{n}" for n in range(100_000))
    document = mapped({"dvc.yaml": f"stages:\n  a: {{cmd: x, deps: [{many}], outs: [o]}}\n"})
    assert len(document["stages"][0]["deps"]) == 500 and document["stages"][0]["more"][0] == 9500
    assert "Only the first 10,000" in document["problems"][0]["message"]
    grid = "stages:\n  a:\n    matrix: {x: [%s], y: [%s]}\n    cmd: x\n    deps: [%s]\n"
    numbers = ", ".join(map(str, range(1000)))
    document = mapped({"dvc.yaml": grid % (numbers, numbers, ", ".join(f"d{n}" for n in range(500)))})
    assert statuses(document) == {"a": "unclear"}
    document = mapped({"dvc.yaml": grid % (numbers, numbers, "d" * 900)})
    assert len(document["stages"]) == 2000 and len(json.dumps(document)) < 16 << 20
    assert mapped({"dvc.yaml": "stages: [1"})["problems"][0]["path"] == "dvc.yaml"
    assert mapped({"dvc.yaml": "stages: {a: 3}"})["stages"] == []


def test_what_is_to_be_drawn():
    document = mapped(
        {
            "sub/dvc.yaml": """stages:
  a:
    cmd: x
    plots:
    - loss.csv: {x: step, y: loss, title: Loss, cache: false}
    - both.json: [{y: a}, {y: b, template: scatter}]
    - custom.json: {template: mine.json}
plots:
- roc:
    x: fpr
    y: {train.json: [tpr, tnr], ../test.json: tpr}
    template: confusion
- images
- ../../outside.csv
""",
            "dvclive/plots/metrics/a.tsv": "step\ta\n",
        }
    )
    plots = {(one["name"], tuple(one["y"])): one for one in document["plots"]}
    assert plots["sub/loss.csv", ("sub/loss.csv",)]["x"] == "step"
    assert sum(name == "sub/both.json" for name, _ in plots) == 1 and len(document["plots"]) == 7
    assert plots["roc", ("sub/train.json", "test.json")]["y"] == {
        "sub/train.json": ["tpr", "tnr"],
        "test.json": ["tpr"],
    }
    assert plots["sub/custom.json", ("sub/custom.json",)]["custom"] == "mine.json"
    assert plots["dvclive/plots/metrics", ("dvclive/plots/metrics",)]["x"] == "step"
    assert document["sources"]["sub/loss.csv"] == "" and document["sources"][
        "dvclive/plots/metrics"
    ].startswith("git:")
    assert "outside" in document["problems"][0]["message"]
