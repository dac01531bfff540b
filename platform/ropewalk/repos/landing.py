"""Where a fetch from another server goes first: a repository of its own, which borrows the project's objects and is thrown away.

Only what was received as a whole and is allowed moves into the project's repository, so that a fetch that is refused, cancelled
or killed leaves nothing there. A killed process leaves a folder that :func:`ropewalk.repos.store.remove_abandoned` sweeps.
"""

import os
import secrets
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings

from ropewalk.repos import git
from ropewalk.repos.errors import GitTimeout
from ropewalk.repos.store import CONFIG

FETCH = ("fetch", "--atomic", "--progress", "--no-tags", "--no-recurse-submodules", "--no-write-fetch-head")
_LOOK_SECONDS = 1.0
_ORDER = (".idx",)  # whose presence makes a pack one: after its other files


@contextmanager
def beside(project_id: int) -> Iterator[Path]:
    """An empty bare repository that has the project's objects, for the block."""
    root, lender = Path(settings.REPOSITORIES_ROOT), git.repository_path(project_id)
    folder = root / f".new-fetch-{project_id}-{secrets.token_hex(8)}"
    try:
        (folder / "objects" / "info").mkdir(mode=0o700, parents=True)
        (folder / "objects" / "pack").mkdir()
        (folder / "refs").mkdir()
        (folder / "HEAD").write_text("ref: refs/heads/none\n", encoding="ascii")
        (folder / "config").write_bytes(CONFIG)
        (folder / "objects" / "info" / "alternates").write_text(
            f"{lender.resolve() / 'objects'}\n", encoding="utf-8"
        )
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def received(folder: Path) -> int:
    """Bytes that came so far, half a pack too."""
    total = 0
    for path in (folder / "objects").rglob("*"):
        try:
            total += path.stat().st_size if path.is_file() else 0
        except FileNotFoundError:
            continue
    return total


def land(
    project_id: int,
    folder: Path,
    refspecs: Sequence[str],
    *,
    env: dict[str, str],
    alive: Callable[[], None],
) -> tuple[int, str]:
    """Move the objects over, then the refs by git's own rules, all or none; git's exit code and what it said.

    ``alive`` is called each second.
    """
    directory = git.repository_path(project_id)
    _move_objects(folder / "objects", directory / "objects")
    with tempfile.TemporaryFile() as wanted:
        wanted.write("".join(f"{refspec}\n" for refspec in refspecs).encode())
        wanted.seek(0)
        with git.Process(
            directory,
            [*FETCH, "--stdin", "--", str(folder)],
            stdin=wanted,
            config=("fetch.unpackLimit=1", "fetch.writeCommitGraph=false"),
            env={"GIT_ALLOW_PROTOCOL": "file", **env},
        ) as process:
            while True:
                try:
                    if not process.read(idle=_LOOK_SECONDS):
                        break
                except GitTimeout:
                    alive()
            return process.finish(timeout=30.0), f"{process.detail}\n{process.recent}"


def _move_objects(source: Path, target: Path) -> None:
    files = [
        path
        for path in source.rglob("*")
        if path.is_file() and path.parent.name != "info" and "tmp_" not in path.name
    ]
    folders = set()
    for path in sorted(files, key=lambda path: path.suffix in _ORDER):
        place = target / path.relative_to(source)
        place.parent.mkdir(exist_ok=True)
        path.replace(place)
        folders.add(place.parent)
    for folder in folders:
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
