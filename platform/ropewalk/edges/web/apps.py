"""Django's entry for the web pages."""

from django.apps import AppConfig


class WebConfig(AppConfig):
    """Server-rendered pages; works without script for reading and forms."""

    name = "ropewalk.edges.web"
    label = "web"
