"""Each page that says what can't be done, drawn inside a running Ropewalk for a browser to look at."""

import sys

from django.core.exceptions import RequestDataTooBig
from django.http import HttpResponse
from django.test import RequestFactory
from django.views.csrf import csrf_failure

from ropewalk.access.types import ANONYMOUS, Actor
from ropewalk.core.errors import Busy, Conflict, Denied, NotFound, Unprocessable
from ropewalk.core.outages import database_away
from ropewalk.edges.web.errors import bad_request, html_error, not_found, server_error

LONG = "src/" + "/".join(f"a-rather-long-folder-{n}" for n in range(12)) + "/train.py"


def make(username: str) -> dict[str, str]:
    """The HTML of each, as its name and its status say: ``404-missing``."""
    request = RequestFactory().get("/somewhere?page=2")
    request.actor = Actor.in_session(1, username, False)  # type: ignore[attr-defined]  # the guard's
    refused = {
        "403-denied": Denied("You may read this project, not change it.", hint="Ask an owner for a role."),
        "404-file": NotFound(f"There is no “{LONG}” at main.", hint="Look for it with “Go to file”."),
        "409-conflict": Conflict(
            "The branch moved on meanwhile.", hint="Look at what changed, then try again."
        ),
        "422-form": Unprocessable("The notebook has no cells."),
        "429-busy": Busy("Too many searches at once.", hint="Try again in a moment."),
        "503-database": database_away(),
    }
    answers: dict[str, HttpResponse] = {name: html_error(request, error) for name, error in refused.items()}
    answers["413-form"] = bad_request(request, RequestDataTooBig())
    answers["404-missing"] = not_found(request, Exception())
    answers["403-csrf"] = csrf_failure(request, reason="")
    request.actor = ANONYMOUS  # type: ignore[attr-defined]
    answers["404-nobody"] = not_found(request, Exception())
    answers["503-nobody"] = html_error(request, database_away())
    try:
        raise ValueError("a defect")
    except ValueError:
        assert sys.exc_info()[1] is not None
        answers["500-defect"] = server_error(request)
    return {name: answer.content.decode() for name, answer in answers.items()}
