"""Routes of reading: files, their bytes, history and blame."""

from functools import partial

from ropewalk.access.roles import Permission
from ropewalk.access.routes import project_route
from ropewalk.edges.web.errors import html_error
from ropewalk.edges.web.files import archives, browsing, finder, history, raw, search
from ropewalk.repos import urlpaths  # noqa: F401  # registers the converter ``revpath``

_read = partial(project_route, on_error=html_error, needs=Permission.CODE_READ)
_P = "<str:owner>/<str:project>"

urlpatterns = [
    _read(f"{_P}/src/<revpath:rev_path>", browsing.browse, name="file"),
    _read(f"{_P}/raw/<revpath:rev_path>", raw.raw, name="raw"),
    _read(f"{_P}/commits/<revpath:rev_path>", history.commits, name="commits"),
    _read(f"{_P}/blame/<revpath:rev_path>", history.blame, name="blame"),
    _read(f"{_P}/find/<revpath:rev_path>", finder.find, name="find"),
    _read(f"{_P}/search/<revpath:rev_path>", search.search, name="code-search"),
    _read(f"{_P}/archive/<revpath:archive>", archives.archive, name="archive"),
    _read(f"{_P}/file-list/<str:sha>", finder.file_list, name="file-list"),
]
