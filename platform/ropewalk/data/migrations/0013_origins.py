"""Where imported outputs came from; and commits by the version of their index, so that old ones are found and read again."""

from django.db import migrations, models


class Migration(migrations.Migration):
    """A column without values: the next reading of each commit fills it."""

    dependencies = [("data", "0012_removed_counted")]

    operations = [
        migrations.AddField("trackedoutput", "origin", models.JSONField(null=True)),
        migrations.AddIndex(
            "revisionindex", models.Index(fields=["version", "project"], name="revision_index_by_version")
        ),
    ]
