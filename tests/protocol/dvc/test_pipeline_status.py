"""Which stages are out of date: our reading of a commit against ``dvc status`` of its checkout."""

import hashlib
import json
import subprocess
from collections.abc import Callable

import pytest

from tests.protocol.working_copies import WorkingCopy
from workers.analysis.pipelines import read_pipeline
from workers.analysis.pointers import FileRef
from workers.analysis.pointers.outputs import Output

PIPELINE = """vars:
- extra.yaml
- out: made
stages:
  split:
    cmd: mkdir -p parts && cp raw/a.txt parts/a.txt && cp raw/b.txt parts/b.txt
    deps: [raw]
    params: [seed, model.depth]
    outs: [parts]
  each:
    foreach: ${names}
    do:
      cmd: mkdir -p ${out} && cat parts/${item}.txt code/one.py > ${out}/${item}.txt
      deps: ["parts/${item}.txt", code]
      outs: ["${out}/${item}.txt"]
  keyed:
    foreach: {x: {rate: 0.5}, y: {rate: 2}}
    do:
      cmd: echo ${key} ${item.rate} ${flag} > keyed-${key}.txt
      outs: ["keyed-${key}.txt"]
  grid:
    matrix: {depth: [1, 2], kind: [a, {long: b}]}
    cmd: echo ${item.depth} > grid-${key}.txt
    outs: ["grid-${key}.txt"]
  report:
    cmd: "echo '{\\"accuracy\\": 0.5}' > metrics.json"
    wdir: sub
    deps: [../made, words.txt]
    params:
    - ../params.yaml: [seed]
    - all.json:
    metrics: [metrics.json: {cache: false}]
"""
FILES = {
    "dvc.yaml": PIPELINE,
    "extra.yaml": "names: [a, b]\nflag: true\nnone: null\n",
    "params.yaml": "seed: 1\nmodel: {depth: 3, other: x}\n",
    "code/one.py": "1\n",
    "code/deep/two.py": "2\n",
    "sub/words.txt": "some\r\nwords\r\n",
    "sub/all.json": '{"a": {"b": 1}, "c": [1, 2]}',
}


def edit(name: str, old: str, new: str) -> Callable[[WorkingCopy], None]:
    def change(copy: WorkingCopy) -> None:
        path = copy.folder / name
        text = path.read_bytes().decode()
        assert old in text
        path.write_bytes(text.replace(old, new, 1).encode())

    return change


def write(name: str, text: str) -> Callable[[WorkingCopy], None]:
    return lambda copy: (copy.folder / name).write_text(text) and None


def add_data(copy: WorkingCopy) -> None:
    (copy.folder / "raw/a.txt").write_text("other\n")
    copy.dvc("add", "-q", "raw")


CHANGES: dict[str, Callable[[WorkingCopy], None]] = {
    "nothing": lambda copy: None,
    "a parameter": edit("params.yaml", "seed: 1", "seed: 2"),
    "a nested parameter": edit("params.yaml", "depth: 3", "depth: 4"),
    "another parameter": edit("params.yaml", "other: x", "other: y"),
    "the same number otherwise": edit("params.yaml", "seed: 1", "seed: 1.0"),
    "a parameter that is gone": edit("params.yaml", "seed: 1", "sead: 1"),
    "a whole file of parameters": edit("sub/all.json", '"b": 1', '"b": 2'),
    "a parameter more in a whole file": edit("sub/all.json", '"c"', '"d": 1, "c"'),
    "a file of a folder": edit("code/deep/two.py", "2", "3"),
    "a file more in a folder": write("code/new.py", ""),
    "line ends": edit("sub/words.txt", "some\r\n", "some\n"),
    "a command": edit("dvc.yaml", "cp raw/a.txt", "cp -p raw/a.txt"),
    "a template's value": edit("extra.yaml", "flag: true", "flag: false"),
    "an item more": edit("extra.yaml", "[a, b]", "[a, b, c]"),
    "an item less": edit("extra.yaml", "[a, b]", "[b]"),
    "a number in a matrix": edit("dvc.yaml", "depth: [1, 2]", "depth: [1, 3]"),
    "a dependency more": edit("dvc.yaml", "deps: [raw]", "deps: [raw, code/one.py]"),
    "a dependency less": edit("dvc.yaml", "deps: [../made, words.txt]", "deps: [../made]"),
    "an output more": edit(
        "dvc.yaml", 'outs: ["grid-${key}.txt"]', 'outs: ["grid-${key}.txt", "more-${key}.txt"]'
    ),
    "a metric's file": edit("sub/metrics.json", "0.5", "0.6"),
    "a frozen stage": edit("dvc.yaml", "  split:\n", "  split:\n    frozen: true\n"),
    "a stage that always runs": edit("dvc.yaml", "  report:\n", "  report:\n    always_changed: true\n"),
    "a stage of nothing": edit("dvc.yaml", "stages:\n", "stages:\n  date: {cmd: date}\n"),
    "a file that is gone": lambda copy: (copy.folder / "sub/words.txt").unlink(),
    "data": add_data,  # the last: git alone does not bring it back
}


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> WorkingCopy:
    home = tmp_path_factory.mktemp("status")
    copy = WorkingCopy(home / "repo", str(home / "store"), {}, {})
    for name, text in FILES.items():
        path = copy.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode())
    (copy.folder / "raw").mkdir()
    for name in "abc":
        (copy.folder / f"raw/{name}.txt").write_text(f"{name}\n")
    copy.dvc("add", "-q", "raw")
    copy.dvc("repro", "-q")
    git(copy, "add", "-A")
    git(copy, "-c", "user.name=a", "-c", "user.email=a@example.org", "commit", "-q", "-m", "one")
    return copy


def git(copy: WorkingCopy, *arguments: str) -> str:
    done = subprocess.run(
        ["git", *arguments], cwd=copy.folder, env=copy.environment, check=True, capture_output=True, text=True
    )
    return done.stdout


def ours(copy: WorkingCopy) -> dict[str, str]:
    """Stage → status, from the files that git would commit."""
    git(copy, "add", "-A")
    names = [name for name in git(copy, "ls-files", "-z").split("\0") if name]
    held = {name: (copy.folder / name).read_bytes() for name in names}

    def digest(path: str, legacy: bool) -> str:
        return hashlib.md5(held[path].replace(b"\r\n", b"\n") if legacy else held[path]).hexdigest()

    def child(folder: Output, relpath: str) -> str | None:
        path = copy.folder / f".dvc/cache/files/md5/{folder.oid[:2]}/{folder.oid[2:]}.dir"
        entries = json.loads(path.read_text()) if path.exists() else []
        return next((one["md5"] for one in entries if one["relpath"] == relpath), None)

    refs = {name: FileRef(hashlib.sha1(data).hexdigest()) for name, data in held.items()}
    document = read_pipeline(refs, held.__getitem__, digest, child)
    return {stage["name"]: stage["status"] for stage in document["stages"]}


def theirs(copy: WorkingCopy) -> set[str]:
    (found,) = (line for line in copy.dvc("status", "--json").splitlines() if line.startswith("{"))
    return {name for name in json.loads(found) if not name.endswith(".dvc")}


@pytest.mark.parametrize("change", CHANGES)
def test_we_say_what_dvc_says(copy: WorkingCopy, change: str):
    git(copy, "reset", "-q", "--hard")
    git(copy, "clean", "-fdq")
    CHANGES[change](copy)
    known = ours(copy)
    stale = {name for name, status in known.items() if status in {"changed", "never", "always"}}
    assert "unclear" not in known.values()
    assert stale == theirs(copy), change


def test_we_name_the_stages_that_dvc_names(copy: WorkingCopy):
    listed = copy.dvc("stage", "list", "--all", "--name-only").split()
    assert set(ours(copy)) == {name for name in listed if not name.endswith(".dvc")}
