"""Patterns of branch names, and who may change what by which rule."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ropewalk.access.roles import Role
from ropewalk.repos.patterns import matches, matching
from ropewalk.repos.rules import Protection, RefRule, Writer, judge
from ropewalk.repos.types import ZERO

ONE, TWO = "1" * 40, "2" * 40


@pytest.mark.parametrize(
    ("pattern", "name", "covers"),
    [
        ("main", "main", True),
        ("main", "main2", False),
        ("release/*", "release/1", True),
        ("release/*", "release/1/2", False),
        ("release/*", "release/", True),
        ("release/**", "release/1/2", True),
        ("*", "a/b", False),
        ("**", "a/b", True),
        ("v?", "v1", True),
        ("v?", "v/", False),
        ("*-fix", "hot-fix", True),
        ("a.b", "axb", False),
    ],
)
def test_patterns(pattern: str, name: str, covers: bool) -> None:
    assert matches(pattern, name) is covers


@given(st.text("ab/*?", max_size=12), st.text("ab/", max_size=12))
def test_patterns_are_what_a_regular_expression_says(pattern: str, name: str) -> None:
    parts = {"**": ".*", "*": "[^/]*", "?": "[^/]"}
    expression = re.sub(r"\*\*|\*|\?", lambda match: parts[match[0]], pattern)
    assert matches(pattern, name) is bool(re.fullmatch(expression, name))


@given(st.text("ab/*?", max_size=8), st.lists(st.text("ab/", max_size=6)))
def test_many_names_at_once_are_judged_alike(pattern: str, names: list[str]) -> None:
    assert matching(pattern, names) == ([name for name in names if matches(pattern, name)], True)


def test_looking_at_many_names_ends_in_time() -> None:
    found, complete = matching("*a*a*", ["a" * 200] * 50_000, seconds=0.01)
    assert not complete and len(found) < 50_000


def test_a_pattern_of_many_stars_costs_little() -> None:
    assert not matches("*a" * 120 + "b", "a" * 400)


def judged(
    name: str, new: str, *rules: Protection, role: Role = Role.WRITER, user: int = 7
) -> RefRule | None:
    writer = Writer(user, role, role >= Role.MAINTAINER)
    found = judge(
        [(f"refs/heads/{name}", ONE, new)],
        writer=writer,
        protections=rules,
        default_branch="main",
        settings_url="https://x/settings",
    )
    return found[0] if found else None


def test_without_rules_only_the_default_branch_is_held() -> None:
    assert judged("other", ZERO) is None
    assert judged("other", TWO) is None
    main = judged("main", TWO)
    assert main is not None and main.kind == "forward"
    assert judged("main", TWO, role=Role.MAINTAINER) is None
    gone = judged("main", ZERO, role=Role.OWNER)
    assert gone is not None and gone.kind == "refuse"


def test_who_may_push_is_a_role_or_a_name() -> None:
    rule = Protection(1, "release/*", "maintainer", ((7, "ada"),))
    refused = judged("release/1", TWO, rule, user=8)
    assert refused is not None and refused.kind == "refuse"
    assert "only maintainers and ada" in refused.text
    named = judged("release/1", TWO, rule, user=7)
    assert named is not None and named.kind == "forward"
    nobody = judged("release/1", TWO, Protection(1, "release/*", "nobody"), role=Role.OWNER)
    assert nobody is not None and "nobody may push" in nobody.text
    assert judged("elsewhere", TWO, rule, user=8) is None


def test_force_and_delete_are_given_by_the_rule_alone() -> None:
    closed = Protection(1, "keep", "writer")
    forced = judged("keep", TWO, closed, role=Role.OWNER)
    assert forced is not None and forced.kind == "forward"
    deleted = judged("keep", ZERO, closed, role=Role.OWNER)
    assert deleted is not None and deleted.kind == "refuse"
    free = Protection(1, "keep", "writer", force=True, delete=True)
    assert judged("keep", TWO, free) is None
    assert judged("keep", ZERO, free) is None
    assert judged("main", ZERO, Protection(1, "main", "writer", delete=True)) is not None


def test_a_branch_satisfies_every_rule_that_covers_it() -> None:
    wide = Protection(1, "**", "writer", force=True, delete=True)
    narrow = Protection(2, "a/*", "owner")
    assert judged("a/b", TWO, wide, role=Role.MAINTAINER) is None
    refused = judged("a/b", TWO, wide, narrow, role=Role.MAINTAINER)
    assert refused is not None and "a/*" in refused.text


def test_tags_and_other_refs_are_nobodys_branches() -> None:
    writer = Writer(7, Role.WRITER, False)
    assert (
        judge(
            [("refs/tags/main", ONE, ZERO), ("refs/exps/a", ONE, TWO)],
            writer=writer,
            protections=[Protection(1, "**", "nobody")],
            default_branch="main",
            settings_url="",
        )
        == []
    )
