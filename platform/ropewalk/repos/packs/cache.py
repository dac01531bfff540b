"""When the pack cache is used, and keeping its folder small."""

import shlex
import shutil
import sys
import time
from contextlib import suppress
from pathlib import Path

from django.conf import settings

from ropewalk.repos import git
from ropewalk.repos.packs import hook

# Below it, starting the hook costs as much as it saves.
WORTH_BYTES = 1 << 20
UNUSED_SECONDS = 6 * 3600


def hook_configuration(project_id: int) -> tuple[str, ...]:
    """The configuration of an upload-pack: the hook where caching this repository's packs pays and has room, or nothing."""
    limit, folder = settings.ROPEWALK_PACK_CACHE_BYTES, Path(settings.PACK_CACHE_ROOT)
    size = packed_bytes(git.repository_path(project_id))
    if size < WORTH_BYTES or size > limit // 2 or shutil.disk_usage(settings.ROPEWALK_HOME).free < 2 * size:
        return ()
    program = [sys.executable, "-I", "-S", hook.__file__, str(folder), str(project_id), str(limit)]
    return (f"uploadpack.packObjectsHook={shlex.join(program)}",)


def packed_bytes(directory: Path) -> int:
    """The size of a repository's packs."""
    total = 0
    for path in (directory / "objects/pack").glob("*.pack"):
        with suppress(FileNotFoundError):
            total += path.stat().st_size
    return total


def _folders() -> tuple[Path, ...]:
    """Where entries are: packs, and copies of large files (:mod:`ropewalk.repos.copies`)."""
    return Path(settings.PACK_CACHE_ROOT), Path(settings.BLOB_COPIES_ROOT)


def forget_project(project_id: int) -> None:
    """Remove what is cached of a project."""
    for folder in _folders():
        for key in {path.stem for path in folder.glob(f"{int(project_id)}-*")}:
            hook.Entry(folder, key).remove()


def sweep() -> int:
    """Remove entries that nobody asked for in six hours, and what killed writers left; their number."""
    removed = 0
    for folder in _folders():
        last: dict[str, float] = {}
        for path in folder.glob("*-*.*"):
            with suppress(FileNotFoundError):
                last[path.stem] = max(last.get(path.stem, 0.0), path.stat().st_mtime)
        old = [key for key, used in last.items() if used < time.time() - UNUSED_SECONDS]
        for key in old:
            hook.Entry(folder, key).remove()
        removed += len(old)
    return removed
