"""Searching code: what is found, how it is asked for, and what hostile patterns cost."""

from typing import Any

import pytest
from django.core.cache import cache as limits
from django.test import Client

from ropewalk.core.errors import Invalid
from ropewalk.edges.web.files import search as page
from ropewalk.repos import selectors
from ropewalk.repos.searching import MAX_FILES, CodeQuestion, Found, search_code
from tests.integration.repos.conftest import Fill, commit, write

MAIN = "refs/heads/main"
SOURCE = b"import os\n\ndef train(rate):\n    return rate\n\n\n\n\n# Train <b>it</b> --help \xff\ntrainer = train(0.1)\n"


@pytest.fixture
def pid(fill: Fill) -> int:
    limits.clear()
    return fill(
        commit(
            MAIN,
            1000,
            "One",
            write("src/model.py", SOURCE),
            write("notes.md", "Änderung: train\r\n".encode()),
            write("odd: name -- [x].py", b"train\n"),
            write("weights.bin", b"\0train\n"),
        )
    )


def ask(pid: int, text: str, **options: Any) -> Found:
    return search_code(pid, selectors.resolve(pid).sha, CodeQuestion(text, **options))


def paths(found: Found) -> list[str]:
    return [file.path for file in found.files]


def test_lines_with_context_in_text_files_only(pid: int) -> None:
    found = ask(pid, "train")
    assert paths(found) == ["notes.md", "odd: name -- [x].py", "src/model.py"]
    first, second = found.files[2].runs
    assert [line.number for line in first] == [2, 3, 4]
    assert [(line.number, line.match) for line in second] == [(8, False), (9, True), (10, True)]
    assert first[1].parts == (("def ", False), ("train", True), ("(rate):", False))
    assert found.matches == 5


def test_case_word_and_expression(pid: int) -> None:
    assert [
        line.number for run in ask(pid, "train", any_case=False).files[2].runs for line in run if line.match
    ] == [3, 10]
    assert ask(pid, "trainer", word=True).matches == 1
    assert not ask(pid, "traine", word=True).files
    assert ask(pid, r"^def (train|test)\(", regex=True).matches == 1
    assert ask(pid, "(train|test)").matches == 0
    assert paths(ask(pid, "änderung")) == ["notes.md"]


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("src", ["src/model.py"]),
        ("*.py", ["odd: name -- [x].py", "src/model.py"]),
        ("src/**", ["src/model.py"]),
        ("notes.md", ["notes.md"]),
        ("nowhere", []),
        ("-x", []),
        (":(exclude)src", []),
    ],
)
def test_a_path_narrows(pid: int, path: str, expected: list[str]) -> None:
    assert paths(ask(pid, "train", path=path)) == expected


@pytest.mark.parametrize("text", ["--help", "-O/bin/sh", "--open-files-in-pager=sh", "-f/etc/passwd"])
def test_a_pattern_is_never_an_option(pid: int, text: str) -> None:
    assert ask(pid, text).matches == (1 if text == "--help" else 0)


@pytest.mark.parametrize(
    ("text", "path"), [("", ""), ("a\0b", ""), ("a\nb", ""), ("x" * 501, ""), ("x", "../x"), ("x", "*a" * 9)]
)
def test_what_can_not_be_asked(pid: int, text: str, path: str) -> None:
    with pytest.raises(Invalid):
        ask(pid, text, path=path)


@pytest.mark.parametrize("text", ["(a", "[", "(a{32767}){32767}", "((a{1,255}){1,255}){1,255}"])
def test_an_impossible_expression_is_refused_in_words(pid: int, text: str) -> None:
    with pytest.raises(Invalid) as refused:
        ask(pid, text, regex=True)
    assert "expression" in refused.value.message


def test_time_and_number_are_bounded(pid: int, fill: Fill, monkeypatch: Any) -> None:
    many = [write(f"f{number:03}.txt", b"train\n" * 30) for number in range(MAX_FILES + 5)]
    fill(commit("refs/heads/many", 3000, "Many", *many))
    found = search_code(pid, selectors.resolve(pid, "many").sha, CodeQuestion("train"))
    assert (len(found.files), found.cut) == (MAX_FILES, "many")
    assert (found.files[0].matches, found.files[0].more) == (21, True)  # a match among the context counts too
    monkeypatch.setattr("ropewalk.repos.searching._SECONDS", 0.0)
    assert ask(pid, "train").cut == "time"


def test_the_page(pid: int, project: Any) -> None:
    base = f"/{project.owner.slug}/{project.slug}"
    text = Client().get(f"{base}/search/main", {"q": "train"}).content.decode()
    assert "5 lines in 3 files" in text
    assert f'href="{base}/src/main/src/model.py?view=code#L3"' in text
    assert "&lt;b&gt;it&lt;/b&gt;" in text
    assert "Look at file names" in Client().get(f"{base}/search/main", {"q": "nothing"}).content.decode()
    refused = Client().get(f"{base}/search/main", {"q": "(", "regex": "on"})
    assert (refused.status_code, "POSIX" in refused.content.decode()) == (400, True)


def test_the_api_and_the_limit(pid: int, project: Any, monkeypatch: Any) -> None:
    url = f"/api/v1/repos/{project.owner.slug}/{project.slug}/search/code"
    answer = Client().get(url, {"q": "def", "path": "src"}).json()
    assert answer["files"][0]["lines"] == [{"line": 3, "text": "def train(rate):", "match": True}]
    monkeypatch.setattr(page, "PER_MINUTE", 0)
    refused = Client().get(f"/{project.owner.slug}/{project.slug}/search/main", {"q": "x"})
    assert refused.status_code == 429
