"""Lines of a change as a page shows them: nothing of the text is lost, nothing of it is HTML."""

import difflib
import html
import itertools
import re

from hypothesis import example, given
from hypothesis import strategies as st

from ropewalk.edges.web.diffs.highlight import coloured, html_of
from ropewalk.edges.web.diffs.lines import Colours, rows_of
from ropewalk.edges.web.diffs.words import marks
from ropewalk.repos.types import ChangedFile, DiffLine, FileDiff, Hunk

LINE = st.text(st.characters(exclude_characters="\n\r"), max_size=60)
CODE = st.lists(
    st.sampled_from(["def f(a, b):", "    return a + 'x'", '"""', "# <b>&amp;", "a = {1: <", "\ta", ""]),
    max_size=20,
)
FILE = ChangedFile("modified", "a.py", "a.py", "100644", "100644", "1" * 40, "2" * 40)
TAG = re.compile(r"<[^>]*>")


def outside(text: str, ranges: list[tuple[int, int]]) -> str:
    kept, at = [], 0
    for start, end in ranges:
        kept.append(text[at:start])
        at = end
    return "".join([*kept, text[at:]])


@given(LINE, LINE)
@example("rate = 0.1", "rate = 0.15")
@example("a" * 3000, "b" * 3000)
@example(" ".join("ab" * 900), " ".join("ba" * 900))
def test_outside_the_marks_both_sides_are_the_same(old: str, new: str):
    before, after = marks(old, new)
    for text, ranges in ((old, before), (new, after)):
        assert ranges == sorted(ranges)
        assert all(0 <= start < end <= len(text) for start, end in ranges)
        assert all(first[1] < second[0] for first, second in itertools.pairwise(ranges))
    if before or after:
        assert outside(old, before) == outside(new, after)


def test_the_changed_word_is_marked_and_strangers_are_not():
    assert marks("rate = 0.1  # slow", "rate = 0.15  # slow") == ([(9, 10)], [(9, 11)])
    assert marks("import json", "return score") == ([], [])
    assert marks("", "something") == ([], [])


@given(CODE, st.sampled_from(["a.py", "a.json", "a.unknown", "Makefile", "x.html"]))
def test_colours_keep_every_character(lines: list[str], path: str):
    text = "\n".join(lines)
    pieces = coloured(path, text)
    if pieces is not None:
        assert ["".join(value for _, value in line) for line in pieces] == text.split("\n")


@given(LINE, st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60)), max_size=4))
def test_a_line_is_escaped_text_with_spans(text: str, spans: list[tuple[int, int]]):
    ranges, at = [], 0
    for start, length in spans:
        first, last = at + start, min(at + start + length, len(text))
        if first < last:
            ranges.append((first, last))
            at = last + 1
    shown = html_of(text, None, ranges)
    assert html.unescape(TAG.sub("", shown)) == text
    assert set(TAG.findall(shown)) <= {'<span class="x">', "</span>"}


def change_of(old: list[str], new: list[str]) -> FileDiff:
    """A change with all lines, as git writes one: deleted lines before added ones."""
    lines, before, after = [], 1, 1
    for tag, i1, i2, j1, j2 in difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if tag == "equal":
            for text in old[i1:i2]:
                lines.append(DiffLine("context", text, before, after))
                before, after = before + 1, after + 1
            continue
        for text in old[i1:i2]:
            lines.append(DiffLine("deleted", text, before))
            before += 1
        for text in new[j1:j2]:
            lines.append(DiffLine("added", text, None, after))
            after += 1
    return FileDiff(FILE, (Hunk("@@ -1 +1 @@", tuple(lines)),))


ROW = re.compile(r"<tr>(.*?)</tr>", re.DOTALL)
CELL = re.compile(r'<td(?: class="([^"]*)")?(?: id="[^"]*")?>(.*?)</td>', re.DOTALL)
SIGN = re.compile(r'<span class="sign">(.)</span>', re.DOTALL)


def read(cell: str) -> tuple[str, str]:
    """A text cell's sign and text."""
    sign = SIGN.match(cell)
    assert sign
    text = html.unescape(TAG.sub("", cell[sign.end() :]))
    return sign[1], text


SOURCE = st.lists(
    st.sampled_from(["", "a = 1", "a = 2", "<script>alert(1)</script>", "def f():", "    return 'é' & 1"]),
    max_size=12,
)


@given(SOURCE, SOURCE)
def test_the_new_lines_of_the_unified_view_are_the_new_file(old: list[str], new: list[str]):
    rows = rows_of(change_of(old, new), Colours(), split=False, anchor="x")
    read_old, read_new = [], []
    for row in ROW.findall(rows):
        sign, text = read(CELL.findall(row)[2][1])
        text = "" if text == " " else text
        if sign != "+":
            read_old.append(text)
        if sign != "−":
            read_new.append(text)
    assert (read_old, read_new) == (old, new)


@given(SOURCE, SOURCE)
def test_each_side_of_the_split_view_is_its_file(old: list[str], new: list[str]):
    rows = rows_of(change_of(old, new), Colours(), split=True, anchor="x")
    sides: tuple[list[str], list[str]] = ([], [])
    for row in ROW.findall(rows):
        cells = CELL.findall(row)
        assert len(cells) == 4
        for side, (look, cell) in zip(sides, (cells[1], cells[3]), strict=True):
            if "void" not in look:
                text = read(cell)[1]
                side.append("" if text == " " else text)
    assert sides == (old, new)


def test_a_missing_newline_is_said_beside_its_line():
    lines = (DiffLine("deleted", "a", 1), DiffLine("note", " No newline"), DiffLine("added", "b", None, 1))
    rows = rows_of(FileDiff(FILE, (Hunk("@@", lines),)), Colours(), split=True, anchor="x")
    assert rows.count("no newline at the end") == 1 and rows.count("<tr>") == 1
