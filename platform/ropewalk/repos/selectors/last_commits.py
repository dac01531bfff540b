"""Which commit last changed each entry of a folder.

The answer for a commit and a folder never changes, so it is kept. A new commit costs only the walk back to the nearest one whose
answer is known: what changed on the way has its commit there, everything else is as it was.
"""

import hashlib
import time
from collections.abc import Iterable

from ropewalk.core.derived import cache
from ropewalk.repos import git
from ropewalk.repos.errors import GitTimeout
from ropewalk.repos.selectors.history import checked_sha, commits_by_sha
from ropewalk.repos.selectors.reading import open_repository, path_for_git
from ropewalk.repos.selectors.trees import listing
from ropewalk.repos.types import Commit, LastCommits

_LONG = 30 * 24 * 3600
_SHORT = 60
_ANCHORS = 8
_KEPT_COMMITS = 7 * 24 * 3600

Known = tuple[dict[str, str], bool]


def folder_key(project_id: int, sha: str, folder: str) -> str:
    """What names the answer for one folder of one commit: the fingerprint of a job that finds it."""
    name = hashlib.sha256(folder.strip("/").encode("utf-8", "surrogatepass")).hexdigest()[:32]
    return f"{project_id}:{checked_sha(sha)}:{name}"


def last_commits(
    project_id: int, sha: str, path: str, names: Iterable[str], *, seconds: float = 2.0
) -> LastCommits:
    """The last commits of some of a folder's entries; found for all of the folder's entries at once, and kept.

    Complete answers are kept for a month, others for a minute, so that a slow folder is not walked at every view.
    """
    folder, shown = path.strip("/"), list(names)
    key = f"repos:last:{folder_key(project_id, sha, folder)}"
    known: Known | None = cache.get(key)
    if known is None or (seconds > 10 and not known[1]):
        known = _find(project_id, sha, folder, time.monotonic() + seconds)
        cache.set(key, known, _LONG if known[1] else _SHORT)
        if known[1]:
            _remember(project_id, sha, folder)
    by_name = {name: known[0][name] for name in shown if name in known[0]}
    details = _details(project_id, set(by_name.values()))
    return LastCommits({name: details[found] for name, found in by_name.items()}, known[1])


def _anchors_key(project_id: int, folder: str) -> str:
    return f"repos:last-anchors:{project_id}:{hashlib.sha256(folder.encode()).hexdigest()[:32]}"


def _remember(project_id: int, sha: str, folder: str) -> None:
    key = _anchors_key(project_id, folder)
    others = [anchor for anchor in cache.get(key, []) if anchor != sha]
    cache.set(key, [sha, *others][:_ANCHORS], _LONG)


def _find(project_id: int, sha: str, folder: str, deadline: float) -> Known:
    where = path_for_git(open_repository(project_id), sha, folder)
    wanted = {entry.name for entry in listing(project_id, sha, folder)}
    anchors = set(cache.get(_anchors_key(project_id, folder), []))
    found, stopped = _walk(project_id, sha, where, wanted, anchors, deadline)
    if stopped is None:
        return found, False
    if stopped:
        before: Known | None = cache.get(f"repos:last:{folder_key(project_id, stopped, folder)}")
        if before is None:  # forgotten meanwhile
            found, end = _walk(project_id, sha, where, wanted, set(), deadline)
            return found, end is not None
        found |= {name: before[0][name] for name in wanted - set(found) if name in before[0]}
    return found, True


def _walk(
    project_id: int, sha: str, where: str, names: set[str], anchors: set[str], deadline: float
) -> tuple[dict[str, str], str | None]:
    """Entry name -> sha, and the anchor at which the walk stopped: empty for the end of it, None for the end of its time.

    git writes 0x01, the sha, NUL, a line end, then the changed paths, each ended by NUL.
    """
    found: dict[str, str] = {}
    prefix = f"{where}/".encode("utf-8", "surrogateescape") if where else b""
    wanted = set(names)
    args = [
        "log",
        "-z",
        "--name-only",
        "--no-renames",
        "--format=tformat:%x01%H//",  # no path has two slashes together, so no name passes for a commit
        "-m",
        "--first-parent",
        sha,
        "--",
    ]
    current, rest = "", b""
    with git.Process(git.repository_path(project_id), [*args, *([where] if where else [])]) as process:
        try:
            while wanted and (block := process.read(idle=60, deadline=deadline)):
                *records, rest = (rest + block).split(b"\0")
                for raw in records:
                    record = raw.lstrip(b"\n")
                    if record[:1] == b"\x01" and record.endswith(b"//"):
                        current = record[1:41].decode("ascii", "replace")
                        if current in anchors:
                            return found, current
                    elif record.startswith(prefix):
                        name = record[len(prefix) :].partition(b"/")[0].decode("utf-8", "replace")
                        if name in wanted:
                            found[name] = current
                            wanted.discard(name)
        except GitTimeout:
            return found, None
    return found, ""


def _details(project_id: int, shas: set[str]) -> dict[str, Commit]:
    """The commits, from the cache where they are in it: one of them is often shown by many pages."""
    keys = {f"repos:commit:{project_id}:{sha}": sha for sha in shas}
    known: dict[str, Commit] = {keys[key]: commit for key, commit in cache.get_many(list(keys)).items()}
    missing = sorted(shas - set(known))
    fresh = {commit.sha: commit for commit in commits_by_sha(project_id, missing)}
    if fresh:
        cache.set_many(
            {f"repos:commit:{project_id}:{sha}": commit for sha, commit in fresh.items()}, _KEPT_COMMITS
        )
    return known | fresh
