"""Kombu's Redis transport with one of its faults mended: a worker lives through the loss of its broker.

When the broker goes away while a job runs and another process waits for work, Kombu 5.7 leaves a channel open whose transport it
has given up. Whatever is asked of that channel later (to be closed, to acknowledge the job that ended) is an ``AttributeError``,
which Celery takes for a defect: the worker ended, and cut its jobs off. What it should say is that the connection is lost.
"""

from typing import Any

from kombu.transport import redis as transport
from redis.exceptions import ConnectionError as ConnectionLost


class Channel(transport.Channel):
    """As Kombu's; lost once its transport is."""

    def _connparams(self, asynchronous: bool = False) -> dict[str, Any]:
        if self.connection is None or self.connection.client is None:
            raise ConnectionLost("This channel's connection to the broker was lost.")
        parameters: dict[str, Any] = super()._connparams(asynchronous)  # type: ignore[misc]  # not in the stubs
        return parameters


def install() -> None:
    """Let every connection to Redis that this process opens from now on have such channels."""
    transport.Transport.Channel = Channel
