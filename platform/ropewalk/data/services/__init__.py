"""Writes of the data room. The caller has passed the gate."""

from ropewalk.data.services.collecting import request_run, run_collection, run_search, start_collection
from ropewalk.data.services.content_diffs import request_content_diff, store_content_diff
from ropewalk.data.services.forks import ForkExists, run_fork, start_fork
from ropewalk.data.services.holders import objects_prefix, release_objects
from ropewalk.data.services.imports import cancel_import, retry_import, run_import, start_import
from ropewalk.data.services.indexing import ensure_indexed, index_pushed_commits, save_revision
from ropewalk.data.services.mirror_syncs import run_sync
from ropewalk.data.services.mirrors import (
    change_mirror,
    end_mirror,
    renew_hook,
    request_due_syncs,
    request_sync,
    sign_mirror_in,
    start_mirror,
)
from ropewalk.data.services.objects import receive_object
from ropewalk.data.services.orphans import sweep_all_orphans, sweep_orphans
from ropewalk.data.services.pipelines import request_pipeline, request_plots
from ropewalk.data.services.previews import request_preview, store_preview
from ropewalk.data.services.reindexing import index_outdated
from ropewalk.data.services.remote_fetches import (
    cancel_data_fetch,
    forget_old_remote_sign_ins,
    run_data_fetch,
    start_data_fetch,
)
from ropewalk.data.services.removals import remove_objects
from ropewalk.data.services.restoring import (
    purge_removals,
    request_purge,
    request_restoration,
    restore_removal,
)
from ropewalk.data.services.rows import request_rows
from ropewalk.data.services.scrubbing import ScrubTurn, scrub
from ropewalk.data.services.sharing import share_all
from ropewalk.data.services.syncing import Diverged, sync_fork

__all__ = [
    "Diverged",
    "ForkExists",
    "ScrubTurn",
    "cancel_data_fetch",
    "cancel_import",
    "change_mirror",
    "end_mirror",
    "ensure_indexed",
    "forget_old_remote_sign_ins",
    "index_outdated",
    "index_pushed_commits",
    "objects_prefix",
    "purge_removals",
    "receive_object",
    "release_objects",
    "remove_objects",
    "renew_hook",
    "request_content_diff",
    "request_due_syncs",
    "request_pipeline",
    "request_plots",
    "request_preview",
    "request_purge",
    "request_restoration",
    "request_rows",
    "request_run",
    "request_sync",
    "restore_removal",
    "retry_import",
    "run_collection",
    "run_data_fetch",
    "run_fork",
    "run_import",
    "run_search",
    "run_sync",
    "save_revision",
    "scrub",
    "share_all",
    "sign_mirror_in",
    "start_collection",
    "start_data_fetch",
    "start_fork",
    "start_import",
    "start_mirror",
    "store_content_diff",
    "store_preview",
    "sweep_all_orphans",
    "sweep_orphans",
    "sync_fork",
]
