"""The grade of a run's record: what lowers it, what never does, and commands that a shell takes as they are meant."""

import shlex
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ropewalk.reproduction.grading import Facts, State, graded

WHOLE = Facts(
    run_id="a" * 32,
    clone_url="https://rope.example/ada/harvest.git",
    folder="harvest",
    commit="c" * 40,
    commit_here=True,
    dirty=False,
    indexed=True,
    outputs=3,
    lock_files=("uv.lock",),
    python_file=".python-version",
    hardware=True,
    params=(("lr", "0.1"), ("seed", "3")),
    seeds=(("seed", "3"),),
    source="src/train.py",
)
GRADES = "ABCD"


@pytest.mark.parametrize(
    ("change", "grade", "area"),
    [
        ({}, "A", ""),
        ({"hardware": False}, "A", "Hardware"),
        ({"dirty": None}, "A", ""),
        ({"dirty": True}, "B", "Code"),
        ({"indexed": False}, "B", "Data"),
        ({"outputs": 0}, "B", "Data"),
        ({"outputs": 0, "inputs": ("train@abc",)}, "B", "Data"),
        ({"python_file": ""}, "B", "Python"),
        ({"params": ()}, "B", "Parameters"),
        ({"seeds": ()}, "B", "Seed"),
        ({"source": ""}, "B", "Command"),
        ({"lock_files": (), "loose_files": ("requirements.txt",)}, "B", "Environment"),
        ({"lock_files": (), "stored_files": ("model/requirements.txt",)}, "A", ""),
        ({"lock_files": (), "stored_files": ("model/python_env.yaml",)}, "C", "Environment"),
        ({"lock_files": ()}, "C", "Environment"),
        ({"lacking": 1}, "C", "Data"),
        ({"commit_here": False}, "D", "Code"),
        ({"commit": "", "commit_here": False}, "D", "Code"),
    ],
)
def test_each_gap_has_its_grade_and_its_reason(change: dict, grade: str, area: str) -> None:
    found = graded(replace(WHOLE, **change))
    assert found.grade == grade
    gaps = {point.area: point for point in found.points if point.state is not State.OK}
    if area:
        assert gaps[area].said
        assert gaps[area].remedy or area == "Data"
    else:
        assert gaps == {}
    if change.get("commit_here", True):
        assert set(gaps) == ({area} if area else set())


FACTS = st.builds(
    Facts,
    run_id=st.just("a" * 32),
    clone_url=st.just("https://rope.example/ada/harvest.git"),
    folder=st.just("harvest"),
    commit=st.sampled_from(["", "c" * 40]),
    commit_here=st.booleans(),
    dirty=st.sampled_from([None, True, False]),
    indexed=st.booleans(),
    outputs=st.integers(0, 3),
    lacking=st.integers(0, 3),
    inputs=st.sampled_from([(), ("train@abc",)]),
    lock_files=st.sampled_from([(), ("uv.lock",), ("poetry.lock", "pixi.lock")]),
    loose_files=st.sampled_from([(), ("requirements.txt",), ("environment.yml",)]),
    stored_files=st.sampled_from([(), ("model/requirements.txt",), ("models/m-1/requirements.txt",)]),
    python_file=st.sampled_from(["", ".python-version"]),
    hardware=st.booleans(),
    params=st.sampled_from([(), (("seed", "1"),)]),
    seeds=st.sampled_from([(), (("seed", "1"),)]),
    source=st.text(max_size=20),
)
BETTER = [
    {"dirty": False}, {"indexed": True, "lacking": 0}, {"lacking": 0},
    {"lock_files": ("uv.lock",)}, {"python_file": ".python-version"},
    {"hardware": True}, {"params": (("lr", "1"),)}, {"seeds": (("seed", "1"),)}, {"source": "train.py"},
    {"commit": "c" * 40, "commit_here": True},
]  # fmt: skip


@given(FACTS, st.sampled_from(BETTER))
def test_more_of_a_record_never_lowers_its_grade(facts: Facts, better: dict) -> None:
    improved = replace(facts, **better)
    if better.get("commit"):  # a known commit may show what was not known: that its data is missing
        improved = replace(improved, lacking=0)
    assert GRADES.index(graded(improved).grade) <= GRADES.index(graded(facts).grade)


@given(FACTS, st.text(max_size=30).filter(lambda text: "\x00" not in text))
def test_nothing_that_a_client_said_gets_out_of_its_quotes(facts: Facts, said: str) -> None:
    facts = replace(
        facts, commit="c" * 40, commit_here=True, source=said, stored_files=(f"{said}/requirements.txt",)
    )
    for command in graded(facts).commands:
        shlex.split(command)  # raises where a quote stays open
    last = graded(facts).commands[-1]
    if said and said.isprintable():
        assert shlex.split(last)[-1] == (f"./{said}" if said.startswith("-") else said)
    assert all(command.isprintable() for command in graded(facts).commands)


def test_without_the_code_there_are_no_commands() -> None:
    assert graded(replace(WHOLE, commit_here=False)).commands == ()
    assert graded(WHOLE).commands == (
        "git clone https://rope.example/ada/harvest.git", "cd harvest", f"git checkout {'c' * 40}", "dvc pull",
        "uv sync --frozen", "python src/train.py",
    )  # fmt: skip
