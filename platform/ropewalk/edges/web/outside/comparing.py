"""Has a file of a connected bucket moved? Against what it was, or against data that the project tracks."""

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from ropewalk.access.types import ProjectAccess
from ropewalk.core.errors import Invalid, RopewalkError
from ropewalk.edges.web.fields import StyledForm, add_error
from ropewalk.edges.web.frame import project_page
from ropewalk.edges.web.outside.places import address_of, asked_key
from ropewalk.edges.web.outside.words import visible
from ropewalk.monitors.outside import request_outside_report
from ropewalk.outside import selectors
from ropewalk.outside.types import ConnectedView, RemoteFile
from ropewalk.outside.visits import Visit


class CompareForm(StyledForm):
    """What the file should look like: a former content, or tracked data."""

    pin = forms.ChoiceField(required=False, label="A former content of this file")
    path = forms.CharField(
        max_length=1000, required=False, label="Or tracked data", help_text="The path in the repository."
    )
    revision = forms.CharField(
        max_length=250, required=False, label="Its version", help_text="A branch, a tag or a commit."
    )


def compare(request: HttpRequest, access: ProjectAccess, bucket_name: str) -> HttpResponse:
    """Choose the other side, and ask for the report."""
    bucket = selectors.connected_bucket(access.project.id, bucket_name)
    with Visit(access.project.id, bucket_name) as visit:
        file = visit.reader.stat(asked_key(request))
    form = CompareForm(
        request.POST if request.method == "POST" else None,
        initial={"revision": access.project.default_branch, **request.GET.dict()},
    )
    form.fields["pin"].choices = _former(access, bucket, file)  # type: ignore[attr-defined]  # ChoiceField
    if request.method == "POST" and form.is_valid():
        try:
            number = _ask(access, bucket, file, form.cleaned_data)
            return redirect("drift-report", access.project.owner, access.project.slug, number)
        except RopewalkError as error:
            add_error(form, error)
    context = {
        "bucket": bucket,
        "form": form,
        "name": visible(file.key),
        "file_url": address_of(access, bucket, "outside-file", key=file.key),
    }
    status = 400 if form.errors else 200
    return project_page(request, access, "outside/compare.html", "data", context, status=status)


def _ask(access: ProjectAccess, bucket: ConnectedView, file: RemoteFile, given: dict[str, str]) -> int:
    if bool(given["pin"]) == bool(given["path"]):
        raise Invalid("Choose either a former content or tracked data.")
    return request_outside_report(access=access, bucket=bucket, file=file, **given)


def _former(access: ProjectAccess, bucket: ConnectedView, file: RemoteFile) -> list[tuple[str, str]]:
    present = file.pin(bucket)
    found = [
        one for one in selectors.measured_files(access.project.id, bucket.id, file.key) if one.pin != present
    ]
    words = [
        (one.pin, f"{one.seen_at:%Y-%m-%d %H:%M} UTC, {one.file.size:,} bytes, {one.file.etag[:12]}")
        for one in found
    ]
    return [("", "none, tracked data below" if found else "no other content was measured yet"), *words]
