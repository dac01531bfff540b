"""The failures of a computation that a user can understand."""

from typing import TypeVar


class AnalysisError(Exception):
    """An input cannot be worked on. ``code`` is stable for programs, ``message`` is written for the user."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


T = TypeVar("T")


def known(value: T | None) -> T:
    """A part that must exist here (by the kind of its column, say); its lack is a defect of ours, never of the input."""
    if value is None:
        raise TypeError("A part of a profile is missing.")
    return value
