"""The grade of a run's record: pure, from facts that :mod:`ropewalk.reproduction.selectors` gathers.

Grades: **D** the code is not known or not here; **C** the code is, but its data or its environment is not; **B** something
smaller is missing or uncertain; **A** nothing is. The hardware is told but does not count: a record can't bring it back.
"""

import shlex
from dataclasses import dataclass
from enum import StrEnum

LOCKS = ("uv.lock", "poetry.lock", "pdm.lock", "Pipfile.lock", "conda-lock.yml", "pixi.lock")
LOOSE = ("requirements.txt", "environment.yml", "environment.yaml", "conda.yaml", "pyproject.toml")
MODEL_FILES = ("requirements.txt", "conda.yaml", "python_env.yaml")
"""What MLflow writes beside a model: the versions of the process that logged it."""


class State(StrEnum):
    """How far one thing is recorded."""

    OK = "ok"
    WEAK = "weak"
    MISSING = "missing"


@dataclass(frozen=True)
class Point:
    """One thing that a repetition needs. ``remedy`` is the line that would have recorded it, empty where nothing is missing."""

    area: str
    state: State
    said: str
    remedy: str = ""


@dataclass(frozen=True)
class Facts:
    """What is known of a run.

    ``dirty`` is None where the client did not say. ``outputs`` are the DVC outputs of its commit, ``lacking`` those of them that
    can't be checked out; ``indexed`` is false while that is not known. ``lock_files`` and ``loose_files`` lie at its root,
    ``stored_files`` are the environment's files among its artifacts and models, by path.
    """

    run_id: str
    clone_url: str
    folder: str
    commit: str = ""
    commit_here: bool = False
    dirty: bool | None = None
    indexed: bool = False
    outputs: int = 0
    lacking: int = 0
    inputs: tuple[str, ...] = ()
    lock_files: tuple[str, ...] = ()
    loose_files: tuple[str, ...] = ()
    stored_files: tuple[str, ...] = ()
    python_file: str = ""
    hardware: bool = False
    params: tuple[tuple[str, str], ...] = ()
    seeds: tuple[tuple[str, str], ...] = ()
    source: str = ""


@dataclass(frozen=True)
class Reproducibility:
    """A grade from A to D, its reasons, and the commands of a repetition."""

    grade: str
    points: tuple[Point, ...]
    commands: tuple[str, ...]


def graded(facts: Facts) -> Reproducibility:
    """Grade a run."""
    points = (
        _code(facts),
        _data(facts),
        _environment(facts),
        _python(facts),
        _params(facts),
        _seed(facts),
        _command(facts),
        _hardware(facts),
    )
    states = {point.area: point.state for point in points}
    if states["Code"] is State.MISSING:
        grade = "D"
    elif State.MISSING in {states["Data"], states["Environment"]}:
        grade = "C"
    elif any(point.state is not State.OK for point in points if point.area != "Hardware"):
        grade = "B"
    else:
        grade = "A"
    return Reproducibility(grade, points, tuple(_commands(facts)))


def _code(facts: Facts) -> Point:
    if not facts.commit:
        return Point(
            "Code",
            State.MISSING,
            "No commit was recorded.",
            "Start the script inside its git clone: MLflow records the commit by itself.\n"
            'mlflow.set_tag("mlflow.source.git.commit", commit)  # where it can\'t',
        )
    if not facts.commit_here:
        return Point(
            "Code", State.MISSING, f"Commit {facts.commit[:8]} was not pushed here.", "git push origin HEAD"
        )
    if facts.dirty:
        return Point(
            "Code",
            State.WEAK,
            f"Files had changes that commit {facts.commit[:8]} does not hold.",
            'git commit -am "What I run"  # before the run',
        )
    return Point("Code", State.OK, f"Commit {facts.commit[:8]} is here.")


def _data(facts: Facts) -> Point:
    if not facts.commit_here:
        return Point(
            "Data", State.MISSING, "Without its commit nobody knows which version of the data it was."
        )
    if not facts.indexed:
        return Point("Data", State.WEAK, "The commit is not indexed yet. Look again in a moment.")
    if facts.lacking:
        return Point(
            "Data",
            State.MISSING,
            f"{facts.lacking} of the commit's {facts.outputs} outputs can't be checked out.",
            "dvc push",
        )
    if facts.outputs:
        what = "output is" if facts.outputs == 1 else "outputs are all"
        return Point("Data", State.OK, f"The commit's {facts.outputs} {what} here, verified by hash.")
    if facts.inputs:
        return Point(
            "Data",
            State.WEAK,
            f"{', '.join(facts.inputs[:3])}: a name and a digest were recorded, but the bytes are not kept here.",
            "dvc add data/  # and git commit, dvc push",
        )
    return Point(
        "Data",
        State.WEAK,
        "Nothing says which data it read.",
        'dvc add data/  # and git commit, dvc push\nmlflow.log_input(mlflow.data.from_pandas(frame, name="train"))',
    )


def _environment(facts: Facts) -> Point:
    if facts.lock_files:
        return Point("Environment", State.OK, f"{facts.lock_files[0]} is in the commit.")
    pinned = [path for path in facts.stored_files if path.rpartition("/")[2] in (*MODEL_FILES[:2], *LOCKS)]
    if pinned:
        return Point("Environment", State.OK, f"{pinned[0]} was stored with the run.")
    if facts.loose_files:
        return Point(
            "Environment",
            State.WEAK,
            f"{facts.loose_files[0]} is in the commit, but may leave versions open.",
            "uv lock  # or pip freeze > requirements.txt; then git add, git commit",
        )
    return Point(
        "Environment",
        State.MISSING,
        "No file says which packages it used.",
        'uv lock  # in the repository; or log the model with it:\nmlflow.sklearn.log_model(model, name="model")',
    )


def _python(facts: Facts) -> Point:
    if facts.python_file:
        return Point("Python", State.OK, f"{facts.python_file} names the version.")
    return Point(
        "Python",
        State.WEAK,
        "Python's version is not recorded.",
        "uv python pin 3.12  # writes .python-version",
    )


def _params(facts: Facts) -> Point:
    count = len(facts.params)
    if count:
        return Point("Parameters", State.OK, f"{count} parameter{'' if count == 1 else 's'} recorded.")
    return Point("Parameters", State.WEAK, "No parameters were recorded.", 'mlflow.log_params({"lr": lr})')


def _seed(facts: Facts) -> Point:
    if facts.seeds:
        return Point("Seed", State.OK, ", ".join(f"{name} = {value}" for name, value in facts.seeds[:3]))
    return Point("Seed", State.WEAK, "No parameter is named like a seed.", 'mlflow.log_param("seed", seed)')


def _command(facts: Facts) -> Point:
    if facts.source:
        return Point("Command", State.OK, facts.source)
    return Point(
        "Command",
        State.WEAK,
        "Nothing says what was started.",
        'mlflow.set_tag("mlflow.source.name", "train.py")',
    )


def _hardware(facts: Facts) -> Point:
    if facts.hardware:
        return Point("Hardware", State.OK, "System metrics were recorded.")
    return Point(
        "Hardware", State.WEAK, "The machine is not recorded.", "mlflow.enable_system_metrics_logging()"
    )


def _commands(facts: Facts) -> list[str]:
    """What to type; nothing without the code. Whatever a client said is quoted for the shell."""
    if not facts.commit_here:
        return []
    found = [
        f"git clone {shlex.quote(facts.clone_url)}",
        f"cd {shlex.quote(facts.folder)}",
        f"git checkout {facts.commit}",
    ]
    if facts.outputs:
        found.append("dvc pull")
    found += _install(facts)
    # What looks like an option is a file all the same; what holds control characters is nothing to paste into a terminal.
    source = f"./{facts.source}" if facts.source.startswith("-") else facts.source
    if source and source.isprintable():
        runner = {"py": "python ", "sh": "sh ", "R": "Rscript ", "ipynb": "jupyter execute "}
        found.append(runner.get(source.rpartition(".")[2], "") + shlex.quote(source))
    return found


def _install(facts: Facts) -> list[str]:
    by_lock = {
        "uv.lock": "uv sync --frozen",
        "poetry.lock": "poetry install --sync",
        "pdm.lock": "pdm sync",
        "Pipfile.lock": "pipenv sync",
        "conda-lock.yml": "conda-lock install",
        "pixi.lock": "pixi install --frozen",
    }
    for name in facts.lock_files:
        return [by_lock[name]]
    for path in filter(str.isprintable, facts.stored_files):
        if path.rpartition("/")[2] == "requirements.txt" and not path.startswith("models/"):
            fetched = f"mlflow artifacts download -r {facts.run_id} -a {shlex.quote(path)} -d environment"
            return [fetched, f"pip install -r {shlex.quote(f'environment/{path}')}"]
        if path.startswith("models/") and path.endswith("requirements.txt"):
            uri = f"models:/{path.split('/')[1]}"
            return [
                f"mlflow artifacts download -u {shlex.quote(f'{uri}/requirements.txt')} -d environment",
                "pip install -r environment/requirements.txt",
            ]
    if "requirements.txt" in facts.loose_files:
        return ["pip install -r requirements.txt"]
    conda = [name for name in facts.loose_files if name.startswith(("environment.", "conda."))]
    return [f"conda env create -f {conda[0]}"] if conda else []
