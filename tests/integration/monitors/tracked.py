"""Objects as ``dvc push`` sends them, and the pointers to them."""

import hashlib
import json

from ropewalk.data import services as data
from ropewalk.data.oids import ObjectAddress
from ropewalk.projects.models import Project


def md5(content: bytes) -> str:
    """DVC's name of a content."""
    return hashlib.md5(content, usedforsecurity=False).hexdigest()


def push(project: Project, content: bytes, *, is_dir: bool = False) -> str:
    """Send one object; returns its name."""
    oid = md5(content)
    address = ObjectAddress(oid, is_dir=is_dir)
    data.receive_object(project_id=project.pk, address=address, blocks=iter([content]), user_id=None)
    return f"{oid}.dir" if is_dir else oid


def pointer(oid: str, name: str, size: int) -> str:
    """The text of ``name.dvc``."""
    return f"outs:\n- md5: {oid}\n  size: {size}\n  hash: md5\n  path: {name}\n"


def push_folder(project: Project, files: dict[str, bytes]) -> str:
    """Send a folder's files and its list; returns the list's name."""
    for content in files.values():
        push(project, content)
    listed = [{"md5": md5(content), "relpath": name} for name, content in sorted(files.items())]
    return push(project, json.dumps(listed).encode(), is_dir=True)
