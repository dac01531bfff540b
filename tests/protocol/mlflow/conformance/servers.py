"""The two servers under test: stock MLflow on a database of its own, and a project of the session's running Ropewalk."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from tests.fixtures.instance import Instance
from tests.fixtures.stock_mlflow import fresh_database, running_stock
from tests.protocol.mlflow.conformance.stories import Server


@pytest.fixture(scope="session")
def stock() -> Iterator[Server]:
    """MLflow's own server, as ``mlflow server`` starts it."""
    home = Path(tempfile.mkdtemp(prefix="stock-mlflow-"))
    try:
        with (
            fresh_database(os.environ["DATABASE_URL"]) as database,
            running_stock(home, database) as (address, _),
        ):
            yield Server("stock", address)
    finally:
        shutil.rmtree(home, ignore_errors=True)


@pytest.fixture(scope="session")
def ropewalk(instance: Instance) -> Server:
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


@pytest.fixture(params=["stock", "ropewalk"])
def server(request: pytest.FixtureRequest) -> Server:
    """Each of the two in turn."""
    found: Server = request.getfixturevalue(request.param)
    return found
