"""Keeping a repository small and quick to read."""

import time
from pathlib import Path

from ropewalk.core.locks import lock
from ropewalk.repos import git, lockfiles, store
from ropewalk.repos.packs.cache import packed_bytes
from ropewalk.repos.services.keeping import drop_expired
from ropewalk.repos.services.measuring import measure_repository

_MAINTAIN_PACKS = 20
_BIG_PACK = 16 << 20
_MAINTAIN_LOOSE = 2000
# Above it, rewriting everything at each upkeep would cost minutes: only the young packs are joined, and all of it once a week.
LARGE_BYTES = 256 << 20
_WHOLE_EVERY_SECONDS = 7 * 24 * 3600
_STAMP = "ropewalk-repacked"


def wants_upkeep(project_id: int) -> bool:
    """Whether enough is loose or unpacked that upkeep pays."""
    objects = git.repository_path(project_id) / "objects"
    packs = list((objects / "pack").glob("*.pack"))
    loose = sum(1 for _ in (objects / "17").glob("*")) * 256  # git's own estimate: one of 256 folders
    bitmap = any((objects / "pack").glob("*.bitmap"))
    big = not bitmap and any(path.stat().st_size > _BIG_PACK for path in packs)
    return len(packs) > _MAINTAIN_PACKS or loose > _MAINTAIN_LOOSE or big


def maintain(*, project_id: int) -> dict[str, int]:
    """Pack what is loose, write bitmap and commit graph, remove what killed pushes left. Safe beside running pushes and fetches.

    Nothing that a ref, a recent reflog or a recently deleted branch reaches is removed; other unreachable objects stay for two
    weeks. A large repository is packed geometrically (each pack twice the next) under a multi-pack index, and as a whole once a
    week.
    """
    directory = git.repository_path(project_id)
    if not directory.is_dir():
        return {"removed": 0, "whole": 0}
    with lock(f"maintain:{project_id}"):
        removed = store.remove_half_done(directory) + lockfiles.free_all(directory)
        drop_expired(project_id)
        whole = not _recently_whole(directory)
        (_pack_whole if whole else _pack_young)(directory)
        git.run(directory, "pack-refs", "--all", "--prune", timeout=60)
        git.run(
            directory,
            "commit-graph",
            "write",
            "--reachable",
            "--changed-paths",
            "--max-new-filters=20000",
            timeout=600,
        )
        measure_repository(project_id)
    return {"removed": removed, "whole": int(whole)}


def _recently_whole(directory: Path) -> bool:
    """Whether it is large and was packed as a whole within the week."""
    stamp = directory / _STAMP
    young = stamp.exists() and stamp.stat().st_mtime > time.time() - _WHOLE_EVERY_SECONDS
    return young and packed_bytes(directory) > LARGE_BYTES


def _pack_whole(directory: Path) -> None:
    """One pack with a bitmap; what nothing reaches goes loose and, after two weeks, away."""
    pack = ("repack", "-A", "-d", "-q", "--write-bitmap-index", "--unpack-unreachable=2.weeks.ago")
    git.run(directory, *pack, config=("pack.threads=1",), timeout=3000)
    git.run(directory, "prune", "--expire=2.weeks.ago", timeout=600)
    (directory / _STAMP).touch()


def _pack_young(directory: Path) -> None:
    """Join the young packs; one index and one bitmap over all packs."""
    pack = ("repack", "--geometric=2", "-d", "-q", "--write-midx", "--write-bitmap-index")
    git.run(directory, *pack, config=("pack.threads=1",), timeout=3000)
