"""Django's entry for connected buckets."""

from django.apps import AppConfig


class OutsideConfig(AppConfig):
    """Buckets of other S3 services."""

    name = "ropewalk.outside"
    label = "outside"
