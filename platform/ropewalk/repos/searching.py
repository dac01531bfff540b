"""Searching the text of a revision: ``git grep``, bounded in time, memory, output and matches.

Patterns are fixed strings or POSIX extended expressions, never Perl's. An absurd pattern costs its bound and no more: glibc would
take all memory there is to compile ``(a{32767}){32767}``.
"""

import re
import threading
from dataclasses import dataclass

from ropewalk.core.errors import Busy, Invalid
from ropewalk.repos import git
from ropewalk.repos.errors import GitFailed, GitTimeout
from ropewalk.repos.selectors.reading import MAX_PATH_BYTES

MAX_PATTERN = 500
MAX_FILES = 50
_MOST_IN_FILE = 20
_MAX_WILDCARDS = 8
_MAX_LINE = 400
_MAX_OUTPUT = 4 << 20
_SECONDS = 10.0
_MEMORY = 1 << 30
_SLOTS = threading.BoundedSemaphore(3)
_PATIENCE = 5.0
# Git's own marks around what matched. A file that has the same bytes only gets a false mark.
_COLOR = "bold #010203"
_ON, _OFF = "\x1b[1;38;2;1;2;3m", "\x1b[m"
_CONFIG = (
    *git.SMALL_CONFIG,
    "grep.threads=1",
    "grep.patternType=default",
    "core.bigFileThreshold=8m",
    f"color.grep.match={_COLOR}",
    *(f"color.grep.{part}=normal" for part in ("filename", "lineNumber", "separator", "selected", "context")),
)


@dataclass(frozen=True)
class CodeQuestion:
    """What to look for. ``path`` is a folder, a file, or a pattern with ``*`` (``*.py``, ``src/**/test_*``)."""

    text: str
    regex: bool = False
    any_case: bool = True
    word: bool = False
    path: str = ""


@dataclass(frozen=True)
class FoundLine:
    """A line as parts (text, whether it matched). ``match`` is False for a line of context."""

    number: int
    parts: tuple[tuple[str, bool], ...]

    @property
    def match(self) -> bool:
        """Whether something in it matched."""
        return any(marked for _, marked in self.parts)


@dataclass(frozen=True)
class FoundFile:
    """A file with its matching lines in runs with context. ``more``: it may have more matches than are listed."""

    path: str
    runs: tuple[tuple[FoundLine, ...], ...]
    matches: int
    more: bool = False


@dataclass(frozen=True)
class Found:
    """The answer. ``cut`` is empty, ``many`` (more was found than is listed) or ``time`` (git was ended before its end)."""

    files: tuple[FoundFile, ...]
    cut: str = ""

    @property
    def matches(self) -> int:
        """The listed lines that match."""
        return sum(file.matches for file in self.files)

    @property
    def more(self) -> bool:
        """Whether a listed file may have more of them."""
        return any(file.more for file in self.files)


def search_code(project_id: int, sha: str, question: CodeQuestion, *, context: int = 1) -> Found:
    """Lines of the text files of a commit that match, by path.

    Raises :class:`Invalid` for a pattern or path that can't be, :class:`Busy` when too many search at once.
    """
    arguments = _arguments(sha, question, context)
    if not _SLOTS.acquire(timeout=_PATIENCE):
        raise Busy("Too many searches run at once.", hint="Try again in a moment.")
    try:
        out = git.run(
            git.repository_path(project_id),
            *arguments,
            config=_CONFIG,
            env={"LC_ALL": "C.UTF-8", "GIT_LITERAL_PATHSPECS": "0"},
            max_bytes=_MAX_OUTPUT,
            timeout=_SECONDS,
            accept=(0, 1),
            memory=_MEMORY,
        )
    except GitTimeout:
        return Found((), "time")
    except GitFailed as error:
        raise _refused(error) from None
    finally:
        _SLOTS.release()
    files = _files(sha, out.data)
    if out.cut:
        files = files[:-1] or files
    cut = "" if not out.cut else "many" if len(out.data) >= _MAX_OUTPUT else "time"
    return Found(tuple(files[:MAX_FILES]), "many" if len(files) > MAX_FILES else cut)


def _arguments(sha: str, question: CodeQuestion, context: int) -> list[str]:
    text = question.text
    if not text.strip() or len(text) > MAX_PATTERN or any(char in text for char in "\0\n\r"):
        raise Invalid(
            f"Look for one line of 1 to {MAX_PATTERN} characters.",
            hint="Shorten what you look for.",
            code="bad_pattern",
        )
    options = ["-E" if question.regex else "-F"]
    options += ["-i"] if question.any_case else []
    options += ["-w"] if question.word else []
    return [
        "grep",
        "-z",
        "-n",
        "-I",
        "--color=always",
        f"--max-count={_MOST_IN_FILE}",
        f"--context={context}",
        *options,
        "-e",
        text,
        sha,
        "--",
        *_pathspec(question.path),
    ]


def _pathspec(path: str) -> list[str]:
    path = path.strip().strip("/")
    if not path:
        return []
    if (
        len(path.encode("utf-8", "replace")) > MAX_PATH_BYTES // 4
        or len(re.findall(r"\*+", path)) > _MAX_WILDCARDS
        or any(char in path for char in "\0\n")
        or any(part in {".", ".."} for part in path.split("/"))
    ):
        raise Invalid(
            "This is no path to search in.",
            hint="Write a folder, a file, or a pattern as *.py or src/**/test_*.",
            code="bad_path",
        )
    if not any(char in path for char in "*?["):
        return [f":(top,literal){path}"]
    return [f":(top,glob){path}" if "/" in path else f":(top,glob)**/{path}"]


def _refused(error: GitFailed) -> Exception:
    """Git's complaint about an expression becomes the user's; everything else stays a failure."""
    detail = error.detail
    if "fatal: " not in detail or "-e option" not in detail:
        return error
    reason = detail.rpartition(": ")[2].strip()[:100]
    return Invalid(
        f"This expression can't be used: {reason}.",
        hint="It is a POSIX extended expression. Switch “regular expression” off to look for the text as it is.",
        code="bad_pattern",
    )


def _files(sha: str, data: bytes) -> list[FoundFile]:
    """Records are a commit and path, a line's number and its text, ended by NUL, NUL and a line feed; ``--`` parts two runs."""
    runs: dict[str, list[list[FoundLine]]] = {}
    fresh, here = True, 0
    while here < len(data):
        if data.startswith(b"--\n", here):
            fresh, here = True, here + 3
            continue
        name_end = data.find(b"\0", here)
        number_end = data.find(b"\0", name_end + 1)
        if name_end < 0 or number_end < 0:
            break
        line_end = data.find(b"\n", number_end + 1)
        line_end = len(data) if line_end < 0 else line_end
        name, number = data[here:name_end], data[name_end + 1 : number_end]
        if not name.startswith(sha.encode()) or not number.isdigit():
            break
        path = name[len(sha) + 1 :].decode("utf-8", "replace")
        if path not in runs:
            fresh = True
        groups = runs.setdefault(path, [])
        if fresh:
            groups.append([])
            fresh = False
        groups[-1].append(FoundLine(int(number), _parts(data[number_end + 1 : line_end])))
        here = line_end + 1
    return [_file(path, groups) for path, groups in runs.items()]


def _file(path: str, groups: list[list[FoundLine]]) -> FoundFile:
    matches = sum(line.match for group in groups for line in group)
    return FoundFile(path, tuple(map(tuple, groups)), matches, more=matches >= _MOST_IN_FILE)


def _parts(raw: bytes) -> tuple[tuple[str, bool], ...]:
    """A line's parts, from just before its first match; long ones are shortened."""
    text = raw[: 1 << 20].decode("utf-8", "replace").rstrip("\r")
    first = text.find(_ON)
    lead = ""
    if first > _MAX_LINE // 2:
        text, lead = text[first - _MAX_LINE // 4 :], "…"
    parts: list[tuple[str, bool]] = [(lead, False)] if lead else []
    room = _MAX_LINE
    for piece in text.split(_ON):
        marked, off, rest = piece.partition(_OFF)
        found = [(marked, True), (rest, False)] if off else [(piece, False)]
        for part, is_match in found:
            if part and room > 0:
                parts.append((part[:room], is_match))
                room -= len(part)
    if room < 0:
        parts.append(("…", False))
    return tuple(parts)
