"""Routes of datasets."""

from functools import partial

from ropewalk.access.roles import Permission
from ropewalk.access.routes import project_route
from ropewalk.edges.web.data import bucket, collecting, columns, fetching, removed, views
from ropewalk.edges.web.errors import html_error

_project = partial(project_route, on_error=html_error)
_P = "<str:owner>/<str:project>"

urlpatterns = [
    _project(f"{_P}/settings/data", fetching.fetch_data, needs=Permission.SETTINGS_WRITE, name="data-fetch"),
    _project(
        f"{_P}/settings/data/cancel",
        fetching.cancel_fetch,
        needs=Permission.SETTINGS_WRITE,
        name="data-fetch-cancel",
    ),
    _project(f"{_P}/settings/data/removed", removed.removals, needs=Permission.DATA_DELETE, name="removals"),
    _project(
        f"{_P}/settings/data/removed/<int:removal_id>",
        removed.removal,
        needs=Permission.DATA_DELETE,
        name="removal",
    ),
    _project(f"{_P}/settings/data/collect", collecting.collect, needs=Permission.DATA_DELETE, name="collect"),
    _project(
        f"{_P}/settings/data/collect/<int:collection_id>",
        collecting.collection,
        needs=Permission.DATA_DELETE,
        name="collection",
    ),
    _project(f"{_P}/bucket", bucket.browse, needs=Permission.DATA_READ, name="bucket"),
    _project(f"{_P}/bucket/file", bucket.download, needs=Permission.DATA_READ, name="bucket-file"),
    _project(f"{_P}/bucket/delete", bucket.delete, needs=Permission.DATA_WRITE, name="bucket-delete"),
    _project(f"{_P}/data", views.datasets, needs=Permission.DATA_READ, name="data"),
    _project(f"{_P}/data/<path:rev_path>", views.dataset, needs=Permission.DATA_READ, name="dataset"),
    _project(
        f"{_P}/columns/<path:rev_path>", columns.columns, needs=Permission.DATA_READ, name="data-columns"
    ),
    _project(
        f"{_P}/download/<path:rev_path>", views.download, needs=Permission.DATA_READ, name="data-download"
    ),
]
