"""Read-only models over the tables of MLflow's model registry. The same rules as :mod:`ropewalk.tracking.models`."""

from django.db import models

from ropewalk.tracking.scoping import WorkspaceManager, table


class RegisteredModelRow(models.Model):
    """MLflow's ``registered_models``."""

    pk = models.CompositePrimaryKey("workspace", "name")
    workspace = models.CharField(max_length=63)
    name = models.CharField(max_length=256)
    creation_time = models.BigIntegerField(null=True)
    last_updated_time = models.BigIntegerField(null=True)
    description = models.CharField(max_length=5000, null=True)

    objects = WorkspaceManager["RegisteredModelRow"]("workspace")

    class Meta:
        app_label = "tracking"
        managed = False
        db_table = table("registered_models")

    def __str__(self) -> str:
        return self.name


class ModelVersionRow(models.Model):
    """MLflow's ``model_versions``; deleted ones keep their row in the stage ``Deleted_Internal``."""

    pk = models.CompositePrimaryKey("workspace", "name", "version")
    workspace = models.CharField(max_length=63)
    name = models.CharField(max_length=256)
    version = models.IntegerField()
    creation_time = models.BigIntegerField(null=True)
    last_updated_time = models.BigIntegerField(null=True)
    description = models.CharField(max_length=5000, null=True)
    current_stage = models.CharField(max_length=20, null=True)
    source = models.CharField(max_length=500, null=True)
    run_id = models.CharField(max_length=32, null=True)
    status = models.CharField(max_length=20, null=True)

    objects = WorkspaceManager["ModelVersionRow"]("workspace")

    class Meta:
        app_label = "tracking"
        managed = False
        db_table = table("model_versions")

    def __str__(self) -> str:
        return f"{self.name} {self.version}"


class ModelAliasRow(models.Model):
    """MLflow's ``registered_model_aliases``."""

    pk = models.CompositePrimaryKey("workspace", "name", "alias")
    workspace = models.CharField(max_length=63)
    name = models.CharField(max_length=256)
    alias = models.CharField(max_length=256)
    version = models.IntegerField()

    objects = WorkspaceManager["ModelAliasRow"]("workspace")

    class Meta:
        app_label = "tracking"
        managed = False
        db_table = table("registered_model_aliases")

    def __str__(self) -> str:
        return self.alias


class ModelTagRow(models.Model):
    """MLflow's ``registered_model_tags``."""

    pk = models.CompositePrimaryKey("workspace", "key", "name")
    workspace = models.CharField(max_length=63)
    name = models.CharField(max_length=256)
    key = models.CharField(max_length=250)
    value = models.CharField(max_length=5000, null=True)

    objects = WorkspaceManager["ModelTagRow"]("workspace")

    class Meta:
        app_label = "tracking"
        managed = False
        db_table = table("registered_model_tags")

    def __str__(self) -> str:
        return self.key


class VersionTagRow(models.Model):
    """MLflow's ``model_version_tags``."""

    pk = models.CompositePrimaryKey("workspace", "key", "name", "version")
    workspace = models.CharField(max_length=63)
    name = models.CharField(max_length=256)
    version = models.IntegerField()
    key = models.CharField(max_length=250)
    value = models.TextField(null=True)

    objects = WorkspaceManager["VersionTagRow"]("workspace")

    class Meta:
        app_label = "tracking"
        managed = False
        db_table = table("model_version_tags")

    def __str__(self) -> str:
        return self.key
