"""Patterns for branch names, as in ``release/*``."""

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


def is_literal(pattern: str) -> bool:
    """Whether the pattern names exactly one branch."""
    return not set(pattern) & {"*", "?"}


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
