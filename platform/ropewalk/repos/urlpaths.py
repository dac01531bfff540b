"""The URL converter of ``<revision>/<path>``, which more than one edge uses."""

from django.urls import register_converter


class RevisionPath:
    """A revision and a path in it: anything, line ends too, for git forbids them in neither files nor folders."""

    regex = r"(?s:.+)"

    def to_python(self, value: str) -> str:
        """As it is."""
        return value

    def to_url(self, value: str) -> str:
        """As it is; Django quotes it."""
        return value


register_converter(RevisionPath, "revpath")
