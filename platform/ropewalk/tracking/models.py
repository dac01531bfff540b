"""Read-only models over MLflow's tables (schema ``mlflow`` of the same database, kept by MLflow's own migrations).

Each table name carries its schema, so they work on any connection. Every manager is fail-closed: a row is reached through a
project's workspace. The reverse relations are switched off for the same reason.
"""

from django.db import models

from ropewalk.core.scoping import ProjectScopedManager
from ropewalk.tracking.registry_models import (
    ModelAliasRow,
    ModelTagRow,
    ModelVersionRow,
    RegisteredModelRow,
    VersionTagRow,
)
from ropewalk.tracking.scoping import WorkspaceManager, table

__all__ = [
    "Dataset",
    "EvaluationDataset",
    "Experiment",
    "Link",
    "LinkTag",
    "LoggedModelRow",
    "ModelAliasRow",
    "ModelTagRow",
    "ModelVersionRow",
    "RegisteredModelRow",
    "Run",
    "RunMetric",
    "RunParam",
    "RunTag",
    "SavedView",
    "TraceRow",
    "TrackingSpace",
    "VersionTagRow",
]


class TrackingSpace(models.Model):
    """Ours: which experiment is a project's Default (MLflow clients call it ``0``), whatever it is called now."""

    project = models.OneToOneField("projects.Project", on_delete=models.CASCADE, related_name="+")
    default_experiment_id = models.IntegerField()

    objects = ProjectScopedManager["TrackingSpace"]()

    def __str__(self) -> str:
        return f"{self.project_id}: {self.default_experiment_id}"


class SavedView(models.Model):
    """Ours: a table of runs that somebody named. ``query`` is the table's query string; others see it when it is ``shared``."""

    project = models.ForeignKey("projects.Project", on_delete=models.CASCADE, related_name="+")
    owner = models.ForeignKey("accounts.User", on_delete=models.CASCADE, related_name="+")
    name = models.CharField(max_length=80)
    query = models.CharField(max_length=4000, blank=True)
    shared = models.BooleanField(default=False)
    updated_at = models.DateTimeField()

    objects = ProjectScopedManager["SavedView"]()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["project", "owner", "name"], name="saved_view_name_once"),
        ]

    def __str__(self) -> str:
        return f"{self.name} of project {self.project_id}"


class Experiment(models.Model):
    """MLflow's ``experiments``."""

    experiment_id = models.IntegerField(primary_key=True)
    name = models.CharField(max_length=256)
    workspace = models.CharField(max_length=63)
    lifecycle_stage = models.CharField(max_length=32)
    creation_time = models.BigIntegerField(null=True)
    last_update_time = models.BigIntegerField(null=True)

    objects = WorkspaceManager["Experiment"]("workspace")

    class Meta:
        managed = False
        db_table = table("experiments")

    def __str__(self) -> str:
        return self.name


class Run(models.Model):
    """MLflow's ``runs``."""

    run_uuid = models.CharField(max_length=32, primary_key=True)
    name = models.CharField(max_length=250, null=True)
    experiment = models.ForeignKey(Experiment, models.DO_NOTHING, related_name="+")
    user_id = models.CharField(max_length=256, null=True)
    status = models.CharField(max_length=20)
    start_time = models.BigIntegerField(null=True)
    end_time = models.BigIntegerField(null=True)
    lifecycle_stage = models.CharField(max_length=20)
    artifact_uri = models.CharField(max_length=200, null=True)

    objects = WorkspaceManager["Run"]("experiment__workspace")

    class Meta:
        managed = False
        db_table = table("runs")

    def __str__(self) -> str:
        return self.run_uuid


class RunTag(models.Model):
    """MLflow's ``tags``: the tags of runs."""

    pk = models.CompositePrimaryKey("key", "run")
    key = models.CharField(max_length=250)
    value = models.CharField(max_length=8000, null=True)
    run = models.ForeignKey(Run, models.DO_NOTHING, db_column="run_uuid", related_name="+")

    objects = WorkspaceManager["RunTag"]("run__experiment__workspace")

    class Meta:
        managed = False
        db_table = table("tags")

    def __str__(self) -> str:
        return self.key


class RunParam(models.Model):
    """MLflow's ``params``."""

    pk = models.CompositePrimaryKey("key", "run")
    key = models.CharField(max_length=250)
    value = models.CharField(max_length=8000)
    run = models.ForeignKey(Run, models.DO_NOTHING, db_column="run_uuid", related_name="+")

    objects = WorkspaceManager["RunParam"]("run__experiment__workspace")

    class Meta:
        managed = False
        db_table = table("params")

    def __str__(self) -> str:
        return self.key


class RunMetric(models.Model):
    """MLflow's ``latest_metrics``: one row for each run and key. NaN is ``value = 0`` with ``is_nan``."""

    pk = models.CompositePrimaryKey("key", "run")
    key = models.CharField(max_length=250)
    value = models.FloatField()
    timestamp = models.BigIntegerField(null=True)
    step = models.BigIntegerField()
    is_nan = models.BooleanField()
    run = models.ForeignKey(Run, models.DO_NOTHING, db_column="run_uuid", related_name="+")

    objects = WorkspaceManager["RunMetric"]("run__experiment__workspace")

    class Meta:
        managed = False
        db_table = table("latest_metrics")

    def __str__(self) -> str:
        return self.key


class Dataset(models.Model):
    """MLflow's ``datasets``: what runs declared as inputs."""

    pk = models.CompositePrimaryKey("experiment", "name", "digest")
    dataset_uuid = models.CharField(max_length=36)
    experiment = models.ForeignKey(Experiment, models.DO_NOTHING, related_name="+")
    name = models.CharField(max_length=500)
    digest = models.CharField(max_length=36)
    dataset_source_type = models.CharField(max_length=36)
    dataset_source = models.TextField()
    dataset_schema = models.TextField(null=True)
    dataset_profile = models.TextField(null=True)

    objects = WorkspaceManager["Dataset"]("experiment__workspace")

    class Meta:
        managed = False
        db_table = table("datasets")

    def __str__(self) -> str:
        return self.name


class Link(models.Model):
    """MLflow's ``inputs``: data set → run (``DATASET``/``RUN``) and run → model (``RUN_OUTPUT``/``MODEL_OUTPUT``).

    It names no experiment, so it has no project scope of its own: reach it only by the id of a run already scoped.
    """

    pk = models.CompositePrimaryKey("source_type", "source_id", "destination_type", "destination_id")
    input_uuid = models.CharField(max_length=36)
    source_type = models.CharField(max_length=36)
    source_id = models.CharField(max_length=36)
    destination_type = models.CharField(max_length=36)
    destination_id = models.CharField(max_length=36)

    class Meta:
        managed = False
        db_table = table("inputs")

    def __str__(self) -> str:
        return self.input_uuid


class LinkTag(models.Model):
    """MLflow's ``input_tags``; reach it only by the id of a scoped link. ``mlflow.data.context`` says how data was used."""

    pk = models.CompositePrimaryKey("input_uuid", "name")
    input_uuid = models.CharField(max_length=36)
    name = models.CharField(max_length=255)
    value = models.CharField(max_length=500)

    class Meta:
        managed = False
        db_table = table("input_tags")

    def __str__(self) -> str:
        return self.name


class LoggedModelRow(models.Model):
    """MLflow's ``logged_models``."""

    model_id = models.CharField(max_length=36, primary_key=True)
    experiment = models.ForeignKey(Experiment, models.DO_NOTHING, related_name="+")
    name = models.CharField(max_length=500)
    artifact_location = models.CharField(max_length=1000)
    creation_timestamp_ms = models.BigIntegerField()
    status = models.IntegerField()
    lifecycle_stage = models.CharField(max_length=32, null=True)
    model_type = models.CharField(max_length=500, null=True)
    source_run_id = models.CharField(max_length=32, null=True)

    objects = WorkspaceManager["LoggedModelRow"]("experiment__workspace")

    class Meta:
        managed = False
        db_table = table("logged_models")

    def __str__(self) -> str:
        return self.model_id


class TraceRow(models.Model):
    """MLflow's ``trace_info``; only what tells whose a trace is."""

    request_id = models.CharField(max_length=50, primary_key=True)
    experiment = models.ForeignKey(Experiment, models.DO_NOTHING, related_name="+")

    objects = WorkspaceManager["TraceRow"]("experiment__workspace")

    class Meta:
        managed = False
        db_table = table("trace_info")

    def __str__(self) -> str:
        return self.request_id


class EvaluationDataset(models.Model):
    """MLflow's ``evaluation_datasets``; only what tells whose one is."""

    dataset_id = models.CharField(max_length=36, primary_key=True)
    workspace = models.CharField(max_length=63)

    objects = WorkspaceManager["EvaluationDataset"]("workspace")

    class Meta:
        managed = False
        db_table = table("evaluation_datasets")

    def __str__(self) -> str:
        return self.dataset_id
