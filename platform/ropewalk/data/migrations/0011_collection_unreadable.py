from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("data", "0010_scrub_part")]

    operations = [
        migrations.AddField("collection", "unreadable", models.CharField(default="stop", max_length=10))
    ]
