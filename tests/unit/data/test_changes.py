"""Changes between two commits' indexes: applying them to the old side gives the new one."""

import math

from hypothesis import given
from hypothesis import strategies as st

from ropewalk.data.changes import matched, output_changes, same, stage_changes, value_changes
from ropewalk.data.types import StageView, TrackedOutputView

PATHS = st.sampled_from(["a", "b", "c/a", "c/b", "d/a", "e"])


def output(path: str, oid: str, is_dir: bool = False, size: int | None = 1) -> TrackedOutputView:
    return TrackedOutputView(path, "md5", oid, is_dir, size, None, f"{path}.dvc", "", True, True)


OUTPUTS = st.dictionaries(PATHS, st.sampled_from(["1", "2", "3"])).map(
    lambda found: [output(path, oid) for path, oid in found.items()]
)


@given(OUTPUTS, OUTPUTS)
def test_output_changes_applied_to_the_old_give_the_new(
    old: list[TrackedOutputView], new: list[TrackedOutputView]
):
    state = {one.path: one.oid for one in old}
    changes = output_changes(old, new)
    for change in changes:
        if change.old:
            assert state.pop(change.old.path) == change.old.oid
    for change in changes:
        if change.new:
            assert change.path not in state
            state[change.path] = change.new.oid
        if change.status == "renamed":
            assert change.old and change.new and change.old.oid == change.new.oid
    assert state == {one.path: one.oid for one in new}
    assert output_changes(new, new) == []


SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-3, 3),
    st.floats(),
    st.text(max_size=3),
    st.lists(st.integers(), max_size=2),
)
VALUES = st.dictionaries(PATHS, st.dictionaries(st.sampled_from("xyz"), SCALARS, max_size=3), max_size=3)


@given(VALUES, VALUES)
def test_value_changes_applied_to_the_old_give_the_new(old: dict, new: dict):
    state = {(file, key): value for file, values in old.items() for key, value in values.items()}
    for change in value_changes(old, new):
        place = (change.file, change.key)
        if change.status != "added":
            assert same(state.pop(place), change.old)
        if change.status != "removed":
            assert place not in state
            state[place] = change.new
    wanted = {(file, key): value for file, values in new.items() for key, value in values.items()}
    assert state.keys() == wanted.keys()
    assert all(same(state[place], wanted[place]) for place in wanted)
    assert value_changes(new, new) == []


def test_a_delta_is_of_numbers_only():
    [accuracy, flag, layers] = value_changes(
        {"m.json": {"accuracy": 0.8, "flag": False, "layers": [1]}},
        {"m.json": {"accuracy": 0.9, "flag": True, "layers": [1, 2]}},
    )
    assert math.isclose(accuracy.delta or 0, 0.1) and math.isclose(accuracy.share or 0, 0.125)
    assert flag.delta is None and layers.delta is None
    [changed] = value_changes({"f": {"x": 1}}, {"f": {"x": True}})
    assert changed.status == "changed"
    assert value_changes({"f": {"x": math.nan}}, {"f": {"x": math.nan}}) == []


@given(
    st.dictionaries(PATHS, st.sampled_from(["", "1", "2"])),
    st.dictionaries(PATHS, st.sampled_from(["", "1", "2"])),
)
def test_what_moved_is_matched_once_and_by_content(removed: dict[str, str], added: dict[str, str]):
    found = matched(removed, added)
    assert len(set(found.values())) == len(found)
    assert all(removed[old] == added[new] != "" for new, old in found.items())
    for content in ("1", "2"):
        rest_old = [
            path for path, value in removed.items() if value == content and path not in found.values()
        ]
        rest_new = [path for path, value in added.items() if value == content and path not in found]
        assert not (rest_old and rest_new)


def test_a_file_of_the_same_name_is_the_one_that_moved():
    assert matched({"a/x": "1", "a/y": "1"}, {"b/y": "1"}) == {"b/y": "a/y"}


def stage(
    name: str, cmd: str = "run", deps: tuple = (), outs: tuple = (), params: dict | None = None
) -> StageView:
    return StageView(name, "dvc.yaml", cmd, True, deps=deps, outs=outs, params=params or {})


def test_stages_say_what_of_them_changed():
    old = [
        stage("same", deps=({"path": "a", "oid": "1"},)),
        stage("gone"),
        stage("train", "run", ({"path": "a", "oid": "1"}, {"path": "b", "oid": "1"}), ({"path": "m", "oid": "1"},),
              {"params.yaml": {"rate": 0.1}}),
    ]  # fmt: skip
    new = [
        stage("same", deps=({"path": "a", "oid": "1"},)),
        stage("train", "run --hard", ({"path": "a", "oid": "2"}, {"path": "c"}), ({"path": "m", "oid": "2"},),
              {"params.yaml": {"rate": 0.2}}),
        stage("fresh"),
    ]  # fmt: skip
    train, fresh, gone = stage_changes(old, new)
    assert (train.name, train.status, train.cmd_changed) == ("train", "changed", True)
    assert [(one.path, one.status) for one in train.deps] == [
        ("a", "changed"),
        ("b", "removed"),
        ("c", "added"),
    ]
    assert [(one.path, one.old_oid, one.new_oid) for one in train.outs] == [("m", "1", "2")]
    assert [(one.key, one.old, one.new) for one in train.params] == [("rate", 0.1, 0.2)]
    assert (fresh.name, fresh.status, gone.name, gone.status) == ("fresh", "added", "gone", "removed")
    assert stage_changes(new, new) == []
