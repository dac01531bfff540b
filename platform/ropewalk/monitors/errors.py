"""What can go wrong with profiles and drift reports, with stable codes."""

from ropewalk.core.errors import Invalid, NotFound, TooLarge, Unprocessable


class ReportNotFound(NotFound):
    """The project has no drift report of this number."""

    code = "drift_report_not_found"

    def __init__(self) -> None:
        super().__init__("There is no such drift report in this project.")


class SameData(Invalid):
    """Both sides name the same path of the same commit."""

    code = "same_data"


class NothingToCompare(Invalid):
    """A path holds nothing that can be profiled."""

    code = "nothing_to_compare"


class MissingData(NotFound):
    """A tracked file's bytes were never uploaded."""

    code = "missing_data"


class DataTooLarge(TooLarge):
    """A file is over the limit of what a worker reads."""

    code = "data_too_large"


class ChangedData(Unprocessable):
    """The stored bytes are not as long as they were said to be."""

    code = "changed_data"


class UnreadableData(Unprocessable):
    """A file's content cannot be profiled; ``code`` and message come from the analysis."""

    code = "unreadable_data"
