"""Django's entry for the kernel."""

from django.apps import AppConfig


class CoreConfig(AppConfig):
    """Jobs, blobs, locks, errors: knows no product."""

    name = "ropewalk.core"
    label = "core"
