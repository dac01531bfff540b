"""The failures of a computation that a user can understand."""


class AnalysisError(Exception):
    """An input cannot be worked on. ``code`` is stable for programs, ``message`` is written for the user."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
