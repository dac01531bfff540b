"""Writes of the data room. The caller has passed the gate."""

from ropewalk.data.services.content_diffs import request_content_diff, store_content_diff
from ropewalk.data.services.holders import objects_prefix, release_objects
from ropewalk.data.services.imports import retry_import, run_import, start_import
from ropewalk.data.services.indexing import ensure_indexed, index_pushed_commits, save_revision
from ropewalk.data.services.objects import receive_object
from ropewalk.data.services.orphans import sweep_all_orphans, sweep_orphans
from ropewalk.data.services.previews import request_preview, store_preview
from ropewalk.data.services.sharing import share_all

__all__ = [
    "ensure_indexed",
    "index_pushed_commits",
    "objects_prefix",
    "receive_object",
    "release_objects",
    "request_content_diff",
    "request_preview",
    "retry_import",
    "run_import",
    "save_revision",
    "share_all",
    "start_import",
    "store_content_diff",
    "store_preview",
    "sweep_all_orphans",
    "sweep_orphans",
]
