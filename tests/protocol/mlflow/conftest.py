"""Fixtures of the MLflow tests."""

from tests.protocol.mlflow.fixtures import mlflow_in_process, objects

__all__ = ["mlflow_in_process", "objects"]
