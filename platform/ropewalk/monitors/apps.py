"""Django's entry for drift monitoring."""

from django.apps import AppConfig


class MonitorsConfig(AppConfig):
    """Profiles of data files, drift reports between data versions."""

    name = "ropewalk.monitors"
    label = "monitors"
