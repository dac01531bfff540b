"""Django's entry for the data room."""

from django.apps import AppConfig


class DataConfig(AppConfig):
    """DVC: stored objects, and what each commit tracks."""

    name = "ropewalk.data"
    label = "data"
