"""The two servers under test: stock MLflow on a database of its own, and a project of the session's running Ropewalk."""

import os
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import pytest
import requests

from tests.fixtures.instance import Instance
from tests.fixtures.stock_mlflow import fresh_database, running_stock
from tests.protocol.mlflow.conformance.stories import Server


@pytest.fixture(scope="session")
def servers(request: pytest.FixtureRequest) -> Iterator[tuple[Server, Server]]:
    """Stock, as ``mlflow server`` starts it, and Ropewalk; both take long to start, so they start at once."""
    with (
        tempfile.TemporaryDirectory(prefix="stock-mlflow-", ignore_cleanup_errors=True) as home,
        fresh_database(os.environ["DATABASE_URL"]) as database,
        ExitStack() as running,
        ThreadPoolExecutor(1) as starting,
    ):
        stock = starting.submit(running.enter_context, running_stock(Path(home), database))
        ropewalk = a_project_of(request.getfixturevalue("instance"))
        yield Server("stock", stock.result()[0]), ropewalk


def a_project_of(instance: Instance) -> Server:
    """A private project of a running Ropewalk, as its owner reaches it."""
    user, _, token = instance.user("conformist")
    made = requests.post(
        f"{instance.url}/api/v1/user/repos",
        json={"name": "conform", "private": True},
        auth=(user, token),
        timeout=60,
    )
    assert made.ok, made.text
    return Server("ropewalk", f"{instance.url}/{user}/conform.mlflow", (user, token))
