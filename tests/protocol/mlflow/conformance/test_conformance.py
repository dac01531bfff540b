"""What stock MLflow does, Ropewalk does: statuses, codes, texts and whole answers, told to both servers in one session.

All stories are in this one file's tests because test files are spread over processes, and each would start both servers.
"""

from concurrent.futures import ThreadPoolExecutor
from types import ModuleType

import pytest
from mlflow.exceptions import MlflowException
from mlflow.protos.databricks_pb2 import ErrorCode

from ropewalk.edges.mlflow_http.errors import CLASSES
from tests.protocol.mlflow.conformance import (
    artifacts,
    batches,
    datasets,
    experiment_search,
    experiments,
    models,
    modern,
    registry,
    runs,
    search,
    spans,
    traces,
)
from tests.protocol.mlflow.conformance.stories import Server, Step, told

AREAS: tuple[ModuleType, ...] = (
    experiments,
    experiment_search,
    runs,
    batches,
    search,
    registry,
    traces,
    spans,
    models,
    datasets,
    modern,
    artifacts,
)
STORIES: dict[str, tuple[Step, ...]] = {
    f"{area.__name__.rpartition('.')[2]}-{name}": steps
    for area in AREAS
    for name, steps in area.STORIES.items()
}


@pytest.mark.parametrize("name", STORIES)
def test_both_answer_as_the_story_says_and_alike(servers: tuple[Server, Server], name: str) -> None:
    """Whole answers are compared, except where a step names the reason why ours is another."""
    steps = STORIES[name]
    with ThreadPoolExecutor(2) as telling:
        stock, ropewalk = telling.map(lambda server: told(server, steps), servers)
    different = [
        (number, step.call, step.body, theirs, ours)
        for number, (step, theirs, ours) in enumerate(
            zip(steps, stock.answers, ropewalk.answers, strict=True)
        )
        if not step.why and theirs != ours
    ]
    assert (stock.wrong, ropewalk.wrong, different) == ((), (), [])


@pytest.mark.parametrize("code", CLASSES)
def test_our_own_errors_are_sorted_as_mlflow_sorts_them(code: str) -> None:
    theirs = MlflowException("x", ErrorCode.Value(code))
    assert CLASSES[code] == (theirs.sqlstate, theirs.error_class)
