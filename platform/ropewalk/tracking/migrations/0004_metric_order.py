"""The latest metrics of an experiment in the order of their values, for searches that sort by a metric."""

from django.db import migrations

FORWARD = """
ALTER TABLE mlflow.latest_metrics ADD COLUMN IF NOT EXISTS ropewalk_experiment_id integer;
UPDATE mlflow.latest_metrics l SET ropewalk_experiment_id = r.experiment_id FROM mlflow.runs r
  WHERE r.run_uuid = l.run_uuid AND l.ropewalk_experiment_id IS NULL;
CREATE OR REPLACE FUNCTION mlflow.ropewalk_experiment_of_metric() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  SELECT experiment_id INTO NEW.ropewalk_experiment_id FROM mlflow.runs WHERE run_uuid = NEW.run_uuid;
  RETURN NEW;
END $$;
DROP TRIGGER IF EXISTS ropewalk_experiment_of_metric ON mlflow.latest_metrics;
CREATE TRIGGER ropewalk_experiment_of_metric BEFORE INSERT ON mlflow.latest_metrics
  FOR EACH ROW WHEN (NEW.ropewalk_experiment_id IS NULL) EXECUTE FUNCTION mlflow.ropewalk_experiment_of_metric();
CREATE INDEX IF NOT EXISTS ropewalk_latest_metrics_order
  ON mlflow.latest_metrics (ropewalk_experiment_id, key, is_nan, value, run_uuid);
"""
BACKWARD = """
DROP INDEX IF EXISTS mlflow.ropewalk_latest_metrics_order;
DROP TRIGGER IF EXISTS ropewalk_experiment_of_metric ON mlflow.latest_metrics;
DROP FUNCTION IF EXISTS mlflow.ropewalk_experiment_of_metric();
ALTER TABLE mlflow.latest_metrics DROP COLUMN IF EXISTS ropewalk_experiment_id;
"""


class Migration(migrations.Migration):
    """A run never changes its experiment, so the copy in each metric's row is right for ever; MLflow itself does not see it."""

    dependencies = [("tracking", "0003_search_indexes")]

    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
