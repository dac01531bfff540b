"""Django's entry for quotas."""

from django.apps import AppConfig


class QuotasConfig(AppConfig):
    """What is stored, and what may be."""

    name = "ropewalk.quotas"
    label = "quotas"
