"""The card that says whether a run can be had again, its certificate, and the page where anybody checks one."""

import json

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from ropewalk.access.types import ProjectAccess
from ropewalk.edges.web.data.availability import stock_of
from ropewalk.edges.web.frame import project_page
from ropewalk.repos import selectors as repos
from ropewalk.reproduction import certificates
from ropewalk.reproduction.grading import Facts, Reproducibility, graded
from ropewalk.reproduction.selectors import facts_of
from ropewalk.tracking import selectors as tracking
from ropewalk.tracking.types import RunDetail


def reproduce(request: HttpRequest, access: ProjectAccess, run_id: str) -> HttpResponse:
    """The grade with its reasons and the commands of a repetition; ``fragment=1``: without a page around it."""
    detail, facts, found = _graded(access, run_id)
    context = {"run": detail.run, "found": found, "facts": facts, "commands": "\n".join(found.commands)}
    if request.GET.get("fragment"):
        response = render(request, "experiments/reproduce_body.html", {"access": access, **context})
        response.headers["X-Fragment"] = "1"
        return response
    return project_page(request, access, "experiments/reproduce.html", "experiments", context)


def certificate(_request: HttpRequest, access: ProjectAccess, run_id: str) -> HttpResponse:
    """The signed record as a file."""
    _, facts, found = _graded(access, run_id)
    body = certificates.certificate(access.project.full_name, access.project.url, facts, found)
    return HttpResponse(
        json.dumps(body, indent=2, ensure_ascii=False) + "\n",
        content_type="application/json",
        headers={
            "Content-Disposition": f'attachment; filename="run-{facts.run_id}.json"',
            "Cache-Control": "no-store",
        },
    )


def verify(request: HttpRequest) -> HttpResponse:
    """Whether a certificate is ours and unchanged. It tells what the text itself says, nothing that is stored here."""
    text, found = "", None
    if request.method == "POST":
        file = request.FILES.get("file")
        most = certificates.MAX_BYTES + 1
        text = (
            file.read(most).decode("utf-8", "replace") if file else request.POST.get("certificate", "")[:most]
        )
        found = certificates.checked(text)
    context = {
        "asked": request.method == "POST",
        "found": found,
        "text": text,
        "key": certificates.public_key(),
    }
    return render(request, "experiments/verify.html", context)


def _graded(access: ProjectAccess, run_id: str) -> tuple[RunDetail, Facts, Reproducibility]:
    detail = tracking.get_run(access.project.id, run_id)
    commit = detail.run.commit
    here = bool(commit) and repos.commit_exists(access.project.id, commit)
    facts = facts_of(access.project, detail, here, stock_of(access, commit) if here else None)
    return detail, facts, graded(facts)
