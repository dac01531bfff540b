"""Our own index on MLflow's runs for finding them by a part of their name."""

from django.db import migrations


class Migration(migrations.Migration):
    """The experiment is in the index, so that a word which is common in another project costs this one nothing."""

    dependencies = [("tracking", "0002_own_indexes"), ("accounts", "0004_search_indexes")]

    operations = [
        migrations.RunSQL("CREATE EXTENSION IF NOT EXISTS btree_gin", migrations.RunSQL.noop),
        migrations.RunSQL(
            "CREATE INDEX IF NOT EXISTS ropewalk_runs_words ON mlflow.runs USING gin (experiment_id, name gin_trgm_ops)",
            "DROP INDEX IF EXISTS mlflow.ropewalk_runs_words",
        ),
    ]
