"""Reads of the data room. Every function takes the project's id; who may see it was decided by the gate."""

from ropewalk.data.selectors.changes import dir_changes
from ropewalk.data.selectors.content import content_at, content_of, with_sizes
from ropewalk.data.selectors.content_diffs import content_diff
from ropewalk.data.selectors.datasets import datasets, is_tabular, versions
from ropewalk.data.selectors.files import dir_files, open_data_file, resolve_data_file
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
from ropewalk.data.selectors.revisions import flat_values, indexed, outputs, revision
from ropewalk.data.selectors.upstream import parent_of, parents_remote, upstream

__all__ = [
    "collection",
    "content_at",
    "content_diff",
    "content_of",
    "datasets",
    "dependents",
    "dir_changes",
    "dir_file",
    "dir_files",
    "dir_holds",
    "dir_listing",
    "dir_size",
    "file_names",
    "flat_values",
    "folder_changes",
    "indexed",
    "is_tabular",
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
    "preview",
    "ranked_names",
    "remote_keys",
    "removal",
    "removals",
    "removed_among",
    "resolve_data_file",
    "revision",
    "states",
    "upstream",
    "usage",
    "versions",
    "was_restored",
    "with_sizes",
]
