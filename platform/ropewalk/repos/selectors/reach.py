"""Every commit that a ref of any kind reaches: branches, tags, experiments, pull requests, and branches deleted a while ago."""

import hashlib

from ropewalk.core.errors import Unprocessable
from ropewalk.repos import git

MOST = 1_000_000


def refs_fingerprint(project_id: int) -> str:
    """Changes whenever a ref is made, moved or deleted."""
    return hashlib.sha256(_refs(project_id)).hexdigest()


def tip_shas(project_id: int) -> list[str]:
    """The commits that refs name themselves, through tags."""
    return _commits(project_id, "--no-walk=unsorted")


def reachable_shas(project_id: int) -> list[str]:
    """Every commit in the history of a ref. Raises :class:`Unprocessable` for more than a million."""
    return _commits(project_id)


def _refs(project_id: int) -> bytes:
    directory = git.repository_path(project_id)
    if not directory.is_dir():
        return b""
    return git.run(
        directory, "for-each-ref", "--format=%(objectname) %(refname)", max_bytes=256 << 20, timeout=60
    ).data


def _commits(project_id: int, *options: str) -> list[str]:
    if not _refs(project_id):
        return []
    found: list[str] = []
    rest = b""
    # A detached HEAD is no ref, but a bare repository has none that a client could make.
    for block in git.stream(git.repository_path(project_id), "rev-list", *options, "--all"):
        *lines, rest = (rest + block).split(b"\n")
        found += (line.decode("ascii") for line in lines if line)
        if len(found) > MOST:
            raise Unprocessable(f"The history has more than {MOST:,} commits.", code="too_many_commits")
    return found
