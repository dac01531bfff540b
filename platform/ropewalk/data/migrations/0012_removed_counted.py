"""Count what was removed and can be restored, now and from now on: its bytes are still stored."""

from django.db import migrations

from ropewalk.quotas.triggers import counted


class Migration(migrations.Migration):
    """Triggers, and the sums of what is there."""

    dependencies = [("data", "0011_collection_unreadable"), ("quotas", "0002_bin")]

    operations = [counted("data_removedobject", kind="'bin'", holder="coalesce(holder_id, 0)")]
