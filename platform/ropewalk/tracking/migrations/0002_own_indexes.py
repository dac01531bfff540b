"""Our own indexes on MLflow's tables (MLflow's migrations have run before ours, see the ``migrate`` command)."""

from django.db import migrations


class Migration(migrations.Migration):
    """The newest runs of an experiment; the runs of a commit; the children of a run."""

    dependencies = [("tracking", "0001_initial")]

    operations = [
        migrations.RunSQL(
            "CREATE INDEX IF NOT EXISTS ropewalk_runs_newest ON mlflow.runs "
            "(experiment_id, lifecycle_stage, start_time DESC NULLS LAST, run_uuid)",
            "DROP INDEX IF EXISTS mlflow.ropewalk_runs_newest",
        ),
        # Hash indexes: a tag's value may be longer than a B-tree entry can be.
        migrations.RunSQL(
            "CREATE INDEX IF NOT EXISTS ropewalk_tags_commit ON mlflow.tags USING hash (value) "
            "WHERE key = 'mlflow.source.git.commit'",
            "DROP INDEX IF EXISTS mlflow.ropewalk_tags_commit",
        ),
        migrations.RunSQL(
            "CREATE INDEX IF NOT EXISTS ropewalk_tags_parent ON mlflow.tags USING hash (value) WHERE key = 'mlflow.parentRunId'",
            "DROP INDEX IF EXISTS mlflow.ropewalk_tags_parent",
        ),
    ]
