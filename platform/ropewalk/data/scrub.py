"""How far reading everything again has come."""

from django.db import models


class Scrub(models.Model):
    """How far the reading of everything that is stored has come, one row: all objects of a part up to the number ``last_id``."""

    part = models.CharField(max_length=10, default="dvc")
    last_id = models.BigIntegerField(default=0)
    round_started_at = models.DateTimeField()
    round_ended_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.part} up to {self.last_id}"
