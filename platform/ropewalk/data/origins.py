"""Where an imported output came from, as its ``.dvc`` file says it: a stranger's words, to be shown and never followed."""

from dataclasses import dataclass
from typing import Any

REPOSITORY = "repo"
URL = "url"


@dataclass(frozen=True)
class Origin:
    """The source of an import.

    ``kind`` is ``repo`` (``dvc import``: DVC never pushes such data, and a pull asks the source repository for it) or ``url``
    (``dvc import-url``: pushed like other data; only ``dvc update`` asks the source). ``path`` and ``rev`` are of a repository.
    """

    kind: str
    url: str
    path: str = ""
    rev: str = ""

    @property
    def is_kept_there(self) -> bool:
        """Whether DVC leaves the bytes with the source, so that nobody is expected to push them here."""
        return self.kind == REPOSITORY

    @property
    def link(self) -> str:
        """The address for a browser; empty for one that is not plainly of the web."""
        return self.url if self.url.lower().startswith(("https://", "http://")) else ""

    @classmethod
    def of(cls, row: dict[str, Any] | None) -> "Origin | None":
        """From the index; None for an output that was not imported."""
        return cls(**row) if row else None
