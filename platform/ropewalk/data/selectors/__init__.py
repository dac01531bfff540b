"""Reads of the data room. Every function takes the project's id; who may see it was decided by the gate."""

from ropewalk.data.selectors.objects import (
    dir_file,
    dir_listing,
    dir_size,
    missing_files,
    object_state,
    open_bytes,
    open_object,
    states,
    usage,
)

__all__ = [
    "dir_file",
    "dir_listing",
    "dir_size",
    "missing_files",
    "object_state",
    "open_bytes",
    "open_object",
    "states",
    "usage",
]
