"""Django's entry for projects."""

from django.apps import AppConfig


class ProjectsConfig(AppConfig):
    """The tenancy root."""

    name = "ropewalk.projects"
    label = "projects"
