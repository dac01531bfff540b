"""Django application of the SSH edge; it brings the ``serve_ssh`` command."""

from django.apps import AppConfig


class SshConfig(AppConfig):
    """No models: keys belong to accounts."""

    name = "ropewalk.edges.ssh"
    label = "ssh"
