"""Routes of datasets."""

from functools import partial

from ropewalk.access.roles import Permission
from ropewalk.access.routes import project_route
from ropewalk.edges.web.data import (
    availability,
    bucket,
    bucket_upload,
    collecting,
    columns,
    comparing,
    fetching,
    gallery,
    removed,
    rows,
    usage,
    views,
)
from ropewalk.edges.web.errors import html_error
from ropewalk.repos import urlpaths  # noqa: F401  # registers the converter ``revpath``

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
    _project(f"{_P}/bucket/upload", bucket_upload.upload, needs=Permission.DATA_WRITE, name="bucket-upload"),
    _project(f"{_P}/bucket/delete", bucket.delete, needs=Permission.DATA_WRITE, name="bucket-delete"),
    _project(
        f"{_P}/commit/<str:sha>/data",
        availability.commit_data,
        needs=Permission.DATA_READ,
        name="commit-data",
    ),
    _project(
        f"{_P}/data-compare/<revpath:path>",
        comparing.compare_versions,
        needs=Permission.DATA_READ,
        name="data-compare",
    ),
    _project(f"{_P}/data-rows/<path:rev_path>", rows.rows, needs=Permission.DATA_READ, name="data-rows"),
    _project(f"{_P}/data-usage/<path:rev_path>", usage.usage, needs=Permission.DATA_READ, name="data-usage"),
    _project(f"{_P}/data", views.datasets, needs=Permission.DATA_READ, name="data"),
    _project(f"{_P}/data/<path:rev_path>", views.dataset, needs=Permission.DATA_READ, name="dataset"),
    _project(
        f"{_P}/columns/<path:rev_path>", columns.columns, needs=Permission.DATA_READ, name="data-columns"
    ),
    _project(
        f"{_P}/gallery/<path:rev_path>", gallery.gallery, needs=Permission.DATA_READ, name="data-gallery"
    ),
    _project(
        f"{_P}/thumbs/<str:pack>/<int:start>/<int:size>",
        gallery.thumbnail,
        needs=Permission.DATA_READ,
        name="data-thumbnail",
    ),
    _project(
        f"{_P}/download/<path:rev_path>", views.download, needs=Permission.DATA_READ, name="data-download"
    ),
]
