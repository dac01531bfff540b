from django.db import migrations, models

KINDS = [
    ("dvc", "DVC data"),
    ("runs", "DVC's run cache"),
    ("bucket", "Bucket"),
    ("artifacts", "Run artifacts"),
    ("releases", "Release files"),
    ("git", "Git repository"),
    ("parts", "Uploads under way"),
    ("bin", "Removed, can be restored"),
]


class Migration(migrations.Migration):
    dependencies = [("quotas", "0001_initial")]

    operations = [
        migrations.AlterField(model, "kind", models.CharField(choices=KINDS, max_length=10))
        for model in ("storagechange", "storagetotal")
    ]
