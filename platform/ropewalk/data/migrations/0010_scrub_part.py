from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("data", "0009_scrub")]

    operations = [migrations.AddField("scrub", "part", models.CharField(default="dvc", max_length=10))]
