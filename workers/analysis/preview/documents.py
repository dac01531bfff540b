"""reStructuredText as HTML. The page sanitizes the result; here nothing may read files, and nothing may take long."""

from pathlib import Path

from docutils.core import publish_parts
from docutils.utils import SystemMessage

from workers.analysis.errors import AnalysisError
from workers.analysis.preview import Document

MOST_BYTES = 256 << 10
_MOST_HTML = 4 << 20
_SETTINGS = {
    "_disable_config": True,
    "file_insertion_enabled": False,
    "raw_enabled": False,
    "embed_stylesheet": False,
    "stylesheet_path": None,
    "syntax_highlight": "short",
    "math_output": "LaTeX",
    "initial_header_level": 1,
    "doctitle_xform": True,
    "line_length_limit": 10_000,
    "report_level": 5,
    "halt_level": 5,
    "traceback": False,
    "input_encoding": "unicode",
}


def rst_html(path: Path) -> Document:
    """{html} of a file. Raises :class:`AnalysisError`."""
    with path.open("rb") as file:
        data = file.read(MOST_BYTES + 1)
    if len(data) > MOST_BYTES:
        raise AnalysisError("too_large", f"Documents of more than {MOST_BYTES >> 10} KiB are not rendered.")
    try:
        parts = publish_parts(
            data.decode("utf-8-sig", "replace"), writer="html5", settings_overrides=_SETTINGS
        )
    except (SystemMessage, RecursionError, ValueError, AttributeError) as error:
        raise AnalysisError("bad_document", "This document can't be rendered. Look at its source.") from error
    html = str(parts["html_body"])
    if len(html) > _MOST_HTML:
        raise AnalysisError("too_large", "The rendered document would be too large.")
    return {"html": html}
