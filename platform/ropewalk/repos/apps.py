"""Django's entry for git repositories."""

from django.apps import AppConfig


class ReposConfig(AppConfig):
    """One bare git repository for each project."""

    name = "ropewalk.repos"
    label = "repos"
