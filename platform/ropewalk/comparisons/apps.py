"""Django's entry for comparisons."""

from django.apps import AppConfig


class ComparisonsConfig(AppConfig):
    """Runs side by side: what is compared, the stored result, whether it is still current."""

    name = "ropewalk.comparisons"
    label = "comparisons"
