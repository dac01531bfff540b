"""A push that git took and the database did not: its pusher hears that it is stored, and the log whether that is a defect."""

from typing import Any

import psycopg
import pytest
from structlog.testing import capture_logs

from ropewalk.repos.pushing import PushSession


@pytest.mark.parametrize(
    ("error", "level", "traced"),
    [(psycopg.errors.AdminShutdown("shut down"), "warning", False), (RuntimeError("defect"), "error", True)],
)
def test_an_outage_is_no_defect(
    monkeypatch: pytest.MonkeyPatch, error: Exception, level: str, traced: bool
) -> None:
    def record(_changes: Any) -> list[str]:
        raise error

    session = object.__new__(PushSession)  # no git behind it
    session._recorded, session._record = False, record
    monkeypatch.setattr(session, "_changes", lambda: [("refs/heads/main", "0" * 40, "1" * 40)])
    with capture_logs() as logs:
        assert session._write_down() == [
            "Ropewalk: the push is stored. Its pages will follow in a few minutes."
        ]
    (line,) = [one for one in logs if one["event"] == "git.push_not_recorded"]
    assert (line["log_level"], "exc_info" in line) == (level, traced)
