"""What a page shows of a file that needs a reader: the beginning of a table, the facts of a model, the list of an archive.

Every function takes a local file and gives a JSON document. Nothing of a file is ever executed, unpickled or extracted.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

PREVIEW_VERSION = 1
Document = dict[str, Any]
Progress = Callable[[float], None]


def make_preview(kind: str, path: Path, name: str, options: str, progress: Progress) -> Document:
    """The document for a file. ``kind`` is ``table``, ``model``, ``archive`` or ``rst``; ``name`` is the file's.

    ``options`` is ``sort:<column's number>:asc`` or ``…:desc`` for the first rows of a table in another order. Raises
    :class:`~workers.analysis.errors.AnalysisError`.
    """
    # each pulls in libraries of its own
    if kind == "table":
        from workers.analysis.preview.tables import table_preview

        return table_preview(path, name, options, progress)
    if kind == "model":
        from workers.analysis.preview.models import model_facts

        return model_facts(path, name)
    if kind == "archive":
        from workers.analysis.preview.archives import archive_list

        return archive_list(path, name)
    from workers.analysis.preview.documents import rst_html

    return rst_html(path)
