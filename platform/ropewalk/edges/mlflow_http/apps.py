"""Django application of the MLflow edge; it brings the ``migrate`` command that also keeps MLflow's schema."""

from django.apps import AppConfig


class MlflowHttpConfig(AppConfig):
    """No models: MLflow's tables belong to MLflow."""

    name = "ropewalk.edges.mlflow_http"
    label = "mlflow_http"
