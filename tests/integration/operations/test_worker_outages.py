"""The worker and beat wait for their broker as long as it takes. Hours pass here without being waited for."""

import socket
from pathlib import Path
from types import SimpleNamespace

import pytest
from celery.beat import Scheduler
from celery.worker.consumer import Consumer
from kombu.exceptions import OperationalError
from kombu.utils import functional

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
