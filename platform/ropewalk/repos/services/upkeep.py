"""Keeping a repository small and quick to read."""

from ropewalk.core.locks import lock
from ropewalk.repos import git, store

_MAINTAIN_PACKS = 20
_BIG_PACK = 16 << 20
_MAINTAIN_LOOSE = 2000


def wants_upkeep(project_id: int) -> bool:
    """Whether enough is loose or unpacked that upkeep pays."""
    objects = git.repository_path(project_id) / "objects"
    packs = list((objects / "pack").glob("*.pack"))
    loose = sum(1 for _ in (objects / "17").glob("*")) * 256  # git's own estimate: one of 256 folders
    big = any(path.stat().st_size > _BIG_PACK and not path.with_suffix(".bitmap").exists() for path in packs)
    return len(packs) > _MAINTAIN_PACKS or loose > _MAINTAIN_LOOSE or (big and len(packs) == 1)


def maintain(*, project_id: int) -> dict[str, int]:
    """Pack what is loose, write bitmap and commit graph, remove what killed pushes left. Safe beside running pushes and fetches.

    Nothing that a ref or a recent reflog reaches is removed; unreachable objects stay for two weeks.
    """
    directory = git.repository_path(project_id)
    if not directory.is_dir():
        return {"removed": 0}
    with lock(f"maintain:{project_id}"):
        removed = store.remove_half_done(directory)
        pack = ("repack", "-A", "-d", "-q", "--write-bitmap-index", "--unpack-unreachable=2.weeks.ago")
        git.run(directory, *pack, config=("pack.threads=1",), timeout=3000)
        git.run(directory, "prune", "--expire=2.weeks.ago", timeout=600)
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
    return {"removed": removed}
