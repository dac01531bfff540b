"""What can go wrong with a comparison, with stable codes."""

from ropewalk.core.errors import Invalid, NotFound


class ComparisonNotFound(NotFound):
    """The project has no comparison of this number."""

    code = "comparison_not_found"

    def __init__(self) -> None:
        super().__init__("There is no such comparison in this project.")


class BadChoice(Invalid):
    """Too few, too many or unknown runs."""

    code = "bad_choice_of_runs"
