from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("buckets", "0003_policy")]

    operations = [
        migrations.AddField("bucketobject", "damaged_at", models.DateTimeField(null=True)),
        migrations.AddIndex(
            "bucketobject",
            models.Index(
                fields=["project", "key"],
                condition=models.Q(damaged_at__isnull=False),
                name="bucket_object_damaged",
            ),
        ),
    ]
