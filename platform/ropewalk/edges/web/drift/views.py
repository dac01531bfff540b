"""Drift reports answer whether the data has moved."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from ropewalk.access.types import ProjectAccess
from ropewalk.core.errors import RopewalkError
from ropewalk.core.pagination import page_number
from ropewalk.edges.web.drift.columns import columns_of
from ropewalk.edges.web.drift.forms import ReportForm
from ropewalk.edges.web.drift.offers import offers
from ropewalk.edges.web.fields import add_error
from ropewalk.edges.web.frame import project_page
from ropewalk.monitors import selectors, services


def reports(request: HttpRequest, access: ProjectAccess) -> HttpResponse:
    """The reports that were asked for, newest first; optionally of one path."""
    path = request.GET.get("path", "")[:1000]
    page = selectors.list_reports(access.project.id, path=path, page=page_number(request.GET.get("page")))
    return project_page(
        request,
        access,
        "drift/list.html",
        "drift",
        {"page": page, "path": path, "form": ReportForm(auto_id="report_%s"), **offers(access.project.id)},
    )


def new(request: HttpRequest, access: ProjectAccess) -> HttpResponse:
    """Ask for a report on two versions of tracked data; the same question is the same report."""
    form = ReportForm(request.POST or None, initial=request.GET.dict())
    if request.method == "POST" and form.is_valid():
        try:
            number = services.request_drift_report(access=access, **form.cleaned_data)
            return redirect("drift-report", access.project.owner, access.project.slug, number)
        except RopewalkError as error:
            add_error(form, error)
    context = {"form": form, **offers(access.project.id)}
    return project_page(
        request, access, "drift/new.html", "drift", context, status=400 if form.errors else 200
    )


def report(request: HttpRequest, access: ProjectAccess, number: int) -> HttpResponse:
    """The verdict in a sentence, then each column, the strongest change first."""
    detail = selectors.get_report(access.project.id, number)
    result = detail.result or {}
    context = {
        "detail": detail,
        "report": detail.summary,
        "result": result,
        "columns": columns_of(result),
    }
    return project_page(request, access, "drift/report.html", "drift", context)
