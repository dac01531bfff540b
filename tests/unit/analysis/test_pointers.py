"""Reading DVC's pointer files, from good ones and hostile ones."""

from contextlib import suppress
from dataclasses import astuple
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workers.analysis.errors import AnalysisError
from workers.analysis.pointers import FileRef, read_revision
from workers.analysis.pointers.documents import read_document
from workers.analysis.pointers.paths import inside
from workers.analysis.pointers.revision import Facts, is_pointer
from workers.analysis.pointers.yaml_reader import read_yaml

OID, OTHER = "a" * 32, "b" * 32


def revision(files: dict[str, str | bytes]) -> Facts:
    content = {path: text.encode() if isinstance(text, str) else text for path, text in files.items()}
    refs = {path: FileRef(str(number)) for number, path in enumerate(content)}
    return read_revision(refs, lambda path: content[path])


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("a: no", {"a": "no"}),
        ("a: 1e-5", {"a": 1e-5}),
        ("a: 0o17\nb: 0x1f\nc: 1_000", {"a": 15, "b": 31, "c": 1000}),
        ("a: '1'\nb: 2020-01-01\nc: ~\nd:", {"a": "1", "b": "2020-01-01", "c": None, "d": None}),
        (
            "a: .inf\nb: -.inf\nc: .nan\nd: 1e999",
            {"a": "Infinity", "b": "-Infinity", "c": "NaN", "d": "1e999"},
        ),
        ("a: &x {p: 1, q: 2}\nb: {<<: *x, q: 3}", {"a": {"p": 1, "q": 2}, "b": {"p": 1, "q": 3}}),
        ("- !!str 1\n- !!int 2", ["1", 2]),
        ("", None),
    ],
)
def test_yaml_values(text: str, value: Any) -> None:
    assert read_yaml(text) == value


BOMB = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]\n" for i in range(1, 10)
)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (BOMB, "too_many_nodes"),
        ("[" * 100 + "]" * 100, "too_deep"),
        ("a: 1\na: 2", "duplicate_key"),
        ("!!python/object/apply:os.system ['true']", "bad_tag"),
        ("a: !custom 1", "bad_tag"),
        ("a: [", "bad_yaml"),
        ("a: *nothing", "bad_yaml"),
        ("a: &a [*a]", "bad_yaml"),
        ("? [a, b]\n: 1", "bad_yaml"),
        ("a: 1\n---\nb: 2", "bad_yaml"),
        ("<<: 1", "bad_yaml"),
    ],
)
def test_bad_yaml_has_a_code(text: str, code: str) -> None:
    with pytest.raises(AnalysisError) as caught:
        read_yaml(text)
    assert caught.value.code == code


@pytest.mark.parametrize(
    ("name", "data", "code"),
    [
        ("a.yaml", b"\xff\xfe", "not_text"),
        ("a.yaml", b" " * (5 << 20), "too_large"),
        ("a.json", b"[" * 100_000, "too_deep"),
        ("a.json", b"{", "bad_json"),
        ("a.json", b"1" * 10_000, "bad_json"),
        ("a.toml", b"a = ", "bad_toml"),
        ("params.py", b"a = 1", "python_params"),
        ("a.txt", b"1", "unknown_format"),
    ],
)
def test_bad_document_has_a_code(name: str, data: bytes, code: str) -> None:
    with pytest.raises(AnalysisError) as caught:
        read_document(data, name)
    assert caught.value.code == code


def test_documents_hold_nothing_that_postgresql_refuses() -> None:
    assert read_document(b'{"a": NaN, "b\\u0000": "\\ud800", "c": -Infinity}', "m.json") == {
        "a": "NaN",
        "b\ufffd": "?",
        "c": "-Infinity",
    }
    assert read_document(b"day = 2020-01-02\n[a]\nb = inf", "p.toml") == {
        "day": "2020-01-02",
        "a": {"b": "Infinity"},
    }


@given(st.text(max_size=400))
@settings(max_examples=300)
def test_any_text_gives_values_or_an_error(text: str) -> None:
    for name in ("a.yaml", "a.json", "a.toml"):
        with suppress(AnalysisError):  # anything else fails the test
            read_document(text.encode("utf-8", "surrogatepass"), name)


@pytest.mark.parametrize(
    ("folder", "parts", "path"),
    [
        ("", ("data.csv",), "data.csv"),
        ("sub", ("..", "x"), "x"),
        ("sub", (".", "./a//b"), "sub/a/b"),
        ("sub", ("../../x",), None),
        ("", ("/etc/passwd",), None),
        ("", ("s3://bucket/x",), None),
        ("", ("remote://x/y",), None),
        ("", ("C:\\x",), None),
        ("", (".",), None),
        ("", ("a" * 2000,), None),
        ("", ("a\0b",), None),
    ],
)
def test_paths_stay_inside(folder: str, parts: tuple[str, ...], path: str | None) -> None:
    assert inside(folder, *parts) == path


def test_which_files_are_pointers() -> None:
    assert [
        is_pointer(path) for path in ("data.csv.dvc", "a/dvc.yaml", "dvc.lock", "a.dvc/x", ".dvc", "x.py")
    ] == [
        True,
        True,
        True,
        False,
        False,
        False,
    ]


def test_single_outputs() -> None:
    facts = revision(
        {
            "data/raw.csv.dvc": f"outs:\n- md5: {OID}\n  size: 12\n  hash: md5\n  path: raw.csv\n",
            "images.dvc": f"outs:\n- md5: {OTHER}.dir\n  size: 99\n  nfiles: 3\n  path: images\n",
            "new.dvc": "outs:\n- path: new\n",
            ".dvc/tmp/x.dvc": f"outs:\n- md5: {OID}\n  path: hidden\n",
        }
    )
    assert [(o.path, o.algorithm, o.oid, o.is_dir, o.size, o.nfiles, o.cached) for o in facts.outputs] == [
        ("data/raw.csv", "md5", OID, False, 12, None, True),
        ("images", "md5-dos2unix", OTHER, True, 99, 3, True),
    ]
    assert facts.problems == []


PIPELINE = """
params: [config.toml]
metrics: [eval/metrics.json]
stages:
  train:
    cmd: python train.py
    deps: [data/raw.csv]
    params: [lr, {other.yaml: [depth], third.yaml: }]
    outs: [model.bin]
    metrics: [scores.json: {cache: false}]
  each:
    foreach: [a, b]
    do:
      cmd: echo ${item}
      outs: ["${item}.txt"]
  later:
    matrix: {x: [1, 2]}
    cmd: later
    outs: [later.txt]
"""
LOCK = f"""
schema: '2.0'
stages:
  train:
    cmd: python train.py
    deps: [{{path: data/raw.csv, hash: md5, md5: {OID}, size: 12}}]
    params: {{params.yaml: {{lr: 0.1}}}}
    outs:
    - {{path: model.bin, hash: md5, md5: {OTHER}, size: 5}}
    - {{path: scores.json, hash: md5, md5: {OTHER}, size: 7}}
  each@a:
    cmd: echo a
    outs: [{{path: a.txt, hash: md5, md5: {OID}, size: 1}}]
"""


def test_pipeline_is_resolved_from_its_lock() -> None:
    facts = revision(
        {
            "ml/dvc.yaml": PIPELINE,
            "ml/dvc.lock": LOCK,
            "ml/params.yaml": "lr: 0.1",
            "ml/other.yaml": "depth: 3",
            "ml/third.yaml": "x: 3",
            "ml/config.toml": "a = 1",
            "ml/scores.json": '{"auc": 0.9}',
            "ml/eval/metrics.json": '{"loss": 1}',
            "dvclive/metrics.json": '{"step": 4}',
        }
    )
    assert facts.problems == []
    assert [(stage["name"], stage["resolved"], stage["template"]) for stage in facts.stages] == [
        ("train", True, ""),
        ("each@a", True, "foreach"),
        ("later", False, "matrix"),
    ]
    train = facts.stages[0]
    assert train["deps"] == [{"path": "ml/data/raw.csv", "algorithm": "md5", "oid": OID, "size": 12}]
    assert [(out["path"], out["role"]) for out in train["outs"]] == [
        ("ml/model.bin", "out"),
        ("ml/scores.json", "metric"),
    ]
    assert train["params"] == {"params.yaml": {"lr": 0.1}}
    assert [(o.path, o.cached, o.stage) for o in facts.outputs] == [
        ("ml/a.txt", True, "each@a"),
        ("ml/model.bin", True, "train"),
        ("ml/scores.json", False, "train"),
    ]
    assert facts.params == {
        "ml/config.toml": {"a": 1},
        "ml/other.yaml": {"depth": 3},
        "ml/params.yaml": {"lr": 0.1},
        "ml/third.yaml": {"x": 3},
    }
    assert facts.metrics == {
        "dvclive/metrics.json": {"step": 4},
        "ml/eval/metrics.json": {"loss": 1},
        "ml/scores.json": {"auc": 0.9},
    }


def test_a_broken_file_breaks_only_itself() -> None:
    facts = revision(
        {
            "good.dvc": f"outs:\n- md5: {OID}\n  path: good\n",
            "bad.dvc": b"\xff",
            "bomb.dvc": BOMB,
            "list.dvc": "[1, 2]",
            "out.dvc": f"outs:\n- md5: {OID}\n  path: ../../etc/passwd\n- md5: {OID}\n  path: s3://x/y\n- 7\n",
            "twice.dvc": f"outs:\n- md5: {OID}\n  path: good\n",
            "dvc.yaml": "stages: [a]",
            "dvc.lock": "schema: '2.0'\nstages: {a: 1}",
        }
    )
    assert [output.path for output in facts.outputs] == ["good"]
    assert {(p["path"], p["code"]) for p in facts.problems} == {
        ("bad.dvc", "not_text"),
        ("bomb.dvc", "too_many_nodes"),
        ("list.dvc", "bad_shape"),
        ("out.dvc", "bad_output"),
        ("twice.dvc", "duplicate_output"),
        ("dvc.yaml", "bad_shape"),
        ("dvc.lock", "bad_output"),
    }


_SHAPES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "stages",
                    "outs",
                    "path",
                    "md5",
                    "wdir",
                    "deps",
                    "params",
                    "metrics",
                    "foreach",
                    "do",
                    "cmd",
                    "plots",
                    "schema",
                ]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=20,
)


@given(_SHAPES, _SHAPES, _SHAPES)
@settings(max_examples=300)
def test_any_shape_is_read_or_a_problem(pointer: Any, pipeline: Any, lock: Any) -> None:
    import json

    facts = revision(
        {"a.dvc": json.dumps(pointer), "dvc.yaml": json.dumps(pipeline), "dvc.lock": json.dumps(lock)}
    )
    assert isinstance(facts.outputs, list)


@pytest.mark.parametrize(
    ("deps", "origin"),
    [
        (
            "- path: a/b\n  repo: {url: 'git@host:x/y', rev: v1, rev_lock: abc}",
            ("repo", "git@host:x/y", "a/b", "abc"),
        ),
        (
            "- path: a\n  repo: {url: 'https://me:secret@host/x?token=1#y', rev: v1}",
            ("repo", "https://host/x", "a", "v1"),
        ),
        ("- path: 'ssh://me:secret@host/x'\n  etag: e", ("url", "ssh://me@host/x", "", "")),
        ("- path: 'HTTP://token@host/x?X-Amz-Signature=1'", ("url", "HTTP://host/x", "", "")),
        ("- path: 'javascript:alert(1)'", ("url", "javascript:alert(1)", "", "")),
        ("- path: x\n  db: {connection: c}", None),
        ("- path: x\n  repo: 7", None),
        ("- path: x\n- path: y", None),
        ("- 7", None),
    ],
)
def test_origins(deps: str, origin: Any) -> None:
    out = f"outs:\n- {{md5: {OID}, hash: md5, path: d}}\ndeps:\n{deps}\n"
    (found,) = revision({"d.dvc": out}).outputs
    assert (astuple(found.origin) if found.origin else None) == origin
    assert revision({"d.dvc": f"{out}cmd: x\n"}).outputs[0].origin is None
