"""The two servers under test: stock MLflow on a database of its own, and a project of the session's running Ropewalk."""

import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg
import pytest
import requests
from psycopg import sql

from tests.fixtures.instance import Instance
from tests.protocol.mlflow.conformance.stories import Server

PATIENCE = 240  # seconds; a bound for a busy machine, not a promise


@contextmanager
def fresh_database() -> Iterator[str]:
    """The address of an empty database on the session's PostgreSQL; dropped afterwards."""
    given = os.environ["DATABASE_URL"]
    name = f"stock_{secrets.token_hex(5)}"
    with psycopg.connect(given, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        try:
            parts = urlsplit(given)
            yield urlunsplit(parts._replace(scheme="postgresql+psycopg", path=f"/{name}")).replace(
                ":///", "://@/"
            )
        finally:
            connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def free_port() -> int:
    """A port that nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def running_stock(home: Path, database: str) -> Iterator[str]:
    """A stock ``mlflow server`` with one worker; its address once it answers."""
    address = f"http://127.0.0.1:{(port := free_port())}"
    command = [
        sys.executable,
        "-m",
        "mlflow",
        "server",
        "--host",
        "127.0.0.1",
        "--port",
        str(port),
        "--workers",
        "1",
    ]
    command += [
        "--backend-store-uri",
        database,
        "--serve-artifacts",
        "--artifacts-destination",
        str(home / "artifacts"),
    ]
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("MLFLOW_", "ROPEWALK_", "DJANGO_"))
    }
    off = {
        "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "HOME": str(home),
    }
    log = home / "stock.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            command,
            cwd=home,
            env=kept | off,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            process_group=0,
        )
    try:
        deadline = time.monotonic() + PATIENCE
        while not answers(address):
            if process.poll() is not None or time.monotonic() > deadline:
                pytest.fail(f"the stock server did not start:\n{log.read_text(errors='replace')[-3000:]}")
            time.sleep(0.2)
        yield address
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def answers(address: str) -> bool:
    """Whether the server there is ready."""
    try:
        return requests.get(f"{address}/health", timeout=5).status_code == 200
    except requests.RequestException:
        return False


@pytest.fixture(scope="session")
def stock() -> Iterator[Server]:
    """MLflow's own server, as ``mlflow server`` starts it."""
    home = Path(tempfile.mkdtemp(prefix="stock-mlflow-"))
    try:
        with fresh_database() as database, running_stock(home, database) as address:
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
