"""Settings → Data: bringing DVC data from another remote, how far it is, and what did not come."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect

from ropewalk.access.types import ProjectAccess
from ropewalk.core.errors import Conflict, Invalid, RopewalkError
from ropewalk.core.outbound import MAX_URL
from ropewalk.data import services
from ropewalk.data.remotes import NamedRemote
from ropewalk.data.selectors.remote_fetches import fetch_job, named_remotes, remote_fetch
from ropewalk.edges.web.fields import StyledForm, add_error
from ropewalk.edges.web.frame import project_page
from ropewalk.repos.signing_in import taken_apart

_OTHER = "another"
_SCOPES = [
    ("default", "The newest commit of the default branch"),
    ("tips", "All branches and tags"),
    ("history", "Every commit that is indexed, old versions too"),
]
_KINDS = [
    ("basic", "User name and password or token"),
    ("bearer", "Bearer token"),
    ("header", "A header of its own (DVC's “custom”)"),
    ("s3", "Access key (S3)"),
]


class FetchForm(StyledForm):
    """Which remote, and whose data."""

    remote = forms.ChoiceField(label="Remote")
    url = forms.CharField(
        max_length=MAX_URL,
        required=False,
        label="Address",
        help_text="https://…, http://… or s3://bucket/folder",
    )
    endpoint = forms.CharField(
        max_length=MAX_URL, required=False, label="S3 endpoint", help_text="Empty for Amazon's own."
    )
    region = forms.CharField(max_length=40, required=False, label="S3 region", help_text="Empty: us-east-1")
    scope = forms.ChoiceField(choices=_SCOPES, label="Data of")

    def __init__(self, data: QueryDict | None, remotes: list[NamedRemote], **kwargs: Any) -> None:
        super().__init__(data, **kwargs)
        named = [(remote.name, f"{remote.name} – {remote.url}") for remote in remotes if not remote.fault]
        self.fields["remote"].choices = [*named, (_OTHER, "Another address, below")]  # type: ignore[attr-defined]  # ChoiceField


class RemoteSignInForm(StyledForm):
    """Who asks the remote. The page never shows a secret again."""

    kind = forms.ChoiceField(choices=_KINDS, required=False, label="Kind")
    name = forms.CharField(max_length=255, required=False, label="User name, header or access key id")
    secret = forms.CharField(
        max_length=4096,
        required=False,
        strip=False,
        label="Password, token or secret key",
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
        help_text="It is kept encrypted until the data has come or was cancelled, and is sent to this remote only."
        " Over http:// it travels in clear.",
    )

    def __init__(self, data: QueryDict | None = None) -> None:
        super().__init__(data)
        self.fields["name"].widget.attrs["autocomplete"] = "off"


def fetch_data(request: HttpRequest, access: ProjectAccess) -> HttpResponse:
    """The form, and how the newest fetch stands."""
    project, typed = access.project, _typed(request)
    remotes, kept, job = named_remotes(project.id), remote_fetch(project.id), fetch_job(project.id)
    form = FetchForm(typed, remotes, initial=_initial(remotes, kept))
    sign_in = RemoteSignInForm(typed)
    if typed is not None and form.is_valid() and sign_in.is_valid():
        try:
            _start(access, form.cleaned_data, sign_in.cleaned_data, remotes)
            return redirect("data-fetch", project.owner, project.slug)
        except RopewalkError as error:
            _show(error, form, sign_in)
    context = {
        "form": form,
        "sign_in": sign_in,
        "remotes": remotes,
        "kept": kept,
        "job": job,
        "asks": job is not None and job.error_code in {"sign_in_needed", "sign_in_refused"},
        "section": "data",
    }
    return project_page(request, access, "data/fetch.html", "settings", context)


def cancel_fetch(request: HttpRequest, access: ProjectAccess) -> HttpResponse:
    """End a fetch that waits or runs."""
    project = access.project
    if request.method == "POST":
        if services.cancel_data_fetch(project_id=project.id, cancelled_by=access.actor.username):
            messages.success(request, "Cancelled. What came stays.")
        else:
            messages.info(request, "It had ended already.")
    return redirect("data-fetch", project.owner, project.slug)


def _typed(request: HttpRequest) -> QueryDict | None:
    """What was sent, with a sign-in that stood in the address moved to its own fields."""
    if request.method != "POST":
        return None
    data = request.POST.copy()
    try:
        address, name, secret = taken_apart(data.get("url", "").strip())
    except Invalid:
        return data
    data["url"] = address
    if secret and not data.get("name") and not data.get("secret"):
        data["kind"], data["name"], data["secret"] = (
            ("basic", name, secret) if name else ("bearer", "", secret)
        )
    return data


def _initial(remotes: list[NamedRemote], kept: Any) -> dict[str, str]:
    """The address of last time, else the default remote."""
    if kept is None:
        return {"remote": next((remote.name for remote in remotes if not remote.fault), _OTHER)}
    same = (
        r.name for r in remotes if (r.url, r.endpoint, r.region) == (kept.url, kept.endpoint, kept.region)
    )
    found = next(same, _OTHER)
    values = {"remote": found, "scope": kept.scope}
    return (
        {**values, "url": kept.url, "endpoint": kept.endpoint, "region": kept.region}
        if found == _OTHER
        else values
    )


def _start(
    access: ProjectAccess, given: dict[str, str], sign_in: dict[str, str], remotes: list[NamedRemote]
) -> None:
    named = next((remote for remote in remotes if remote.name == given["remote"] and not remote.fault), None)
    place = (
        (named.url, named.endpoint, named.region)
        if named
        else (given["url"], given["endpoint"], given["region"])
    )
    services.start_data_fetch(
        project_id=access.project.id,
        user_id=access.actor.user_id or 0,
        url=place[0],
        endpoint=place[1],
        region=place[2],
        scope=given["scope"],
        **sign_in,
    )


def _show(error: RopewalkError, form: forms.Form, sign_in: forms.Form) -> None:
    if error.code == "bad_sign_in":
        add_error(sign_in, error, "secret")
    elif isinstance(error, Conflict):
        add_error(form, error)
    else:
        add_error(form, error, "region" if error.code == "bad_region" else "url")
