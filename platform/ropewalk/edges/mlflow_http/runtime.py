"""MLflow's server inside this process: imported once, configured once, its stores made once after the fork."""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING

from ropewalk.core.errors import Unavailable
from ropewalk.edges.mlflow_http import schema
from ropewalk.tracking import selectors, services
from ropewalk.tracking.types import workspace_name

if TYPE_CHECKING:
    from flask import Flask

    from ropewalk.edges.mlflow_http.stores import ProjectTrackingStore

DELIVERED_BY_US = "X-Ropewalk-Artifact"
_lock = threading.RLock()
_stores: dict[int, "ProjectTrackingStore"] = {}  # by process id: a fork must never share connections
_defaults: dict[int, int] = {}


def _configure() -> None:
    """MLflow is configured through environment variables; its own objects set them, before its server is imported."""
    from mlflow import environment_variables as variables

    variables.MLFLOW_ENABLE_WORKSPACES.set(True)
    variables.MLFLOW_SERVER_ENABLE_JOB_EXECUTION.set(False)
    variables.MLFLOW_ENABLE_AI_GATEWAY.set(False)
    variables.MLFLOW_DISABLE_TELEMETRY.set(True)
    variables.MLFLOW_SERVER_DISABLE_SECURITY_MIDDLEWARE.set("true")  # Django checks hosts and origins
    # Only now: in a server's process MLflow puts its own check of hosts into the application while this is imported.
    from mlflow.server import constants

    for name, value in (
        (constants.SERVE_ARTIFACTS_ENV_VAR, "true"),
        (constants.ARTIFACT_ROOT_ENV_VAR, "mlflow-artifacts:/"),
        (constants.ARTIFACTS_DESTINATION_ENV_VAR, "ropewalk-objects:/"),
    ):
        variables._EnvironmentVariable(name, str, None).set(value)


def _hide_workspaces() -> None:
    """Experiments say which workspace they are in; clients hear of the default alone, as from a server without workspaces."""
    from mlflow.entities import Experiment
    from mlflow.protos.service_pb2 import Experiment as ExperimentMessage
    from mlflow.utils.workspace_utils import DEFAULT_WORKSPACE_NAME

    made = Experiment.to_proto

    def to_proto(experiment: Experiment) -> ExperimentMessage:
        message = made(experiment)
        message.workspace = DEFAULT_WORKSPACE_NAME
        return message

    Experiment.to_proto = to_proto  # type: ignore[assignment]


@cache
def load() -> "Flask":
    """MLflow's Flask application. Imports MLflow (seconds, hundreds of megabytes) and opens no connection."""
    with _lock:
        _configure()
        from flask import Response
        from mlflow.server import app, handlers, workspace_helpers
        from mlflow.store.artifact.artifact_repository_registry import _artifact_repository_registry

        from ropewalk.edges.mlflow_http import artifact_repository, default_experiment, stores

        app.config["PROPAGATE_EXCEPTIONS"] = True  # dispatch turns them into MLflow's JSON instead of a page
        default_experiment.install_on_columns()
        _hide_workspaces()
        workspace_helpers._workspace_store = stores.WORKSPACES  # type: ignore[assignment]  # declared as None
        _artifact_repository_registry.register(
            artifact_repository.SCHEME, artifact_repository.ObjectRepository
        )
        repository = artifact_repository.ObjectRepository(artifact_repository.ROOT)
        handlers._artifact_repo = repository  # type: ignore[assignment]

        def deliver(repository: artifact_repository.ObjectRepository, path: str) -> Response:
            # MLflow would copy the whole object to a temporary file first; our edge streams it (see dispatch).
            return Response(headers={DELIVERED_BY_US: repository.relative(path).encode().hex()})

        handlers._send_artifact = deliver
        return app


def store() -> "ProjectTrackingStore":
    """The tracking store of this process; also hands MLflow's handlers and its in-process client the same two stores."""
    found = _stores.get(os.getpid())
    if found is not None:
        return found
    load()
    with _lock:
        if os.getpid() not in _stores:
            if not schema.migrated():
                raise Unavailable("MLflow's tables are not ready.", hint="Run manage.py migrate.")
            _stores[os.getpid()] = _make_stores()
        return _stores[os.getpid()]


def _make_stores() -> "ProjectTrackingStore":
    import mlflow
    from mlflow.server import handlers
    from mlflow.tracking._model_registry import utils as registry_utils
    from mlflow.tracking._tracking_service import utils as tracking_utils

    from ropewalk.edges.mlflow_http.stores import ProjectRegistryStore, ProjectTrackingStore

    tracking, registry = ProjectTrackingStore(), ProjectRegistryStore()
    handlers._tracking_store = tracking  # type: ignore[assignment]  # declared as None
    handlers._model_registry_store = registry  # type: ignore[assignment]

    def tracking_builder(
        store_uri: str | None = None, artifact_uri: str | None = None
    ) -> ProjectTrackingStore:
        return tracking

    def registry_builder(
        store_uri: str | None = None, tracking_uri: str | None = None
    ) -> ProjectRegistryStore:
        return registry

    # Some handlers use MlflowClient() inside the server: it must meet these stores, not a file store or a retry loop.
    tracking_utils._tracking_store_registry.register("ropewalk", tracking_builder)
    registry_utils._get_store_registry().register("ropewalk", registry_builder)
    mlflow.set_tracking_uri("ropewalk://store")
    mlflow.set_registry_uri("ropewalk://store")
    return tracking


def close() -> None:
    """Forget the stores and end their connections; the next request makes new ones."""
    if _stores:
        from ropewalk.edges.mlflow_http import stores

        _stores.clear()
        stores.close_engine()


@contextmanager
def bound(project_id: int) -> Iterator["ProjectTrackingStore"]:
    """The store with one project's workspace bound to this thread, and its Default known as experiment 0."""
    tracking = store()
    from mlflow.utils.workspace_context import ServerWorkspaceContext

    from ropewalk.edges.mlflow_http.default_experiment import CURRENT

    with ServerWorkspaceContext(workspace_name(project_id)):
        token = CURRENT.set(_default_of(project_id, tracking))
        try:
            yield tracking
        finally:
            CURRENT.reset(token)


def _default_of(project_id: int, tracking: "ProjectTrackingStore") -> int:
    """The id of the project's Default, made at first use; it stays the Default when it is renamed or deleted."""
    known = _defaults.get(project_id)
    if known is None:
        known = selectors.default_experiment_id(project_id)
        if known is None:
            known = services.remember_default(
                project_id=project_id, experiment_id=tracking.default_experiment()
            )
        if len(_defaults) > 100_000:
            _defaults.clear()
        _defaults[project_id] = known
    return known
