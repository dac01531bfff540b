"""Count what releases store, now and from now on."""

from django.db import migrations

from ropewalk.quotas.triggers import counted


class Migration(migrations.Migration):
    """Triggers, and the sums of what is there."""

    dependencies = [("releases", "0001_initial"), ("quotas", "0001_initial")]

    operations = [
        counted("releases_releasefile", kind="'releases'"),
    ]
