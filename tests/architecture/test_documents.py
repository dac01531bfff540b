"""What the documents say of our tests is so."""

import ast
import re
from pathlib import Path

from infra.embedded.config import ROOT

NAMED = re.compile(r"`(?:([\w./-]+\.py)::)?(test_\w+)`")
GIT_SUITES = {
    "## Pushing": "tests/protocol/git/test_git_suite_push.py",
    "## Fetching": "tests/protocol/git/test_git_suite_fetch.py",
}


def defined_in(path: Path) -> set[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}


def named_in_git_tests() -> list[tuple[str, str]]:
    """(file, test) for each that the table of git's own tests names."""
    found, file = [], ""
    for line in (ROOT / "docs/git-tests.md").read_text(encoding="utf-8").splitlines():
        file = next((path for heading, path in GIT_SUITES.items() if line.startswith(heading)), file)
        for other, test in NAMED.findall(line):
            found.append((f"tests/protocol/git/{other}" if other else file, test))
    return found


def test_each_test_of_the_git_table_exists() -> None:
    named = named_in_git_tests()
    assert len(named) > 50
    missing = [(file, test) for file, test in named if test not in defined_in(ROOT / file)]
    assert missing == []


def test_each_of_the_git_suites_tests_is_in_the_table() -> None:
    named = set(named_in_git_tests())
    for file in GIT_SUITES.values():
        ours = {test for test in defined_in(ROOT / file) if test.startswith("test_")}
        assert {(file, test) for test in ours} <= named


def test_each_row_of_the_git_table_has_a_verdict() -> None:
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in (ROOT / "docs/git-tests.md").read_text(encoding="utf-8").splitlines()
        if line.startswith("| ") and not line.startswith("| git's case")
    ]
    assert len(rows) > 60
    for case, verdict, ours in rows:
        assert case and verdict in {"holds", "differs", "client", "left"}, case
        assert verdict == "client" or ours, case


def test_each_test_named_elsewhere_exists() -> None:
    for document in [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")]:
        for file, test in NAMED.findall(document.read_text(encoding="utf-8")):
            if file and document.name != "git-tests.md":
                assert test in defined_in(ROOT / file), f"{document.name}: {file}::{test}"
