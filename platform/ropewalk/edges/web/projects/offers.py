"""Projects that others offer to me or to my organizations."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from ropewalk.access.authentication import actor_of
from ropewalk.access.selectors import managed_owner_ids
from ropewalk.access.transfers import accept_offer, refuse_offer
from ropewalk.core.errors import NotFound, RopewalkError
from ropewalk.core.pagination import page_number
from ropewalk.data import selectors as data
from ropewalk.projects import selectors
from ropewalk.repos import selectors as repos


def offers(request: HttpRequest) -> HttpResponse:
    """What waits for my answer."""
    owner_ids = managed_owner_ids(actor_of(request))
    page = selectors.transfers_to(owner_ids, page=page_number(request.GET.get("page")))
    return render(request, "people/offers.html", {"page": page, "active": "offers"})


def offer(request: HttpRequest, transfer_id: int) -> HttpResponse:
    """One of them: what is said of the project before it is mine, and my answer."""
    actor = actor_of(request)
    found = selectors.transfer_to(managed_owner_ids(actor), transfer_id)
    if found is None:
        raise NotFound("There is no such offer to you, or it is over.")
    refusal = ""
    if request.method == "POST":
        try:
            if request.POST.get("answer") == "accept":
                project = accept_offer(actor, found).project
                messages.success(request, f"The project is {project.full_name} now.")
                return redirect("project", project.owner, project.slug)
            if request.POST.get("answer") == "refuse":
                refuse_offer(actor, found)
                messages.success(request, f"You refused {found.full_name}.")
                return redirect("offers")
        except RopewalkError as error:
            refusal = f"{error.message} {error.hint}".strip()
    size = repos.state(found.project_id).size_bytes + data.usage(found.project_id).size
    context = {"offer": found, "size": size, "refusal": refusal, "active": "offers"}
    return render(request, "people/offer.html", context, status=409 if refusal else 200)
