"""MLflow's workspace-aware stores, bound to our database and our rules. Imports MLflow."""

import uuid
from collections.abc import Iterable, Sequence
from typing import Any

import sqlalchemy
from mlflow.entities import EvaluationDataset, Workspace
from mlflow.entities.entity_type import EntityAssociationType
from mlflow.exceptions import MlflowException
from mlflow.protos.databricks_pb2 import RESOURCE_DOES_NOT_EXIST
from mlflow.store.model_registry.sqlalchemy_workspace_store import (
    WorkspaceAwareSqlAlchemyStore as MlflowRegistryStore,
)
from mlflow.store.tracking.dbmodels.models import SqlEntityAssociation, SqlExperiment
from mlflow.store.tracking.sqlalchemy_workspace_store import (
    WorkspaceAwareSqlAlchemyStore as MlflowTrackingStore,
)
from mlflow.store.workspace.abstract_store import AbstractStore as WorkspaceStore
from mlflow.utils import workspace_context
from mlflow.utils.time import get_current_time_millis

from ropewalk.edges.mlflow_http.default_experiment import _translated, install_on_engine, translates_arguments
from ropewalk.edges.mlflow_http.outages import WatchedPool, watch
from ropewalk.edges.mlflow_http.schema import make_engine

DATABASE = "postgresql+psycopg://"  # names the dialect; the connection itself is Django's
ARTIFACT_ROOT = "mlflow-artifacts:/"
_ATTEMPTS = 5  # each lost race means that another run's rows are there now
_engines: list[sqlalchemy.Engine] = []


def shared_engine() -> sqlalchemy.Engine:
    """The one connection pool of this process, for both stores; made at the first request, so never before a fork."""
    if not _engines:
        engine = make_engine(
            poolclass=WatchedPool, pool_size=4, max_overflow=28, pool_pre_ping=True, pool_recycle=1800
        )
        install_on_engine(engine)
        watch(engine)
        _engines.append(engine)
    return _engines[0]


def close_engine() -> None:
    """End this process's connections (tests, before their database is dropped)."""
    while _engines:
        _engines.pop().dispose()


class ProjectWorkspaces(WorkspaceStore):
    """One workspace for each project; the edge binds it, nobody lists or changes it."""

    def list_workspaces(self) -> Iterable[Workspace]:
        """The bound one alone."""
        name = workspace_context.get_request_workspace()
        return [Workspace(name=name)] if name else []

    def get_workspace(self, workspace_name: str) -> Workspace:
        """The bound one; any other does not exist."""
        if workspace_name != workspace_context.get_request_workspace():
            raise MlflowException(f"Workspace '{workspace_name}' not found", RESOURCE_DOES_NOT_EXIST)
        return Workspace(name=workspace_name)

    def get_default_workspace(self) -> Workspace:
        """None: a request without a bound project must fail."""
        raise NotImplementedError

    def resolve_artifact_root(
        self,
        default_artifact_root: str | None,
        workspace_name: str,  # MLflow passes it by name
    ) -> tuple[str | None, bool]:
        """The same root for all: artifacts are separated by the project's prefix in the object store."""
        return default_artifact_root, False


WORKSPACES = ProjectWorkspaces()


@translates_arguments
class ProjectTrackingStore(MlflowTrackingStore):
    """MLflow's tracking store in which ``0`` is the project's Default and the platform owns artifact locations."""

    def __init__(self) -> None:
        super().__init__(DATABASE, ARTIFACT_ROOT)  # type: ignore[no-untyped-call]

    @classmethod
    def _get_or_create_engine(cls, db_uri: str) -> sqlalchemy.Engine:  # one database, whatever its name
        return shared_engine()

    def _get_workspace_provider_instance(self) -> WorkspaceStore:
        return WORKSPACES

    def create_experiment(self, name: str, artifact_location: str | None = None, tags: Any = None) -> str:
        """As MLflow's, but says who decides on locations."""
        if artifact_location:
            raise MlflowException.invalid_parameter_value(
                "artifact_location cannot be chosen here: Ropewalk keeps artifacts in the project's own storage. "
                "Create the experiment without artifact_location."
            )
        return str(super().create_experiment(name, None, tags))  # type: ignore[no-untyped-call]

    def _filter_entity_ids(self, session: Any, entity_type: Any, entity_ids: list[str]) -> list[str]:
        if entity_type == EntityAssociationType.EXPERIMENT:
            entity_ids = _translated(entity_ids)
        return list(super()._filter_entity_ids(session, entity_type, entity_ids))

    def _log_inputs_impl(self, *arguments: Any, **named: Any) -> None:
        """As MLflow's, for runs that log the same dataset at once: it looks, then inserts, and all but one of them would fail.

        It is one transaction, so that a failed attempt left nothing and the next one finds the other run's row.
        """
        for left in reversed(range(_ATTEMPTS)):
            try:
                super()._log_inputs_impl(*arguments, **named)
                return
            except MlflowException as error:
                if not left or not isinstance(error.__cause__, sqlalchemy.exc.IntegrityError):
                    raise

    def add_dataset_to_experiments(self, dataset_id: str, experiment_ids: Sequence[str]) -> EvaluationDataset:
        """As MLflow's, which compares the experiments' numbers with texts; PostgreSQL refuses that."""
        wanted = list(dict.fromkeys(experiment_ids))
        known = set(self.filter_active_experiment_ids(wanted))
        if missing := [one for one in wanted if one not in known]:
            raise MlflowException(f"No Experiment with id={missing[0]}", RESOURCE_DOES_NOT_EXIST)
        present = set(self.get_dataset_experiment_ids(dataset_id))
        with self.ManagedSessionMaker(read_only=False) as session:
            found = self._dataset_query(session)  # type: ignore[no-untyped-call]
            dataset = found.filter_by(dataset_id=dataset_id).one()
            session.add_all(
                SqlEntityAssociation(
                    association_id=uuid.uuid4().hex,
                    source_id=dataset_id,
                    source_type=EntityAssociationType.EVALUATION_DATASET,
                    destination_id=one,
                    destination_type=EntityAssociationType.EXPERIMENT,
                )
                for one in wanted
                if one not in present
            )
            dataset.last_update_time = get_current_time_millis()
            session.flush()
            made: EvaluationDataset = dataset.to_mlflow_entity()
            return made

    def default_experiment(self) -> int:
        """Create the bound workspace's experiment "Default" when it has none; its id."""
        with self.ManagedSessionMaker(read_only=False) as session:
            self._create_default_experiment(session)
        with self.ManagedSessionMaker() as session:
            mine = session.query(SqlExperiment.experiment_id).filter(
                SqlExperiment.workspace == self._get_active_workspace(), SqlExperiment.name == "Default"
            )
            return int(mine.scalar())


class ProjectRegistryStore(MlflowRegistryStore):
    """MLflow's model registry on the same connections."""

    def transition_model_version_stage(
        self, name: str, version: Any, stage: str, archive_existing_versions: bool
    ) -> Any:
        """As MLflow's, which compares the version's text with a number when it archives others; PostgreSQL refuses that."""
        number = (
            int(version) if str(version).isdecimal() else version
        )  # anything else is refused in MLflow's words
        return super().transition_model_version_stage(name, number, stage, archive_existing_versions)  # type: ignore[no-untyped-call]

    def __init__(self) -> None:
        super().__init__(DATABASE)  # type: ignore[no-untyped-call]

    @classmethod
    def _get_or_create_engine(cls, db_uri: str) -> sqlalchemy.Engine:  # one database, whatever its name
        return shared_engine()
