"""Errors that may be shown to a user: each says what happened, and may say what to do next.

An edge renders them in its own dialect (page, JSON, plain text for git, MLflow's JSON).
"""


class RopewalkError(Exception):
    """Base class. ``message`` and ``hint`` are safe to show; ``code`` is stable for programs; ``status`` is the HTTP status."""

    status = 500
    code = "internal_error"

    def __init__(self, message: str, *, hint: str = "", code: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        if code:
            self.code = code


class Invalid(RopewalkError):
    """The request's shape or a value in it is wrong."""

    status, code = 400, "invalid"


class Unauthenticated(RopewalkError):
    """No credentials where they are needed, or wrong ones."""

    status, code = 401, "unauthenticated"


class Denied(RopewalkError):
    """The viewer may see the thing but not do this to it. What may not be seen is :class:`NotFound`."""

    status, code = 403, "denied"


class NotFound(RopewalkError):
    """It does not exist, or the viewer may not know that it does."""

    status, code = 404, "not_found"


class Stalled(RopewalkError):
    """The client stopped sending in the middle of a body."""

    status, code = 408, "stalled"


class Conflict(RopewalkError):
    """The present state does not allow it (a name is taken, an archived project)."""

    status, code = 409, "conflict"


class TooLarge(RopewalkError):
    """A body, file or result is over its limit; the message names the limit."""

    status, code = 413, "too_large"


class Unprocessable(RopewalkError):
    """The content is well formed but fails verification (a checksum mismatch)."""

    status, code = 422, "unprocessable"


class Busy(RopewalkError):
    """A rate limit or a lock: try again later."""

    status, code = 429, "busy"


class Unavailable(RopewalkError):
    """A part that this needs does not answer now; ``retry_after`` is in seconds."""

    status, code = 503, "unavailable"
    retry_after = 10
