"""Routes of connected buckets."""

from functools import partial

from ropewalk.access.roles import Permission
from ropewalk.access.routes import project_route
from ropewalk.edges.web.errors import html_error
from ropewalk.edges.web.outside import browsing, comparing, connecting

_project = partial(project_route, on_error=html_error)
_settings = partial(_project, needs=Permission.SETTINGS_WRITE)
_data = partial(_project, needs=Permission.DATA_READ)
_P = "<str:owner>/<str:project>"
_ONE = f"{_P}/settings/buckets/<str:bucket_name>"

urlpatterns = [
    _settings(f"{_P}/settings/buckets", connecting.connected, name="connected-buckets"),
    _settings(_ONE, connecting.settings, name="connected-bucket"),
    _settings(f"{_ONE}/test", connecting.test, name="connected-bucket-test"),
    _settings(f"{_ONE}/key", connecting.replace_key, name="connected-bucket-key"),
    _settings(f"{_ONE}/remove", connecting.remove, name="connected-bucket-remove"),
    _data(f"{_P}/buckets/<str:bucket_name>", browsing.browse, name="outside"),
    _data(f"{_P}/buckets/<str:bucket_name>/file", browsing.file, name="outside-file"),
    _data(f"{_P}/buckets/<str:bucket_name>/columns", browsing.columns, name="outside-columns"),
    _project(
        f"{_P}/buckets/<str:bucket_name>/compare",
        comparing.compare,
        needs=Permission.ANALYSES_START,
        name="outside-compare",
    ),
    _data(f"{_P}/buckets/<str:bucket_name>/download", browsing.download, name="outside-download"),
]
