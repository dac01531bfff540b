"""Copying refs from one of our repositories into another: the copy stands alone, without links or alternates.

A pack goes from git to git through this process, then the refs are made together. A kill leaves at most a pack to which nothing
refers; a repetition makes what is missing.
"""

import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

import structlog

from ropewalk.core.errors import Conflict, TooLarge
from ropewalk.repos import git
from ropewalk.repos.errors import GitFailed
from ropewalk.repos.packs.cache import packed_bytes

log = structlog.get_logger("ropewalk.repos")

MAX_REFS = 20_000
_IDLE = 180.0
_RESOLVING = 3000.0
_SHOWN_EVERY = 8 << 20
Show = Callable[[float, str], None]


def copy_refs(
    source_id: int,
    target_id: int,
    wanted: Mapping[str, str],
    *,
    max_bytes: int,
    show: Show,
    env: Mapping[str, str],
) -> None:
    """Make these refs (name to object) in the target, which has none of them, with all that they reach in the source.

    ``show`` gets the part that is done, 0 to 1; what it raises ends the copy. Raises :class:`TooLarge` beyond ``max_bytes`` or
    :data:`MAX_REFS`, :class:`Conflict` when one of the refs, or one that its name excludes, is there.
    """
    if len(wanted) > MAX_REFS:
        raise TooLarge(
            f"The repository has more than {MAX_REFS} branches and tags.",
            hint="Fork only its default branch.",
        )
    if not wanted:
        return
    source, target = git.repository_path(source_id), git.repository_path(target_id)
    _copy_objects(source, target, set(wanted.values()), max_bytes, show)
    lines = "".join(f"create {name}\0{sha}\0" for name, sha in sorted(wanted.items()))
    try:
        git.run(target, "update-ref", "-z", "--stdin", stdin=lines.encode(), env=env, timeout=600)
    except GitFailed as error:
        log.warning("repos.copy_refused", source=source_id, target=target_id, detail=error.detail)
        raise Conflict(
            "A branch or tag was made here meanwhile whose name is in the way; nothing was overwritten.",
            hint="Delete it, then run this job again.",
            code="ref_in_the_way",
        ) from None


def objects_of(source_id: int, shas: set[str], without: set[str]) -> git.Process:
    """A running git whose output is a pack of what these reach and those don't; the caller ends it."""
    lines = [*sorted(shas), *(f"^{sha}" for sha in sorted(without))]
    args = ("pack-objects", "--stdout", "--revs", "--delta-base-offset", "-q")
    with tempfile.TemporaryFile() as file:  # the child has its own handle
        file.write("".join(f"{line}\n" for line in lines).encode())
        file.seek(0)
        return git.Process(
            git.repository_path(source_id), args, stdin=file, config=(*git.SMALL_CONFIG, "pack.threads=1")
        )


def _copy_objects(source: Path, target: Path, shas: set[str], max_bytes: int, show: Show) -> None:
    about, sent, shown = max(packed_bytes(source), 1), 0, 0
    with (
        objects_of(int(source.stem), shas, set()) as giver,
        git.Process(target, ("index-pack", "--stdin"), stdin=git.PIPE, config=("pack.threads=1",)) as taker,
    ):
        while block := giver.read(idle=_IDLE):
            sent += len(block)
            if sent > max_bytes:
                raise TooLarge(
                    f"The repository is larger than {max_bytes >> 20} MiB, the limit of this server.",
                    hint="Its operator can raise ROPEWALK_MAX_IMPORT_BYTES.",
                )
            try:
                taker.write(block, idle=_IDLE)
            except BrokenPipeError:
                raise GitFailed(f"index-pack stopped reading: {taker.detail}") from None
            if sent - shown >= _SHOWN_EVERY:
                shown = sent
                show(min(sent / about, 0.95), f"Copied {sent >> 20} MiB of the repository")
        if code := giver.finish(timeout=_IDLE):
            raise GitFailed(f"pack-objects ended with {code}: {giver.detail}")
        taker.close_input()
        while taker.read(idle=_RESOLVING):
            pass
        if code := taker.finish(timeout=_IDLE):
            raise GitFailed(f"index-pack ended with {code}: {taker.detail}")
