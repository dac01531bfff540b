"""A name could end in a line break: ``$`` in a pattern matches before it, and logs and refs would have been forged with it."""

import pytest

from ropewalk.accounts.names import check_owner_name
from ropewalk.core.errors import Invalid
from ropewalk.projects.names import check_branch_name, check_project_name


@pytest.mark.parametrize("check", [check_owner_name, check_project_name, check_branch_name])
def test_a_line_break_at_the_end_is_refused(check):
    assert check("wine") == "wine"
    for bad in ("wine\n", "wine\r", "wine\n\n", "\nwine", "wi\nne", "wine\0"):
        with pytest.raises(Invalid):
            check(bad)
