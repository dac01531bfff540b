"""Routes of the MLflow edge."""

from ropewalk.access.roles import Permission
from ropewalk.access.routes import project_route
from ropewalk.edges.mlflow_http.errors import mlflow_error
from ropewalk.edges.mlflow_http.views import mlflow_entry

urlpatterns = [
    project_route(
        r"^(?P<owner>[^/]+)/(?P<project>[^/]+)\.mlflow(?P<path>/[\s\S]*)?\Z",
        mlflow_entry,
        needs=Permission.RUNS_READ,
        name="mlflow",
        on_error=mlflow_error,
        csrf=False,
        challenge=True,
        regex=True,
    )
]
