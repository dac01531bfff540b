"""What differs between two versions of a file that is more than its lines: an image, a notebook, a table.

Every function takes local files and gives a JSON document. Nothing of a file is ever executed.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

Document = dict[str, Any]
Progress = Callable[[float, str], None]


@dataclass(frozen=True)
class Side:
    """One version: where its bytes are, and the file's name, which decides how it is read."""

    path: Path
    name: str

    @property
    def size(self) -> int:
        """Its bytes."""
        return self.path.stat().st_size


def compare_contents(
    kind: str, old: Side | None, new: Side | None, options: str, folder: Path, progress: Progress
) -> Document:
    """The document for two versions, one of which may be nothing. ``folder`` is room for temporary files.

    ``options``: for a table, ``rows`` to compare whole rows or ``key:<column>``; empty for a key that is found. Raises
    :class:`~workers.analysis.errors.AnalysisError`.
    """
    # each pulls in libraries of its own
    if kind == "table":
        from workers.analysis.contents.tables.diff import table_diff

        return table_diff(old, new, options, folder, progress)
    if kind == "notebook":
        from workers.analysis.contents.notebooks import notebook_diff

        return notebook_diff(old, new, progress)
    from workers.analysis.contents.images import image_diff

    return image_diff(old, new)
