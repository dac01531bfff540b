"""What changed between two commits: bounded in files, lines and bytes, and honest about what it leaves out."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from ropewalk.repos import git
from ropewalk.repos.selectors.history import checked_sha, commit
from ropewalk.repos.selectors.reading import split_path
from ropewalk.repos.types import EMPTY_TREE, ZERO, ChangedFile, Changes, Diff, DiffLine, FileDiff, Hunk

MAX_FILES = 300
MAX_LISTED = 3000
MAX_LINES_PER_FILE = 3000
MAX_LINES = 20_000
MAX_LINE = 2000
MAX_BYTES = 8 << 20
MAX_LISTING_BYTES = 32 << 20
_SECONDS = 15.0
_STATUS = {"A": "added", "D": "deleted", "M": "modified", "R": "renamed", "C": "copied", "T": "type"}
_HUNK = re.compile(r"^@@ -(\d+)(?:,\d+)? \+(\d+)(?:,\d+)? @@")
_INDEX = re.compile(r"^index ([0-9a-f]{40})\.\.([0-9a-f]{40})")
_COUNTS = re.compile(rb"^(\d+|-)\t(\d+|-)\t")
_KIND = {" ": "context", "+": "added", "-": "deleted", "\\": "note"}


def _command(base: str, head: str, paths: list[str], *options: str) -> list[str]:
    older = checked_sha(base) if base else EMPTY_TREE
    for path in paths:
        split_path(path)  # git takes a path that leads out of the tree for a misuse
    flags = ["--raw", "-z", "-r", "-M", "--full-index", "--no-ext-diff", "--no-textconv", "--submodule=short"]
    return ["diff-tree", *flags, *options, older, checked_sha(head), "--", *paths]


def changes(
    project_id: int,
    base: str,
    head: str,
    *,
    paths: Sequence[str] = (),
    limit: int = MAX_LISTED,
    counts: bool = False,
    ignore_space: bool = False,
) -> Changes:
    """The changed paths between two commits with renames found; an empty ``base`` is the empty tree.

    ``counts`` reads the files too and counts their lines. In ``paths`` name both sides of a rename, else it is none.
    """
    directory = git.repository_path(project_id)
    options = [*(["--numstat"] if counts else []), *(["-w"] if ignore_space else [])]
    args = _command(base, head, list(paths), *options)
    out = git.run(directory, *args, config=git.DIFF_CONFIG, max_bytes=MAX_LISTING_BYTES, timeout=_SECONDS)
    files, at = _raw(out.data)
    if counts:
        files = _counted(files[:limit], out.data[at - 1 :], out.cut) + files[limit:]
    return Changes(tuple(files[:limit]), out.cut or len(files) > limit)


def _counted(files: list[ChangedFile], data: bytes, cut: bool) -> list[ChangedFile]:
    """The files with the line counts of ``--numstat -z``, which leaves out files that it finds equal."""
    counts: dict[str, tuple[int | None, int | None]] = {}
    records = iter(data.split(b"\0")[:-1])  # the last is empty, or cut off
    for record in records:
        match = _COUNTS.match(record)
        if match is None:
            break
        name = record[match.end() :]
        if not name:  # of a rename: both names follow
            next(records, b"")
            name = next(records, b"")
        added, deleted = (None if text == b"-" else int(text) for text in match.groups())
        counts[name.decode("utf-8", "replace")] = (added, deleted)
    unknown = (None, None) if cut else (0, 0)
    found = []
    for file in files:
        added, deleted = counts.get(file.path, unknown)
        binary = file.path in counts and added is None
        found.append(replace(file, added=added, deleted=deleted, binary=binary))
    return found


def commit_diff(project_id: int, sha: str) -> Diff:
    """A commit against its first parent, or against nothing for a root commit."""
    parents = commit(project_id, sha).parents
    return diff(project_id, parents[0] if parents else "", sha)


def diff(
    project_id: int,
    base: str,
    head: str,
    *,
    paths: Sequence[str] = (),
    context: int = 3,
    files: int = MAX_FILES,
    ignore_space: bool = False,
    lines_per_file: int = MAX_LINES_PER_FILE,
) -> Diff:
    """Files, hunks and lines between two commits (``base`` empty: from nothing), optionally of some paths only.

    Binary files, files over ``lines_per_file`` and what comes after :data:`MAX_LINES`, :data:`MAX_BYTES` or the time
    limit have a ``note`` instead of (all) their lines. For a comparison of branches pass ``merge_base`` as ``base``.
    """
    directory = git.repository_path(project_id)
    options = ["-p", f"-U{min(max(context, 0), MAX_LINES)}", *(["-w"] if ignore_space else [])]
    args = _command(base, head, list(paths), *options)
    out = git.run(directory, *args, config=git.DIFF_CONFIG, max_bytes=MAX_BYTES, timeout=_SECONDS)
    changed, at = _raw(out.data)
    sections = list(_sections(out.data[at:]))
    if out.cut and sections:
        sections.pop()  # its end is missing
    shown, room, position = [], MAX_LINES, 0
    for file in changed[:files]:
        mine = _mine(file, sections[position : position + 2])
        position += len(mine)
        if mine and room > 0:
            entry = _file(file, mine, room, lines_per_file)
        elif ignore_space and not out.cut and room > 0:
            entry = FileDiff(file, (), "space")  # git writes nothing for a file that it finds equal
        else:
            entry = FileDiff(file, (), "not_shown", None, None)
        room -= sum(len(hunk.lines) for hunk in entry.hunks)
        shown.append(entry)
    truncated = out.cut or len(changed) > files or any(entry.note == "not_shown" for entry in shown)
    return Diff(base, head, tuple(shown), truncated)


def _mine(file: ChangedFile, sections: list[list[str]]) -> list[list[str]]:
    """Which of the next parts of a patch belong to a file: none when git wrote nothing for it."""
    if file.status == "type":  # git writes a change of type as a deletion and an addition
        keys = [(file.old_oid, ZERO), (ZERO, file.new_oid)]
        return sections if [_key(section) for section in sections] == keys else []
    wanted = None if file.old_oid == file.new_oid else (file.old_oid, file.new_oid)
    return sections[:1] if sections and _key(sections[0]) == wanted else []


def _key(section: list[str]) -> tuple[str, str] | None:
    """The objects that a part of a patch is between; None for one without (only a name or a mode changed)."""
    match = next((match for line in section[:8] if (match := _INDEX.match(line))), None)
    return (match[1], match[2]) if match else None


def _raw(data: bytes) -> tuple[list[ChangedFile], int]:
    """The ``--raw -z`` records at the start, and where the patch begins (after an empty record)."""
    files: list[ChangedFile] = []
    at = 0
    while data[at : at + 1] == b":":
        end = data.find(b"\0", at)
        if end < 0:
            break
        old_mode, new_mode, old_oid, new_oid, status = (
            data[at + 1 : end].decode("ascii", "replace").split(" ")
        )
        names, position = [], end + 1
        for _ in range(2 if status[0] in "RC" else 1):
            stop = data.find(b"\0", position)
            if stop < 0:
                return files, len(data)
            names.append(data[position:stop].decode("utf-8", "replace"))
            position = stop + 1
        files.append(
            ChangedFile(
                _STATUS.get(status[0], "modified"), names[-1], names[0], old_mode, new_mode, old_oid, new_oid
            )
        )
        at = position
    return files, at + 1


def _sections(patch: bytes) -> Iterator[list[str]]:
    """Each file's part of a patch as lines, without its line ends. Only a header starts with ``diff --git``."""
    lines = patch.decode("utf-8", "replace").split("\n")
    if lines and not lines[-1]:
        lines.pop()
    section: list[str] = []
    for line in lines:
        if line.startswith("diff --git "):
            if section:
                yield section
            section = []
        section.append(line)
    if section:
        yield section


def file_from_patch(file: ChangedFile, patch: bytes, *, most: int) -> FileDiff:
    """One file's change out of a patch that is about this file alone; more than ``most`` lines are ``too_large``."""
    return _file(file, list(_sections(patch)), most, most)


def _file(file: ChangedFile, sections: list[list[str]], room: int, most: int) -> FileDiff:
    hunks: list[Hunk] = []
    bound = min(most, room)
    if any(line.startswith("Binary files ") for section in sections for line in section[:8]):
        return FileDiff(file, (), "binary", None, None)
    if sum(len(section) for section in sections) > bound:
        return FileDiff(file, (), "too_large" if bound == most else "not_shown", None, None)
    for section in sections:
        hunks.extend(_hunks(section))
    kinds = [line.kind for hunk in hunks for line in hunk.lines]
    note = "mode" if not hunks and file.old_mode != file.new_mode and file.status == "modified" else ""
    return FileDiff(file, tuple(hunks), note, kinds.count("added"), kinds.count("deleted"))


def _hunks(section: list[str]) -> Iterator[Hunk]:
    starts = [(number, match) for number, line in enumerate(section) if (match := _HUNK.match(line))]
    stops = [number for number, _ in starts[1:]] + [len(section)]
    for (start, match), stop in zip(starts, stops, strict=False):
        yield Hunk(section[start], tuple(_lines(section[start + 1 : stop], int(match[1]), int(match[2]))))


def _lines(rows: list[str], old: int, new: int) -> Iterator[DiffLine]:
    for row in rows:
        kind = _KIND.get(row[:1], "context")
        text = row[1 : MAX_LINE + 1] + ("…" if len(row) > MAX_LINE + 1 else "")
        text = text.removesuffix("\r")
        before = old if kind in {"context", "deleted"} else None
        after = new if kind in {"context", "added"} else None
        yield DiffLine(kind, text, before, after)
        old += before is not None
        new += after is not None
