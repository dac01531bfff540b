"""Settings → Connected buckets: which buckets of other services the project reads, and with which key."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from ropewalk.access.types import ProjectAccess
from ropewalk.core.errors import RopewalkError
from ropewalk.edges.web.fields import add_error
from ropewalk.edges.web.frame import project_page
from ropewalk.edges.web.outside.forms import ConnectForm, KeyForm, NameForm
from ropewalk.outside import selectors, services
from ropewalk.outside.types import MAX_BUCKETS
from ropewalk.outside.visits import seated

_FIELDS = {
    "bad_name": "name",
    "bucket_name_taken": "name",
    "bad_prefix": "folder",
    "bad_bucket": "bucket",
    "no_bucket": "bucket",
    "bad_region": "region",
    "other_region": "region",
    "bad_sign_in": "secret",
    "sign_in_refused": "secret",
    "sign_in_needed": "key_id",
    "not_allowed": "key_id",
}  # any other fault is the endpoint's


def connected(request: HttpRequest, access: ProjectAccess) -> HttpResponse:
    """The connected buckets, and a form for one more."""
    form = ConnectForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            with seated(access.project.id):
                _connect(access, form.cleaned_data)
            messages.success(request, "The bucket answered and is connected.")
            return redirect("connected-buckets", access.project.owner, access.project.slug)
        except RopewalkError as error:
            _show(form, error)
    buckets = selectors.connected_buckets(access.project.id)
    context = {"section": "buckets", "form": form, "buckets": buckets, "full": len(buckets) >= MAX_BUCKETS}
    return project_page(request, access, "outside/connected.html", "settings", context)


def _connect(access: ProjectAccess, given: dict[str, str]) -> None:
    services.connect_bucket(
        project_id=access.project.id,
        user_id=access.actor.user_id,
        prefix=given["folder"],
        **{name: value for name, value in given.items() if name != "folder"},
    )


def settings(request: HttpRequest, access: ProjectAccess, bucket_name: str) -> HttpResponse:
    """One of them: its facts, its name, its key."""
    bucket = selectors.connected_bucket(access.project.id, bucket_name)
    form = NameForm(request.POST or None, initial={"name": bucket.name})
    if request.method == "POST" and form.is_valid():
        try:
            services.rename_bucket(
                project_id=access.project.id, name=bucket_name, new_name=form.cleaned_data["name"]
            )
            messages.success(request, "Saved.")
            return _back(access, form.cleaned_data["name"].strip())
        except RopewalkError as error:
            add_error(form, error, "name")
    return _page(request, access, bucket_name, name_form=form)


def test(request: HttpRequest, access: ProjectAccess, bucket_name: str) -> HttpResponse:
    """Ask it for a page now, and say what came."""
    selectors.connected_bucket(access.project.id, bucket_name)
    if request.method == "POST":
        try:
            with seated(access.project.id):
                found = services.check_bucket(project_id=access.project.id, name=bucket_name)
            messages.success(request, f"It answers. {_entries(found)}")
        except RopewalkError as error:
            messages.error(request, f"{error.message} {error.hint}".strip())
    return _back(access, bucket_name)


def replace_key(request: HttpRequest, access: ProjectAccess, bucket_name: str) -> HttpResponse:
    """Another key from now on, once the bucket took it."""
    selectors.connected_bucket(access.project.id, bucket_name)
    form = KeyForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            with seated(access.project.id):
                services.replace_key(project_id=access.project.id, name=bucket_name, **form.cleaned_data)
            messages.success(request, "The bucket took the new key.")
            return _back(access, bucket_name)
        except RopewalkError as error:
            _show(form, error)
    return _page(request, access, bucket_name, key_form=form)


def remove(request: HttpRequest, access: ProjectAccess, bucket_name: str) -> HttpResponse:
    """Read it no more, after asking."""
    bucket = selectors.connected_bucket(access.project.id, bucket_name)
    if request.method == "POST":
        services.disconnect_bucket(project_id=access.project.id, name=bucket_name)
        messages.success(request, f"{bucket.name} is not connected any more. Its files stay as they are.")
        return redirect("connected-buckets", access.project.owner, access.project.slug)
    context = {"section": "buckets", "bucket": bucket}
    return project_page(request, access, "outside/remove.html", "settings", context)


def _page(request: HttpRequest, access: ProjectAccess, name: str, **forms_given: forms.Form) -> HttpResponse:
    bucket = selectors.connected_bucket(access.project.id, name)
    context: dict[str, Any] = {
        "section": "buckets",
        "bucket": bucket,
        "name_form": NameForm(initial={"name": bucket.name}),
        "key_form": KeyForm(),
        **forms_given,
    }
    return project_page(request, access, "outside/settings.html", "settings", context)


def _entries(found: int) -> str:
    if not found:
        return "Nothing lies in it yet."
    return "It begins with a hundred entries or more." if found >= 100 else f"Its top has {found} entries."


def _back(access: ProjectAccess, name: str) -> HttpResponse:
    return redirect("connected-bucket", access.project.owner, access.project.slug, name)


def _show(form: forms.Form, error: RopewalkError) -> None:
    add_error(form, error, _FIELDS.get(error.code, "endpoint"))
