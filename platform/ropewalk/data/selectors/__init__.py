"""Reads of the data room. Every function takes the project's id; who may see it was decided by the gate."""

from ropewalk.data.selectors.availability import availability, files_missing
from ropewalk.data.selectors.changes import dir_changes
from ropewalk.data.selectors.content import content_at, content_of, with_sizes
from ropewalk.data.selectors.content_diffs import content_diff
from ropewalk.data.selectors.damage import damaged, last_scrub
from ropewalk.data.selectors.datasets import (
    contents_at,
    datasets,
    is_medium,
    is_tabular,
    version_history,
    versions,
)
from ropewalk.data.selectors.files import dir_files, open_data_file, resolve_data_file, resolve_dataset
from ropewalk.data.selectors.finding import file_names, ranked_names
from ropewalk.data.selectors.folder_parts import folder_changes
from ropewalk.data.selectors.objects import (
    dir_file,
    dir_holds,
    dir_listing,
    dir_size,
    missing_files,
    object_state,
    open_bytes,
    open_object,
    states,
    usage,
)
from ropewalk.data.selectors.pipelines import pipeline_at
from ropewalk.data.selectors.previews import preview
from ropewalk.data.selectors.remote_keys import remote_keys
from ropewalk.data.selectors.removals import (
    collection,
    dependents,
    losing,
    newest_collection,
    removal,
    removals,
    removed_among,
    was_restored,
)
from ropewalk.data.selectors.revisions import (
    first_outputs,
    flat_values,
    indexed,
    outputs,
    revision,
    stages_reading,
)
from ropewalk.data.selectors.upstream import parent_of, parents_remote, upstream

__all__ = [
    "availability",
    "collection",
    "content_at",
    "content_diff",
    "content_of",
    "contents_at",
    "damaged",
    "datasets",
    "dependents",
    "dir_changes",
    "dir_file",
    "dir_files",
    "dir_holds",
    "dir_listing",
    "dir_size",
    "file_names",
    "files_missing",
    "first_outputs",
    "flat_values",
    "folder_changes",
    "indexed",
    "is_medium",
    "is_tabular",
    "last_scrub",
    "losing",
    "missing_files",
    "newest_collection",
    "object_state",
    "open_bytes",
    "open_data_file",
    "open_object",
    "outputs",
    "parent_of",
    "parents_remote",
    "pipeline_at",
    "preview",
    "ranked_names",
    "remote_keys",
    "removal",
    "removals",
    "removed_among",
    "resolve_data_file",
    "resolve_dataset",
    "revision",
    "stages_reading",
    "states",
    "upstream",
    "usage",
    "version_history",
    "versions",
    "was_restored",
    "with_sizes",
]
