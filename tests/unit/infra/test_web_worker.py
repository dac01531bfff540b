"""A thread that waits for its client's next request: only a moment, only some of them, and never at a shutdown."""

import socket
import threading
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from gunicorn.config import Config
from gunicorn.http.parser import RequestParser

from infra.embedded.web_worker import Worker


@pytest.fixture
def pair() -> Iterator[tuple[Any, socket.socket]]:
    server, client = socket.socketpair()
    parser = RequestParser(Config(), server, ("127.0.0.1", 1))
    yield SimpleNamespace(sock=server, is_http2=False, parser=parser), client
    server.close()
    client.close()


def worker(waiting: int = 1) -> Worker:
    one = Worker.__new__(Worker)
    one.alive = True
    one._waiting = threading.Semaphore(waiting)
    return one


def test_a_request_that_is_there_is_taken(pair: tuple[Any, socket.socket]) -> None:
    conn, client = pair
    client.sendall(b"GET")
    here = worker()
    assert [here._next_comes_at_once(conn) for _ in range(3)] == [True] * 3


def test_a_request_that_was_read_along_with_an_unwanted_body_is_taken(
    pair: tuple[Any, socket.socket],
) -> None:
    """A refused upload: its client has the answer and asks on before the server has thrown the body away."""
    conn, client = pair
    client.sendall(b"PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\n")
    next(conn.parser)
    client.sendall(b"abcGET / HTTP/1.1\r\nHost: x\r\n\r\n")
    assert conn.parser.finish_body()
    assert worker(waiting=0)._next_comes_at_once(conn) is True
    assert next(conn.parser).method == "GET"
    assert worker()._next_comes_at_once(conn) is False


def test_a_client_that_is_silent_is_not_waited_for(pair: tuple[Any, socket.socket]) -> None:
    assert worker()._next_comes_at_once(pair[0]) is False


def test_not_all_threads_wait(pair: tuple[Any, socket.socket]) -> None:
    conn, client = pair
    client.sendall(b"GET")
    assert worker(waiting=0)._next_comes_at_once(conn) is False


def test_nobody_waits_at_a_shutdown(pair: tuple[Any, socket.socket]) -> None:
    conn, client = pair
    client.sendall(b"GET")
    here = worker()
    here.alive = False
    assert here._next_comes_at_once(conn) is False


def test_a_connection_of_many_streams_goes_back(pair: tuple[Any, socket.socket]) -> None:
    conn, client = pair
    client.sendall(b"GET")
    conn.is_http2 = True
    assert worker()._next_comes_at_once(conn) is False
