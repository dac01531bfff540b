"""Patterns for branch names, as in ``release/*``."""

import time
from collections.abc import Iterable

MAX_PATTERN = 255


def matches(pattern: str, name: str) -> bool:
    """Whether a pattern covers a whole name: ``*`` is any text without a slash, ``**`` any text, ``?`` one character but a slash.

    Everything else is itself. The time is bounded by the product of both lengths, whatever the pattern is.
    """
    tokens = _tokens(pattern)
    states = _reachable(tokens, {0})
    for char in name:
        following = set()
        for state in states:
            if state == len(tokens):
                continue
            token = tokens[state]
            if token == "**" or (token == "*" and char != "/"):
                following.add(state)
            elif token == char or (token == "?" and char != "/"):
                following.add(state + 1)
        states = _reachable(tokens, following)
    return len(tokens) in states


def matching(pattern: str, names: Iterable[str], *, seconds: float = 1.0) -> tuple[list[str], bool]:
    """The names that a pattern covers, and whether all were looked at in this time.

    Patterns with one star, which most have, cost next to nothing; for others only names with the right ends are tried.
    """
    tokens = _tokens(pattern)
    stars = [position for position, token in enumerate(tokens) if token in {"*", "**", "?"}]
    if not stars:
        return [name for name in names if name == pattern], True
    head, tail = "".join(tokens[: stars[0]]), "".join(tokens[stars[-1] + 1 :])
    simple = len(stars) == 1 and tokens[stars[0]] != "?"
    found: list[str] = []
    end = time.monotonic() + seconds
    for name in names:
        if len(name) < len(head) + len(tail) or not (name.startswith(head) and name.endswith(tail)):
            continue
        if simple:
            fits = tokens[stars[0]] == "**" or "/" not in name[len(head) : len(name) - len(tail)]
        elif time.monotonic() > end:
            return found, False
        else:
            fits = matches(pattern, name)
        if fits:
            found.append(name)
    return found, True


def _tokens(pattern: str) -> list[str]:
    found: list[str] = []
    position = 0
    while position < len(pattern):
        token = "**" if pattern.startswith("**", position) else pattern[position]
        position += len(token)
        found.append(token)
    return found


def _reachable(tokens: list[str], states: set[int]) -> set[int]:
    """The states with those that follow because a star may stand for nothing."""
    found = set(states)
    for state in sorted(states):
        while state < len(tokens) and tokens[state] in {"*", "**"}:
            state += 1  # noqa: PLW2901  # walks on from each state
            found.add(state)
    return found
