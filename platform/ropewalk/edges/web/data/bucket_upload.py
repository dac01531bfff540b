"""Uploading into a project's bucket by a page: what a form may bring. With script the browser speaks S3 itself."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from ropewalk.access.types import ProjectAccess
from ropewalk.buckets import services
from ropewalk.buckets.types import ObjectView
from ropewalk.core.errors import Conflict, RopewalkError
from ropewalk.edges.web.fields import FilesField, FilesInput, StyledForm
from ropewalk.edges.web.frame import project_page

_ROOM = "files"
_BLOCK = 1 << 20
MAX_FILES = 100


class BucketUploadForm(StyledForm):
    """Files, and the folder that they go to."""

    folder = forms.CharField(
        max_length=1000, required=False, strip=True, label="Folder", help_text="Empty: the bucket itself."
    )
    uploads = FilesField(label="Files", widget=FilesInput(attrs={"multiple": True}), allow_empty_file=True)
    replace = forms.BooleanField(required=False, label="Replace what is there already")

    def clean_folder(self) -> str:
        """As keys have it: no slash before it, one behind it."""
        kept = str(self.cleaned_data["folder"]).strip("/")
        return f"{kept}/" if kept else ""

    def clean_uploads(self) -> list[Any]:
        """At least one, and not too many."""
        files: list[Any] = self.cleaned_data["uploads"]
        if not files:
            raise forms.ValidationError("Choose at least one file.")
        if len(files) > MAX_FILES:
            raise forms.ValidationError(f"At most {MAX_FILES} files at once.")
        return files


def upload(request: HttpRequest, access: ProjectAccess) -> HttpResponse:
    """Store the files of a form, each by itself; those that can't be are named with the reason, and the others stay."""
    if request.method != "POST":
        asked = request.GET.get("prefix", "")[:1000].replace("\0", "")
        return _page(request, access, BucketUploadForm(initial={"folder": asked}))
    form = BucketUploadForm(request.POST, request.FILES)
    if not form.is_valid():
        return _page(request, access, form, status=400)
    stored, failed = _store(access, form.cleaned_data)
    if stored:
        messages.success(request, f"{stored} {'file was' if stored == 1 else 'files were'} stored.")
    if failed:
        return _page(request, access, form, failed=failed, status=409)
    query = urlencode({"prefix": form.cleaned_data["folder"]}) if form.cleaned_data["folder"] else ""
    return redirect(f"{access.project.path}/bucket{'?' if query else ''}{query}")


def _store(access: ProjectAccess, asked: dict[str, Any]) -> tuple[int, list[tuple[str, RopewalkError]]]:
    stored, failed = 0, []
    for file in asked["uploads"]:
        key = f"{asked['folder']}{file.name}"
        incoming = services.Incoming(
            key=key,
            blocks=_blocks(file),
            content_type=file.content_type or "",
            require=_any if asked["replace"] else _nothing,
            announced=file.size,
        )
        try:
            services.put_object(
                project_id=access.project.id, bucket=_ROOM, incoming=incoming, user_id=access.actor.user_id
            )
            stored += 1
        except RopewalkError as error:
            failed.append((key, error))
    return stored, failed


def _blocks(file: UploadedFile) -> Iterator[bytes]:
    yield from file.chunks(_BLOCK)


def _any(_: ObjectView | None) -> None:
    """Whatever is there is replaced."""


def _nothing(there: ObjectView | None) -> None:
    if there is not None:
        raise Conflict(
            "It is there already.", hint="Choose it again, and say that it replaces what is there."
        )


def _page(
    request: HttpRequest,
    access: ProjectAccess,
    form: BucketUploadForm,
    *,
    status: int = 200,
    failed: Any = (),
) -> HttpResponse:
    endpoint = f"/api/v1/repo-buckets/s3{access.project.path}"
    context = {"form": form, "failed": failed, "endpoint": endpoint, "back": f"{access.project.path}/bucket"}
    return project_page(request, access, "data/bucket_upload.html", "data", context, status=status)
