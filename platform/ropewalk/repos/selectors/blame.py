"""Who wrote each line of a file."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from ropewalk.core.derived import cache
from ropewalk.repos import git
from ropewalk.repos.errors import GitTimeout
from ropewalk.repos.selectors.history import checked_sha, commits_by_sha
from ropewalk.repos.selectors.reading import open_repository, path_for_git
from ropewalk.repos.selectors.revisions import commit_exists
from ropewalk.repos.selectors.trees import blobs
from ropewalk.repos.types import Blame, BlameGroup

IGNORE_FILE = ".git-blame-ignore-revs"
MAX_IGNORED = 500
MAX_FILE = 1 << 20
_SECONDS = 10.0
_WEEK = 7 * 24 * 3600
_FULL = re.compile(r"[0-9a-f]{40}\Z")
_ESCAPES = {b"n": b"\n", b"t": b"\t", b"r": b"\r", b"a": b"\a", b"b": b"\b", b"f": b"\f", b"v": b"\v"}


def ignored_commits(project_id: int, sha: str) -> list[str]:
    """The commits that the revision's ``.git-blame-ignore-revs`` names by their full sha and that exist here; bounded."""
    found = blobs(project_id, sha, [IGNORE_FILE], limit=64 << 10).get(IGNORE_FILE)
    lines = found.text.splitlines() if found and not found.is_symlink else []
    names = [line.partition("#")[0].strip() for line in lines]
    wanted = [name for name in dict.fromkeys(names) if _FULL.match(name)][:MAX_IGNORED]
    return [name for name in wanted if commit_exists(project_id, name)]


def blame(project_id: int, sha: str, path: str, *, ignore: bool = True, seconds: float = _SECONDS) -> Blame:
    """The commits behind the lines of a file at a commit; with ``ignore`` those of :data:`IGNORE_FILE` are looked through.

    Kept by (commit, path) when complete. The caller made sure that the file is text of at most :data:`MAX_FILE` bytes.
    Raises ``PathNotFound``, :class:`GitTimeout` when git found nothing at all in its time.
    """
    passed = ignored_commits(project_id, sha) if ignore else []
    where = path_for_git(open_repository(project_id), checked_sha(sha), path)
    key = f"repos:blame:{project_id}:{sha}:{int(ignore)}:{where.encode('utf-8', 'surrogateescape').hex()}"[
        :240
    ]
    # a long path would be cut from the key, and two files share an entry: those are not kept
    known: tuple[BlameGroup, ...] | None = cache.get(key) if len(key) < 240 else None
    complete = True
    if known is None:
        options = [f"--ignore-rev={name}" for name in passed]
        known, complete = _groups(project_id, [*options, sha, "--", where], seconds)
        if complete and len(key) < 240:
            cache.set(key, known, _WEEK)
    shas = sorted({group.sha for group in known})
    commits = {item.sha: item for item in commits_by_sha(project_id, shas)}
    return Blame(known, commits, len(passed), complete)


def _groups(project_id: int, args: list[str], seconds: float) -> tuple[tuple[BlameGroup, ...], bool]:
    out = git.run(
        git.repository_path(project_id), "blame", "--incremental", *args, max_bytes=32 << 20, timeout=seconds
    )
    if out.cut and not out.data:
        raise GitTimeout("blame")
    found = sorted(_parse(out.data), key=lambda group: group.first)
    merged: list[BlameGroup] = []
    for group in found:
        last = merged[-1] if merged else None
        if (
            last
            and replace(last, first=0, last=0) == replace(group, first=0, last=0)
            and last.last + 1 == group.first
        ):
            merged[-1] = replace(last, last=group.last)
        else:
            merged.append(group)
    return tuple(merged), not out.cut


@dataclass
class _Open:
    sha: str
    first: int
    last: int
    previous: tuple[str, str] = ("", "")


def _parse(data: bytes) -> Iterator[BlameGroup]:
    """The incremental form of git: a header, facts about the commit when it is new, and ``filename`` at the end of each entry."""
    entry: _Open | None = None
    for line in data.split(b"\n"):
        word, _, rest = line.partition(b" ")
        if entry is None:
            numbers = rest.split(b" ")
            if len(word) == 40 and len(numbers) == 3:
                first, count = int(numbers[1]), int(numbers[2])
                entry = _Open(word.decode("ascii", "replace"), first, first + count - 1)
        elif word == b"previous":
            before, _, name = rest.partition(b" ")
            entry.previous = (before.decode("ascii", "replace"), _unquoted(name))
        elif word == b"filename":
            yield BlameGroup(entry.first, entry.last, entry.sha, _unquoted(rest), *entry.previous)
            entry = None


def _unquoted(name: bytes) -> str:
    """A path as git prints it: plain, or in quotes with C's escapes."""
    if name[:1] == b'"' and name[-1:] == b'"':
        name = re.sub(rb"\\([0-7]{3}|.)", _unescaped, name[1:-1])
    return name.decode("utf-8", "replace")


def _unescaped(match: re.Match[bytes]) -> bytes:
    code = match[1]
    return bytes([int(code, 8) & 255]) if len(code) == 3 else _ESCAPES.get(code, code)
