"""What a revision's ``.editorconfig`` files say about a path, and text written by it.

The files are anybody's: their size, lines, sections and folders are bounded, and RE2 matches their patterns in linear time where
the library's own expressions could take for ever.
"""

import io
import posixpath
import re
from collections.abc import Iterator
from dataclasses import dataclass

import re2
from editorconfig.exceptions import EditorConfigError
from editorconfig.fnmatch import translate
from editorconfig.ini import EditorConfigParser

from ropewalk.core.errors import Invalid
from ropewalk.repos import selectors as repos
from ropewalk.repos.errors import EmptyRepository
from ropewalk.repos.paths import cleaned_path

NAME = ".editorconfig"
_MOST_BYTES, _MOST_LINES, _LONGEST_LINE = 32 << 10, 1000, 256
_MOST_SECTIONS, _MOST_FOLDERS = 100, 20
_WIDEST = 16
_UTF8 = frozenset({"", "unset", "utf-8", "utf-8-bom"})


@dataclass(frozen=True)
class Conventions:
    """How a file is written. ``indent`` is what Tab inserts (empty: as the file has it), ``tab_width`` in columns (0: unsaid).

    ``charset`` is one asked for that is not written here: text is UTF-8.
    """

    indent: str = ""
    tab_width: int = 0
    trims: bool = False
    ends: bool = False
    charset: str = ""

    @property
    def words(self) -> list[str]:
        """What they say, for the page."""
        found = []
        if self.indent:
            found.append("tabs" if self.indent == "\t" else f"{len(self.indent)} spaces a step")
        if self.trims:
            found.append("no blanks at the ends of lines")
        if self.ends:
            found.append("a line break at the end")
        return found

    def applied(self, text: str) -> str:
        """The text (plain line ends) as they want it."""
        if self.trims:
            text = "\n".join(line.rstrip(" \t") for line in text.split("\n"))
        return f"{text}\n" if self.ends and text and not text.endswith("\n") else text


def conventions_of(project_id: int, sha: str, path: str) -> Conventions:
    """What holds for a path at a commit; nothing without one, and for paths deeper than 20 folders."""
    try:
        path = cleaned_path(path)
    except Invalid:
        return Conventions()
    folders = list(_folders(path))
    if not sha or len(folders) > _MOST_FOLDERS:
        return Conventions()
    files = [posixpath.join(folder, NAME) for folder in folders]
    try:
        found = repos.blobs(project_id, sha, files, limit=_MOST_BYTES + 1)
    except EmptyRepository:
        return Conventions()
    texts = [(name, found[name].data) for name in files if name in found]
    return _meaning(_options(path, texts))


def _folders(path: str) -> Iterator[str]:
    """The path's folders from the nearest to the root."""
    folder = path
    while folder:
        folder = posixpath.dirname(folder)
        yield folder


def _options(path: str, texts: list[tuple[str, bytes]]) -> dict[str, str]:
    """The nearest file's word counts, section by section; above a root nothing does."""
    options: dict[str, str] = {}
    for name, data in texts:
        if len(data) > _MOST_BYTES:
            continue
        parser = _Parser(f"/{path}")
        try:
            parser._read(io.StringIO(_bounded(data.decode("utf-8", "replace"))), f"/{name}")  # type: ignore[arg-type]  # reads lines
        except EditorConfigError:
            pass  # told at the end of the file: the sound lines count
        options = {**parser.options, **options}
        if parser.root_file:
            break
    return options


def _bounded(text: str) -> str:
    lines = text.replace("\r\n", "\n").split("\n")[:_MOST_LINES]
    return "".join(f"{line}\n" for line in lines if len(line) <= _LONGEST_LINE)


class _Parser(EditorConfigParser):
    """The library's, with another matcher of paths."""

    def __init__(self, filename: str) -> None:
        super().__init__(filename)
        self.sections = 0

    def matches_filename(self, config_filename: str, glob: str) -> bool:
        """Whether a section's pattern, which counts from its file's folder, covers the path."""
        self.sections += 1
        if self.sections > _MOST_SECTIONS:
            return False
        glob = glob.replace("\\#", "#").replace("\\;", ";")
        inside = posixpath.relpath(self.filename, posixpath.dirname(config_filename))
        pattern = glob.lstrip("/") if "/" in glob else f"**/{glob}"
        try:
            expression, ranges = translate(f"/{pattern}")
            found = re2.fullmatch(expression.removesuffix(r"\Z"), f"/{inside}")
        except (re2.error, ValueError, RecursionError):
            return False
        if not found:
            return False
        pairs = zip(found.groups(), ranges, strict=False)
        return all(number is None or _within(number, *limits) for number, limits in pairs)


def _within(number: str, least: int, most: int) -> bool:
    return not re.match(r"[+-]?0\d", number) and least <= int(number) <= most


def _meaning(options: dict[str, str]) -> Conventions:
    said = {key: value.strip().lower() for key, value in options.items()}
    size, width = _columns(said.get("indent_size", "")), _columns(said.get("tab_width", ""))
    style = said.get("indent_style", "")
    if said.get("indent_size") == "tab":
        size = width
    charset = said.get("charset", "")
    return Conventions(
        indent={"tab": "\t", "space": " " * (size or width)}.get(style, ""),
        tab_width=width or size,
        trims=said.get("trim_trailing_whitespace") == "true",
        ends=said.get("insert_final_newline") == "true",
        charset="" if charset in _UTF8 else charset[:40],
    )


def _columns(text: str) -> int:
    return (
        int(text) if text.isascii() and text.isdigit() and len(text) < 3 and 0 < int(text) <= _WIDEST else 0
    )
