"""Django's entry for buckets."""

from django.apps import AppConfig


class BucketsConfig(AppConfig):
    """A project's objects under free keys."""

    name = "ropewalk.buckets"
    label = "buckets"
