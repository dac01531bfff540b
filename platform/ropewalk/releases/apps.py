"""Django's entry for releases."""

from django.apps import AppConfig


class ReleasesConfig(AppConfig):
    """What a project gives out: a tag with a title, notes and files."""

    name = "ropewalk.releases"
    label = "releases"
