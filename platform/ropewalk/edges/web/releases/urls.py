"""Routes of tags, releases and contributors."""

from functools import partial

from ropewalk.access.roles import Permission
from ropewalk.access.routes import project_route
from ropewalk.edges.web.errors import html_error
from ropewalk.edges.web.releases import editing, people, reading, tags
from ropewalk.repos import urlpaths  # noqa: F401  # registers the converter ``revpath``

_read = partial(project_route, on_error=html_error, needs=Permission.CODE_READ)
_write = partial(project_route, on_error=html_error, needs=Permission.CODE_WRITE)
_P = "<str:owner>/<str:project>"
_R = f"{_P}/releases"
_ONE = f"{_R}/<int:release_id>"

urlpatterns = [
    _read(f"{_P}/contributors", people.contributors, name="contributors"),
    _read(f"{_P}/tags", tags.tags, name="tags"),
    _write(f"{_P}/tags/new", tags.new_tag, name="tag-new"),
    _write(f"{_P}/tags/delete/<revpath:tag>", tags.remove_tag, name="tag-delete"),
    _read(_R, reading.releases, name="releases"),
    _read(f"{_R}/latest", reading.latest, name="release-latest"),
    _read(f"{_R}/latest/download/<str:file>", reading.latest_file, name="release-latest-file"),
    _read(f"{_R}/tag/<revpath:tag>", reading.release, name="release"),
    _read(f"{_R}/download/<revpath:tag>/<str:file>", reading.download, name="release-file"),
    _write(f"{_R}/new", editing.new_release, name="release-new"),
    _write(f"{_ONE}/edit", editing.edit_release, name="release-edit"),
    _write(f"{_ONE}/delete", editing.remove_release, name="release-delete"),
    _write(f"{_ONE}/files", editing.add_files, name="release-files"),
    _write(f"{_ONE}/files/<int:file_id>/delete", editing.remove_file, name="release-file-delete"),
    # Its answers are for the page's script.
    project_route(
        f"{_ONE}/upload/<str:file>", editing.put_file, needs=Permission.CODE_WRITE, name="release-file-put"
    ),
]
