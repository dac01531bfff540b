"""Settings → Removed data → Find unneeded data: a search, what it found and who would miss it, then its removal."""

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from ropewalk.access.types import ProjectAccess
from ropewalk.core.errors import NotFound, RopewalkError
from ropewalk.core.pagination import Page, page_number
from ropewalk.data import selectors, services
from ropewalk.data.removed import Keep, Unreadable
from ropewalk.data.selectors.removals import PAGE
from ropewalk.data.services.collecting import MOST_GRACE_DAYS
from ropewalk.edges.web.fields import StyledForm, add_error
from ropewalk.edges.web.frame import project_page
from ropewalk.tracking.selectors import last_runs_of_commits

_KEEP = [
    (Keep.COMMITS, "every commit that a branch, tag, experiment or pull request reaches"),
    (Keep.TIPS, "only the newest commit of each branch, tag, experiment and pull request"),
]
_UNREADABLE = [
    (Unreadable.STOP, "end the search and say which commits they are"),
    (Unreadable.KEEP, "keep what they might name: every object whose hash stands in those files"),
]


class CollectForm(StyledForm):
    """Whose data is needed."""

    keep = forms.ChoiceField(choices=_KEEP, label="Keep the data of")
    grace_days = forms.IntegerField(
        min_value=0,
        max_value=MOST_GRACE_DAYS,
        initial=14,
        label="And what was pushed within so many days",
        help_text="DVC pushes data before git pushes the commit that needs it.",
    )
    unreadable = forms.ChoiceField(
        choices=_UNREADABLE,
        initial=Unreadable.STOP,
        required=False,
        label="Where a commit's DVC files can't be read",
        help_text="They are tried once more first. A file that nobody can parse still shows its hashes.",
    )

    def clean_unreadable(self) -> str:
        """The safe choice for who made none."""
        return self.cleaned_data["unreadable"] or str(Unreadable.STOP)


def collect(request: HttpRequest, access: ProjectAccess) -> HttpResponse:
    """The form that starts a search, and the way to the newest one."""
    project = access.project
    asked = {name: request.GET[name] for name in CollectForm.base_fields if name in request.GET}
    form = CollectForm(request.POST if request.method == "POST" else None, initial=asked)
    if request.method == "POST" and form.is_valid():
        try:
            number = services.start_collection(
                project_id=project.id, user_id=access.actor.user_id, **form.cleaned_data
            )
            return redirect("collection", project.owner, project.slug, number)
        except RopewalkError as error:
            add_error(form, error)
    context = {"form": form, "newest": selectors.newest_collection(project.id), "section": "removals"}
    return project_page(request, access, "data/collect.html", "settings", context)


def collection(request: HttpRequest, access: ProjectAccess, collection_id: int) -> HttpResponse:
    """What a search found; POST removes it."""
    project = access.project
    if request.method == "POST":
        services.request_run(project_id=project.id, collection_id=collection_id, user_id=access.actor.user_id)
        return redirect("collection", project.owner, project.slug, collection_id)
    found = selectors.collection(project.id, collection_id)
    if found is None:
        raise NotFound("A newer search took the place of this one.")
    if found.run and found.run.state == "succeeded" and selectors.removal(project.id, found.removal_id or 0):
        messages.success(request, "Removed. It can be restored here.")
        return redirect("removal", project.owner, project.slug, found.removal_id)
    number = page_number(request.GET.get("page"))
    commits, total = selectors.losing(project.id, collection_id, page=number) if found.report else ([], 0)
    runs = last_runs_of_commits(project.id, [one.commit_sha for one in commits])
    rows = [(one, runs.get(one.commit_sha)) for one in commits]
    context = {
        "collection": found,
        "commits": rows,
        "total": total,
        "page": Page(rows, number, PAGE, total, has_next=number * PAGE < total),
        "section": "removals",
        "refused": next((job for job in (found.run, found.search) if job and job.state == "failed"), None),
    }
    return project_page(request, access, "data/collection.html", "settings", context)
