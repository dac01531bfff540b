"""Writes of releases. The caller has passed the gate for writing."""

from ropewalk.releases.services.files import (
    IncomingFile,
    count_download,
    delete_file,
    receive_file,
    rename_file,
    require_room,
)
from ropewalk.releases.services.orphans import sweep_release_orphans
from ropewalk.releases.services.releases import (
    create_draft,
    delete_release,
    publish,
    require_free,
    take_back,
    update_release,
)

__all__ = [
    "IncomingFile",
    "count_download",
    "create_draft",
    "delete_file",
    "delete_release",
    "publish",
    "receive_file",
    "rename_file",
    "require_free",
    "require_room",
    "sweep_release_orphans",
    "take_back",
    "update_release",
]
