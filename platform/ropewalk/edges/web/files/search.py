"""Searching a revision's code."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse

from ropewalk.access.authentication import caller_key
from ropewalk.access.types import ProjectAccess
from ropewalk.core.errors import Invalid
from ropewalk.core.limits import spend
from ropewalk.edges.web.files.place import place
from ropewalk.edges.web.frame import project_page
from ropewalk.edges.web.links import quoted
from ropewalk.edges.web.search.views import LONGEST, project_kinds
from ropewalk.repos import selectors as repos
from ropewalk.repos.searching import CodeQuestion, FoundFile, search_code

PER_MINUTE = 30


@dataclass(frozen=True)
class Shown:
    """A file of the answer with its page; lines are linked by ``<url>#L<number>``."""

    file: FoundFile
    url: str


def question_of(request: HttpRequest) -> CodeQuestion:
    """What the form asks for."""
    asked = request.GET
    return CodeQuestion(
        text=asked.get("q", ""),
        regex="regex" in asked,
        any_case="case" not in asked,
        word="word" in asked,
        path=asked.get("path", "").strip(),
    )


def search(request: HttpRequest, access: ProjectAccess, rev_path: str) -> HttpResponse:
    """Lines of a revision that have a text or fit an expression, with the lines around them."""
    revision = repos.resolve(access.project.id, rev_path)
    question = question_of(request)
    context: dict[str, Any] = place(access, revision, "search")
    context |= {"question": question, "path": question.path or revision.path, "status": 200}
    if question.text.strip():
        spend(
            "code-search", caller_key(request, access.actor), per_minute=PER_MINUTE, what="searches of code"
        )
        wanted = CodeQuestion(**{**vars(question), "path": context["path"]})
        try:
            found = search_code(access.project.id, revision.sha, wanted)
        except Invalid as error:
            context |= {"error": error, "status": error.status}
        else:
            shown = [Shown(file, f"{context['base']}/{quoted(file.path)}?view=code") for file in found.files]
            context |= {"found": found, "shown": shown}
    context["search_text"] = question.text[:LONGEST]
    context["kinds"] = project_kinds(access, "code", question.text)
    context["find_names"] = f"{context['find_url']}?{urlencode({'q': question.text})}"
    status = context.pop("status")
    return project_page(request, access, "files/search.html", "files", context, status=status)
