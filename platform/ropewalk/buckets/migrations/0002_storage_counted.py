"""Count what buckets and uploads in parts store, now and from now on."""

from django.db import migrations

from ropewalk.quotas.triggers import counted


class Migration(migrations.Migration):
    """Triggers, and the sums of what is there."""

    dependencies = [("buckets", "0001_initial"), ("quotas", "0001_initial")]

    operations = [
        counted("buckets_bucketobject", kind="CASE bucket WHEN 'dvc' THEN 'runs' ELSE 'bucket' END"),
        counted("buckets_uploadpart", kind="'parts'"),
    ]
