"""Fixtures of the conformance suite."""

from tests.protocol.mlflow.conformance.servers import servers

__all__ = ["servers"]
