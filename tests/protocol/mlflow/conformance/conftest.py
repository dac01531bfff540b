"""Fixtures of the conformance suite."""

from tests.protocol.mlflow.conformance.servers import ropewalk, server, stock

__all__ = ["ropewalk", "server", "stock"]
