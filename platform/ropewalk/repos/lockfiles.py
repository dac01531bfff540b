"""git's lock files and quarantines, and removing those whose maker was killed.

git makes ``X.lock`` to change ``X`` and refuses while one is there, for ever if its maker died. So every git of ours that may
make one holds a shared flock on a file of the repository, inherited by its helpers: the kernel drops it with the last of them,
however they end. Whoever gets that flock alone knows that each lock file is left over, at once and without guessing by age.

A receive-pack whose server is killed dies of its broken pipes and leaves its quarantine: the same flock tells.
"""

import fcntl
import os
import shutil
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_HOLDERS = {
    "receive-pack": "refs",
    "fetch": "refs",
    "symbolic-ref": "refs",
    "update-ref": "refs",
    "pack-refs": "refs",
    "repack": "packs",
    "commit-graph": "packs",
}
_PACKS = ("objects/pack/multi-pack-index.lock", "objects/info/*.lock", "objects/info/commit-graphs/*.lock")
# git's own unfinished file beside packed-refs is made under packed-refs.lock, and blocks as that does.
_TOP = ("HEAD.lock", "packed-refs.lock", "packed-refs.new")
_QUARANTINES = "tmp_objdir-incoming-*"
# While another git works, only what no change of refs can need for so long.
HELD_SECONDS = 3600.0


def hold(directory: Path, command: str) -> int | None:
    """An open file to be inherited by this git command while it runs, where it makes lock files; the caller closes its own."""
    kind = _HOLDERS.get(command)
    if kind is None:
        return None
    handle = _open(directory, kind)
    try:
        fcntl.flock(handle, fcntl.LOCK_SH)  # waits while somebody removes leftovers: milliseconds
    except BaseException:
        os.close(handle)
        raise
    return handle


def free_refs(directory: Path, names: Iterable[str]) -> int:
    """Remove what killed gits left in the way of these refs, and quarantines, which only fill the disk; the number of both."""
    places = [directory / f"{name}.lock" for name in names] + [directory / name for name in _TOP]
    found = [path for path in places if path.exists()] + _quarantines(directory)
    return _remove(directory, "refs", found) if found else 0


def free_all(directory: Path) -> int:
    """Remove every lock file and quarantine that a killed git left in the repository; their number."""
    if not directory.is_dir():
        return 0
    refs = [
        *(directory / "refs").rglob("*.lock"),
        *(directory / name for name in _TOP),
        *_quarantines(directory),
    ]
    packs = [path for pattern in _PACKS for path in directory.glob(pattern)]
    return _remove(directory, "refs", refs) + _remove(directory, "packs", packs)


def _quarantines(directory: Path) -> list[Path]:
    return list((directory / "objects").glob(_QUARANTINES))


def _remove(directory: Path, kind: str, found: Iterable[Path]) -> int:
    """A directory that is no quarantine stays: git makes no lock of that kind."""
    removed = 0
    with _alone(directory, kind) as alone:
        before = time.time() - (0 if alone else HELD_SECONDS)
        for path in found:
            with suppress(FileNotFoundError):
                if path.match(_QUARANTINES):  # grows for as long as its push comes in: its age says nothing
                    if alone:
                        shutil.rmtree(path, ignore_errors=True)
                        removed += 1
                elif not path.is_dir() and path.lstat().st_mtime <= before:
                    path.unlink()
                    removed += 1
    return removed


@contextmanager
def _alone(directory: Path, kind: str) -> Iterator[bool]:
    """Whether no git of this kind runs; while the block runs none starts, if so."""
    handle = _open(directory, kind)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True
    finally:
        os.close(handle)


def _open(directory: Path, kind: str) -> int:
    return os.open(directory / f"ropewalk-{kind}.flock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
