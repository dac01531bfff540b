"""Django's entry for the gate."""

from django.apps import AppConfig


class AccessConfig(AppConfig):
    """Who may do what; the one gate to a project."""

    name = "ropewalk.access"
    label = "access"

    def ready(self) -> None:
        """Register the check that refuses to start with an undeclared route."""
        from ropewalk.access import checks  # noqa: F401  # importing registers it; needs the app registry
