"""Logging runs with MLflow's own store, so that the tests read what MLflow really wrote."""

from collections.abc import Mapping, Sequence
from typing import Any

from mlflow.entities import Dataset, DatasetInput, InputTag, LoggedModelOutput, Metric, Param, RunTag

from ropewalk.edges.mlflow_http import runtime


class Logbook:
    """One project's tracking store; times are milliseconds, a run starts at ``start`` and lasts one second."""

    def __init__(self, project_id: int) -> None:
        self.project_id = project_id

    def experiment(self, name: str) -> str:
        """A new experiment's id."""
        with runtime.bound(self.project_id) as store:
            return str(store.create_experiment(name))

    def run(
        self,
        experiment_id: str = "0",
        *,
        name: str = "run",
        start: int = 1_700_000_000_000,
        metrics: Mapping[str, float] | None = None,
        params: Mapping[str, str] | None = None,
        tags: Mapping[str, str] | None = None,
        status: str = "FINISHED",
    ) -> str:
        """A finished run's id."""
        with runtime.bound(self.project_id) as store:
            given = [RunTag(key, value) for key, value in (tags or {}).items()]
            info = store.create_run(experiment_id, "ada", start, given, name).info
            logged = [Metric(key, value, start, 0) for key, value in (metrics or {}).items()]
            texts = [Param(key, value) for key, value in (params or {}).items()]
            store.log_batch(info.run_id, logged, texts, [])
            store.update_run_info(info.run_id, _status(status), start + 1000, name)
            return str(info.run_id)

    def history(self, run_id: str, key: str, values: Sequence[float]) -> None:
        """One value a step."""
        with runtime.bound(self.project_id) as store:
            points = [Metric(key, value, 1_700_000_000_000 + step, step) for step, value in enumerate(values)]
            for first in range(0, len(points), 1000):
                store.log_batch(run_id, points[first : first + 1000], [], [])

    def dataset(self, run_id: str, name: str, context: str) -> None:
        """A data set as the run's input."""
        with runtime.bound(self.project_id) as store:
            given = DatasetInput(
                Dataset(name, "abc", "local", "{}"), [InputTag("mlflow.data.context", context)]
            )
            store.log_inputs(run_id, [given])

    def model(self, run_id: str, name: str, experiment_id: str = "0") -> str:
        """A logged model as the run's output."""
        with runtime.bound(self.project_id) as store:
            model = store.create_logged_model(experiment_id, name, run_id)
            store.log_outputs(run_id, [LoggedModelOutput(model.model_id, 0)])
            return str(model.model_id)

    def registered(self, name: str, run_id: str, *, alias: str = "") -> int:
        """A new version of a registered model."""
        from mlflow.exceptions import MlflowException
        from mlflow.server import handlers

        registry: Any = handlers._get_model_registry_store()
        with runtime.bound(self.project_id):
            try:
                registry.create_registered_model(name)
            except MlflowException:
                pass  # it is there already
            version = registry.create_model_version(name, f"runs:/{run_id}/model", run_id=run_id)
            if alias:
                registry.set_registered_model_alias(name, alias, version.version)
            return int(version.version)

    def delete(self, run_id: str) -> None:
        """Mark a run as deleted."""
        with runtime.bound(self.project_id) as store:
            store.delete_run(run_id)


def _status(name: str) -> int:
    from mlflow.entities import RunStatus

    return int(RunStatus.from_string(name))
