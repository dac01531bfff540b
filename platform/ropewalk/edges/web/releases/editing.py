"""The pages on which a release is written, published, changed and deleted, and its files come and go."""

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect

from ropewalk.access.types import ProjectAccess
from ropewalk.core import streams
from ropewalk.core.errors import Invalid, RopewalkError
from ropewalk.data.services.releasing import save_release
from ropewalk.data.services.tags import target_commit
from ropewalk.edges.web.fields import add_error
from ropewalk.edges.web.frame import project_page
from ropewalk.edges.web.links import quoted
from ropewalk.edges.web.releases.forms import ConfirmForm, FilesForm, ReleaseForm
from ropewalk.edges.web.releases.shown import offers, rendered_notes
from ropewalk.releases import selectors, services
from ropewalk.releases.notes import drafted_notes
from ropewalk.releases.types import ReleaseView
from ropewalk.repos import selectors as repos

_FIELDS = {
    "bad_tag_name": "tag",
    "release_exists": "tag",
    "tag_exists": "tag",
    "bad_tag": "tag",
    "revision_not_found": "target",
    "empty_repository": "target",
}


def new_release(request: HttpRequest, access: ProjectAccess) -> HttpResponse:
    """A new release, kept as a draft or published."""
    first = {"tag": request.GET.get("tag", "")[:400], "latest": True}
    form = ReleaseForm(request.POST or None, initial=first)
    return _write(request, access, form, None)


def edit_release(request: HttpRequest, access: ProjectAccess, release_id: int) -> HttpResponse:
    """Change a release."""
    found = selectors.release(access.project.id, release_id, drafts=True)
    first = {
        "tag": found.tag,
        "target": found.target,
        "title": found.title,
        "notes": found.notes,
        "prerelease": found.prerelease,
        "latest": found.latest or found.draft,
    }
    form = ReleaseForm(request.POST or None, initial=first, tag="" if found.draft else found.tag)
    return _write(request, access, form, found)


def _write(
    request: HttpRequest, access: ProjectAccess, form: ReleaseForm, found: ReleaseView | None
) -> HttpResponse:
    deed = request.POST.get("do", "")
    preview = None
    if request.method == "POST" and deed == "notes":
        form = _with_commits(access, form, found)
    elif request.method == "POST" and deed == "preview":
        preview = rendered_notes(access, form.data.get("notes", ""), found.sha if found else "")
        form = form.as_written()
    elif request.method == "POST" and form.is_valid():
        publish = {"publish": True, "draft": False}.get(deed)
        try:
            saved = save_release(access, form.words, release_id=found.id if found else None, publish=publish)
        except RopewalkError as error:
            add_error(form, error, _FIELDS.get(error.code))
        else:
            return _saved(request, access, saved)
    context = {
        "form": form,
        "release": found,
        "area": "releases",
        "files_form": FilesForm(),
        "limit": settings.ROPEWALK_MAX_RELEASE_FILE_BYTES,
        "preview": preview,
        **offers(access),
    }
    return project_page(request, access, "releases/edit.html", "files", context)


def _saved(request: HttpRequest, access: ProjectAccess, saved: ReleaseView) -> HttpResponse:
    place = (access.project.owner, access.project.slug)
    if saved.draft:
        messages.success(request, "The draft was saved. Only people who may write see it.")
        return redirect("release-edit", *place, saved.id)
    messages.success(request, f"The release “{saved.title}” is published.")
    return redirect(f"{access.project.path}/releases/tag/{quoted(saved.tag)}")


def _with_commits(access: ProjectAccess, form: ReleaseForm, found: ReleaseView | None) -> ReleaseForm:
    """The form with the commits since the tag before in its notes; nothing is saved."""
    tag = (found.tag if found and not found.draft else form.data.get("tag", "")).strip()
    try:
        there = repos.tags_by_name(access.project.id, [tag]) if tag.isprintable() and tag else {}
        sha = (
            there[tag].sha if tag in there else target_commit(access.project.id, form.data.get("target", ""))
        )
        return form.as_written(drafted_notes(access.project, sha=sha, tag=tag))
    except RopewalkError as error:
        add_error(form, error, _FIELDS.get(error.code))
        return form


def remove_release(request: HttpRequest, access: ProjectAccess, release_id: int) -> HttpResponse:
    """Delete a release with its files after its tag's name was typed."""
    found = selectors.release(access.project.id, release_id, drafts=True)
    form = ConfirmForm(request.POST or None)
    form.fields["confirm"].label = "Type the release’s tag to confirm"
    if request.method == "POST" and form.require(found.tag):
        services.delete_release(project_id=access.project.id, release_id=found.id)
        messages.success(
            request, f"The release “{found.title}” was deleted. Its tag, if there is one, stays."
        )
        return redirect("releases", access.project.owner, access.project.slug)
    context = {"form": form, "release": found, "area": "releases"}
    return project_page(request, access, "releases/delete.html", "files", context)


def add_files(request: HttpRequest, access: ProjectAccess, release_id: int) -> HttpResponse:
    """Take files of a form: the way without script, for what a form may bring."""
    found = selectors.release(access.project.id, release_id, drafts=True)
    form = FilesForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        for file in form.cleaned_data["uploads"]:
            try:
                services.receive_file(
                    project_id=access.project.id,
                    release_id=found.id,
                    name=str(file.name),
                    blocks=file.chunks(streams.BLOCK),
                    user_id=access.actor.user_id,
                )
            except RopewalkError as error:
                messages.error(request, f"{error.message} {error.hint}".strip())
            else:
                messages.success(request, f"“{file.name}” is attached.")
    elif request.method == "POST":
        messages.error(request, "Choose at least one file.")
    return redirect("release-edit", access.project.owner, access.project.slug, found.id)


def put_file(request: HttpRequest, access: ProjectAccess, release_id: int, file: str) -> HttpResponse:
    """Take one file as the body of a PUT: what the page's script sends, streamed, with progress."""
    found = selectors.release(access.project.id, release_id, drafts=True)
    if request.method != "PUT":
        raise Invalid("Send the file with PUT.", code="method")
    saved = services.receive_file(
        project_id=access.project.id,
        release_id=found.id,
        name=file,
        blocks=streams.body(request, limit=settings.ROPEWALK_MAX_RELEASE_FILE_BYTES),
        user_id=access.actor.user_id,
    )
    return JsonResponse(
        {"id": saved.id, "name": saved.name, "size": saved.size, "sha256": saved.sha256}, status=201
    )


def remove_file(request: HttpRequest, access: ProjectAccess, release_id: int, file_id: int) -> HttpResponse:
    """Ask whether a file is to go, and let it go."""
    release = selectors.release(access.project.id, release_id, drafts=True)
    found = selectors.file_by_id(release, file_id)
    if request.method == "POST":
        services.delete_file(project_id=access.project.id, release_id=release.id, file_id=found.id)
        messages.success(request, f"“{found.name}” was deleted.")
        return redirect("release-edit", access.project.owner, access.project.slug, release.id)
    context = {"release": release, "file": found, "area": "releases"}
    return project_page(request, access, "releases/file_delete.html", "files", context)
