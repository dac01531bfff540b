"""What ``.editorconfig`` files mean for a path, also when they were written to hurt."""

import pytest

from ropewalk.edges.web.writing.conventions import Conventions, _meaning, _options

USUAL = b"""root = true

[*]
indent_style = space
indent_size = 4
insert_final_newline = true
trim_trailing_whitespace = true
charset = utf-8

[*.{js,ts}]
indent_size = 2

[Makefile]
indent_style = tab
tab_width = 8

[docs/**/*.md]
trim_trailing_whitespace = false

[chapter{1..3}.txt]
indent_size = 3
"""


def meaning(path: str, *texts: tuple[str, bytes]) -> Conventions:
    return _meaning(_options(path, list(texts)))


@pytest.mark.parametrize(
    ("path", "indent", "width", "trims"),
    [
        ("a.py", "    ", 4, True),
        ("deep/er/a.py", "    ", 4, True),
        ("web/a.ts", "  ", 2, True),
        ("Makefile", "\t", 8, True),
        ("docs/a/b.md", "    ", 4, False),
        ("docs/b.md", "    ", 4, False),
        ("other/docs/b.md", "    ", 4, True),
        ("chapter2.txt", "   ", 3, True),
        ("chapter4.txt", "    ", 4, True),
    ],
)
def test_sections_mean_paths(path: str, indent: str, width: int, trims: bool) -> None:
    assert meaning(path, (".editorconfig", USUAL)) == Conventions(indent, width, trims, ends=True)


def test_the_nearest_file_counts_and_nothing_above_a_root() -> None:
    top = b"[*]\nindent_style = tab\ninsert_final_newline = true\n"
    near = b"[*.py]\nindent_style = space\nindent_size = 2\n"
    both = meaning("pkg/a.py", ("pkg/.editorconfig", near), (".editorconfig", top))
    assert (both.indent, both.ends) == ("  ", True)
    alone = meaning("pkg/a.py", ("pkg/.editorconfig", b"root=true\n" + near), (".editorconfig", top))
    assert (alone.indent, alone.ends) == ("  ", False)
    inside = b"[/a.py]\nindent_style = tab\n"
    assert meaning("pkg/a.py", ("pkg/.editorconfig", inside)).indent == "\t"
    assert meaning("pkg/x/a.py", ("pkg/.editorconfig", inside)).indent == ""


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"\xff\xfe\x00",
        b"no section\n",
        b"[*\nindent_style = tab\n",
        b"[*]\nindent_size = 99999999999999999999\n",
        b"[*]\nindent_size = -4\ntab_width = \xc2\xb2\n",
        b"[{a,{1..2}}]\nindent_size = 2\n",
        b"[[z-a]]\nindent_style = tab\n",
        b"[" + b"{" * 250 + b"]\nindent_style = tab\n",
        b"[{" + b"9" * 240 + b"..1}]\nindent_style = tab\n",
        b"[" + b"**a" * 80 + b"b]\nindent_style = tab\n",
        b"[*]\n" + b" " * 30_000 + b"\n",
        b"[*]\nindent_style = tab" + b"\0" * 300 + b"\n",
        b"[*]\nindent_style = space\n" * 1400,
        b"[*]\nindent_style = tab\n" + b"x" * (33 << 10),
    ],
)
def test_hostile_files_say_nothing_and_are_quick(text: bytes) -> None:
    """Before RE2 the pattern of eighty stars took longer than anybody would wait: it is here to hang if that comes back."""
    assert meaning("a" * 250 + "/" + "a" * 250, (".editorconfig", text)) == Conventions()


def test_text_is_written_as_it_is_asked_for() -> None:
    assert Conventions().applied("a  \nb") == "a  \nb"
    assert Conventions(trims=True).applied("a \t\n\n  b  ") == "a\n\n  b"
    assert Conventions(ends=True).applied("a") == "a\n"
    assert Conventions(ends=True).applied("") == ""
    assert Conventions(ends=True).applied("a\n\n") == "a\n\n"
    assert Conventions(trims=True).applied(" " * 1_000_000 + "x") == " " * 1_000_000 + "x"


def test_another_charset_is_told() -> None:
    assert meaning("a.txt", (".editorconfig", b"[*]\ncharset = latin1\n")).charset == "latin1"
    assert meaning("a.txt", (".editorconfig", b"[*]\ncharset = utf-8\n")).charset == ""
