"""What can be wrong with somebody's bucket. No text of theirs is repeated: it may hold what we sent."""

from ropewalk.core.errors import Unprocessable


class BucketRefused(Unprocessable):
    """The other server does not let us read; the message says why in our words."""

    code = "bucket_refused"


class StrangeAnswer(Unprocessable):
    """What came is not what S3 answers: malformed, too long, or about something else."""

    code = "strange_answer"

    def __init__(self, what: str) -> None:
        super().__init__(
            f"The other server does not answer as S3 does: {what}.",
            hint="Check the endpoint: it is the address of the S3 service, not of a console.",
        )


class ContentChanged(Unprocessable):
    """The object is another one than it was when it was looked at."""

    code = "content_changed"

    def __init__(self) -> None:
        super().__init__("The file changed in its bucket meanwhile.", hint="Load the page again.")
