"""The server's side of a connection to a client that moves slowly, or not at all."""

import errno
import socket
import threading
import time
from collections.abc import Iterator

import pytest

from infra.embedded.web_socket import PatientSocket, Stalled


@pytest.fixture
def pair() -> Iterator[tuple[PatientSocket, socket.socket]]:
    """A server's socket with a patience of one second, and its client, over TCP."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        client = socket.socket()
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 17)
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, 1400)  # as over a network
        client.connect(listener.getsockname())
        plain, _ = listener.accept()
    server = PatientSocket.take(plain, 1)
    server.setblocking(True)
    yield server, client
    server.close()
    client.close()


def test_a_client_that_sends_nothing_is_given_up(pair: tuple[PatientSocket, socket.socket]) -> None:
    server, client = pair
    client.sendall(b"half")
    assert server.recv(100) == b"half"
    with pytest.raises(Stalled) as error:
        server.recv(100)
    assert error.value.errno == errno.ECONNRESET
    assert server.stalled
    client.sendall(b"too late")
    with pytest.raises(Stalled):
        server.recv(100)


def test_a_client_that_reads_nothing_is_given_up(pair: tuple[PatientSocket, socket.socket]) -> None:
    server, _client = pair
    with pytest.raises(Stalled):
        server.sendall(bytes(64 << 20))
    assert server.stalled


def test_a_client_that_reads_slowly_gets_everything(pair: tuple[PatientSocket, socket.socket]) -> None:
    server, client = pair
    size, received = 12 << 20, 0

    def read() -> None:
        nonlocal received
        for _ in range(30):
            received += len(client.recv(1 << 14))
            time.sleep(0.1)
        while block := client.recv(1 << 20):
            received += len(block)

    reader = threading.Thread(target=read)
    reader.start()
    server.sendall(bytes(size))
    server.shutdown(socket.SHUT_WR)
    reader.join()
    assert received == size
    assert not server.stalled


class Full(PatientSocket):
    """Takes a byte only at each third try; ``acknowledged`` bytes leave its buffer at each."""

    acknowledged, held, tries, taken = 10, 1000, 0, 0

    def send(self, data: object, flags: int = 0) -> int:
        self.tries += 1
        self.held -= self.acknowledged
        if self.tries % 3:
            raise BlockingIOError
        self.taken += 1
        return 1

    def _undelivered(self) -> int:
        return self.held


def test_a_full_buffer_is_no_stall_while_the_client_acknowledges() -> None:
    """The kernel takes new bytes only when a good part of its buffer is free."""
    with Full() as server:
        server.sendall(b"12345")
        assert server.taken == 5 and not server.stalled
    with Full() as server:
        server.acknowledged = 0
        with pytest.raises(Stalled):
            server.sendall(b"12345")


def test_a_wait_without_blocking_is_no_stall(pair: tuple[PatientSocket, socket.socket]) -> None:
    server, _client = pair
    server.setblocking(False)
    with pytest.raises(BlockingIOError):
        server.recv(1)
    server.settimeout(0.01)
    with pytest.raises(TimeoutError):
        server.recv(1)
    assert not server.stalled
