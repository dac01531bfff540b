"""Count what DVC remotes store, now and from now on."""

from django.db import migrations

from ropewalk.quotas.triggers import counted


class Migration(migrations.Migration):
    """Triggers, and the sums of what is there."""

    dependencies = [("data", "0005_remote_fetches"), ("quotas", "0001_initial")]

    operations = [
        counted("data_storedobject", kind="'dvc'", holder="coalesce(holder_id, 0)"),
    ]
