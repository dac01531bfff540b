"""The short form of the kill matrix: everything at once. ``make faults`` runs the whole."""

import pytest

from tests.faults.kill_matrix import run


@pytest.mark.timeout(900)
def test_nothing_acknowledged_is_lost_when_everything_is_killed() -> None:
    assert run(("everything",), rows=60_000) == []
