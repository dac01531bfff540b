"""Edit, create, upload, move and delete, each a form and a commit."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from ropewalk.access.types import ProjectAccess
from ropewalk.accounts.selectors import commit_identity
from ropewalk.core.errors import Conflict, Denied, Invalid, NotFound, RopewalkError, TooLarge
from ropewalk.data.selectors.tracking import kept_by_dvc
from ropewalk.data.services.tracking import commit_tracked
from ropewalk.data.tracking import NO_TRACKED, TrackedEdits
from ropewalk.edges.web.fields import add_error
from ropewalk.edges.web.files.place import address
from ropewalk.edges.web.frame import project_page
from ropewalk.edges.web.links import quoted
from ropewalk.edges.web.writing.conventions import conventions_of
from ropewalk.edges.web.writing.drafts import asked_draft, draft_context, draft_fragment
from ropewalk.edges.web.writing.forms import CommitForm, MoveForm, TextForm, UploadForm
from ropewalk.edges.web.writing.ground import (
    Ground,
    ground_of,
    require_in_git,
    text_of,
    tracked_path,
)
from ropewalk.projects.names import check_branch_name
from ropewalk.repos import selectors as repos
from ropewalk.repos.edits import (
    Author,
    CommitRequest,
    DeletePath,
    Edit,
    EditConflict,
    MovePath,
    Text,
    WriteFile,
)
from ropewalk.repos.errors import PathNotFound
from ropewalk.repos.paths import cleaned_path


@dataclass(frozen=True)
class _Change:
    """What a form asks for: edits of git's files and of DVC's, the path that is shown afterwards, and words for the commit."""

    edits: list[Edit]
    target: str
    summary: str
    tracked: TrackedEdits = NO_TRACKED


@dataclass(frozen=True)
class _Upload:
    """An uploaded file as content of a commit."""

    file: UploadedFile

    @property
    def size(self) -> int:
        """Bytes."""
        return int(self.file.size or 0)

    def blocks(self) -> Iterator[bytes]:
        """From the beginning."""
        yield from self.file.chunks()


def edit(request: HttpRequest, access: ProjectAccess, rev_path: str) -> HttpResponse:
    """Change a text file, and its path with it."""
    ground = ground_of(access, rev_path, request.POST.get("branch", ""))
    if request.method != "POST":
        text, windows = text_of(access, ground)
        form = TextForm(ground, initial={"path": ground.path, "text": text, "windows": windows})
        return _page(request, access, ground, form, "edit")
    form = TextForm(ground, request.POST)
    if show := asked_draft(request):
        return _draft(request, access, ground, form, "edit", show)
    return _sent(request, access, ground, form, "edit", lambda: _text_edits(access, form, ground))


def _draft(
    request: HttpRequest, access: ProjectAccess, ground: Ground, form: TextForm, deed: str, show: str
) -> HttpResponse:
    """The draft as it will look or what it will change, with the form below it; nothing is committed."""
    draft = draft_context(request, access, ground, form, show)
    if request.POST.get("fragment"):
        return draft_fragment(request, access, draft)
    form.errors.clear()
    return _page(request, access, ground, form, deed, draft=draft)


def _text_edits(access: ProjectAccess, form: TextForm, ground: Ground) -> _Change:
    path = cleaned_path(form.cleaned_data["path"])
    content = Text(form.data_to_write(conventions_of(access.project.id, ground.sha, path)))
    if path == ground.path:
        return _Change([WriteFile(path, content)], path, f"Update {path}")
    executable = bool(ground.sha) and repos.entry(access.project.id, ground.sha, ground.path).executable
    write = WriteFile(path, content, executable=executable)
    return _Change([MovePath(ground.path, path), write], path, f"Rename {ground.path} to {path}")


def create(request: HttpRequest, access: ProjectAccess, rev_path: str) -> HttpResponse:
    """A new text file, in folders that need not be there."""
    ground = ground_of(access, rev_path, request.POST.get("branch", ""))
    folder = f"{ground.path}/" if ground.path else ""
    form = TextForm(ground, request.POST or None, initial={"path": folder + request.GET.get("name", "")})
    if show := asked_draft(request):
        return _draft(request, access, replace(ground, path=""), form, "create", show)

    def edits() -> _Change:
        path = cleaned_path(form.cleaned_data["path"])
        data = form.data_to_write(conventions_of(access.project.id, ground.sha, path))
        return _Change([WriteFile(path, Text(data), create=True)], path, f"Create {path}")

    return _sent(request, access, ground, form, "create", edits)


def upload(request: HttpRequest, access: ProjectAccess, rev_path: str) -> HttpResponse:
    """Several files at once."""
    ground = ground_of(access, rev_path, request.POST.get("branch", ""))
    posted = (request.POST, request.FILES) if request.method == "POST" else ()
    form = UploadForm(ground, *posted, initial={"folder": ground.path})

    def edits() -> _Change:
        folder, files = form.cleaned_data["folder"].strip("/"), form.cleaned_data["uploads"]
        found = {cleaned_path(f"{folder}/{file.name}"): _Upload(file) for file in files}
        names = f"Upload {next(iter(found))}" if len(found) == 1 else f"Upload {len(found)} files"
        tracked = _tracked(access, ground, form, found)
        edits: list[Edit] = [
            WriteFile(path, file) for path, file in found.items() if path not in tracked.writes
        ]
        return _Change(edits, folder, names, tracked)

    return _sent(request, access, ground, form, "upload", edits)


def move(request: HttpRequest, access: ProjectAccess, rev_path: str) -> HttpResponse:
    """Another path for a file or a folder with all that is in it."""
    ground = ground_of(access, rev_path, request.POST.get("branch", ""))
    _require_path(ground)
    if request.method != "POST":
        require_in_git(access, ground)
    form = MoveForm(ground, request.POST or None, initial={"path": ground.path})

    def edits() -> _Change:
        path = cleaned_path(form.cleaned_data["path"])
        return _Change([MovePath(ground.path, path)], path, f"Rename {ground.path} to {path}")

    return _sent(request, access, ground, form, "move", edits)


def delete(request: HttpRequest, access: ProjectAccess, rev_path: str) -> HttpResponse:
    """Remove a file, or a folder with all that is in it, after asking."""
    ground = ground_of(access, rev_path, request.POST.get("branch", ""))
    _require_path(ground)
    tracked = tracked_path(access, ground)
    kind = "path" if tracked or request.method == "POST" else require_in_git(access, ground)
    form = CommitForm(ground, request.POST or None)

    def edits() -> _Change:
        above, words = ground.path.rpartition("/")[0], f"Delete {ground.path}"
        if tracked:
            return _Change([], above, words, TrackedEdits(deletes=(ground.path,)))
        return _Change([DeletePath(ground.path)], above, words)

    return _sent(request, access, ground, form, "delete", edits, kind=kind, tracked=tracked)


def _tracked(
    access: ProjectAccess, ground: Ground, form: UploadForm, found: dict[str, _Upload]
) -> TrackedEdits:
    """What of an upload DVC is to keep."""
    keep, folder = form.cleaned_data["keep"], form.cleaned_data["folder"].strip("/")
    if keep == "folder" and not folder:
        raise Invalid("The root itself can't be a tracked folder.", hint="Name a folder.", code="bad_path")
    versioning = "dvc" if keep == "folder" else keep
    sizes = {path: file.size for path, file in found.items()}
    chosen = kept_by_dvc(access.project.id, ground.sha, sizes, versioning)
    whole = cleaned_path(folder) if keep == "folder" else ""
    return TrackedEdits({path: found[path] for path in chosen}, folder=whole)


def _require_path(ground: Ground) -> None:
    if not ground.path:
        raise Invalid("The root itself can't be changed.", hint="Choose a file or a folder.", code="bad_path")


def _sent(
    request: HttpRequest,
    access: ProjectAccess,
    ground: Ground,
    form: CommitForm,
    deed: str,
    edits: Any,
    **extra: Any,
) -> HttpResponse:
    """Commit a sent form and lead to what it made; or show the form, with all that was typed and why it was refused."""
    if request.method != "POST" or not form.is_valid():
        return _page(request, access, ground, form, deed, **extra)
    try:
        change: _Change = edits()
        branch, sha = _commit(access, ground, form, change)
    except EditConflict as error:
        form.see(error.tip)
        add_error(form, error)
        extra["meanwhile"] = [
            (path, f"{access.project.path}/diff/{form.cleaned_data['seen']}/{error.tip}/{quoted(path)}")
            for path in error.paths
            if form.cleaned_data["seen"]
        ]
        return _page(request, access, ground, form, deed, status=error.status, **extra)
    except (Conflict, Denied, Invalid, NotFound, TooLarge) as error:
        _tell(form, error)
        return _page(request, access, ground, form, deed, status=error.status, **extra)
    messages.success(request, f"Committed to {branch}.")
    return redirect(_shown(access, branch, sha, change.target))


def _tell(form: CommitForm, error: RopewalkError) -> None:
    field = {"bad_path": "path", "path_taken": "path", "bad_ref": "new_branch", "branch_exists": "new_branch"}
    add_error(form, error, field.get(error.code))


def _commit(access: ProjectAccess, ground: Ground, form: CommitForm, change: _Change) -> tuple[str, str]:
    data = form.cleaned_data
    new = data["where"] == "new"
    if new:
        check_branch_name(data["new_branch"])
    message = "\n\n".join(
        part for part in (data["message"].strip() or change.summary, data["details"].strip()) if part
    )
    request = CommitRequest(
        branch=data["new_branch"] if new else ground.branch,
        edits=tuple(change.edits),
        message=f"{message}\n",
        author=Author(*commit_identity(access.actor.user_id or 0)),
        seen=data["opened"] if new else data["seen"],
        new_branch=new,
    )
    return request.branch, commit_tracked(access, request, change.tracked)


def _shown(access: ProjectAccess, branch: str, sha: str, path: str) -> str:
    """The page of what was made; the folder of the last deleted file is gone, so the nearest one above it."""
    while path:
        try:
            repos.entry(access.project.id, sha, path)
        except PathNotFound:
            path = path.rpartition("/")[0]
        else:
            break
    return address(access, "src", branch, path)


def _page(
    request: HttpRequest,
    access: ProjectAccess,
    ground: Ground,
    form: CommitForm,
    deed: str,
    status: int = 200,
    **extra: Any,
) -> HttpResponse:
    back = address(access, "src", ground.branch, ground.path) if ground.sha else f"{access.project.path}/src"
    context = {"ground": ground, "form": form, "deed": deed, "back_url": back} | extra
    context["suggestion"] = _suggestion(deed, ground.path, request.GET.get("name", "")[:200])
    if isinstance(form, TextForm):
        path = str(form["path"].value() or "")
        context["conventions"] = conventions_of(access.project.id, ground.sha, path)
    return project_page(request, access, f"writing/{deed}.html", "files", context, status=status)


def _suggestion(deed: str, path: str, name: str) -> str:
    """The message that a commit gets when nobody types one, as far as it is known before."""
    return {
        "edit": f"Update {path}",
        "create": f"Create {path}{'/' if path else ''}{name}" if name else "Create a file",
        "upload": f"Upload files to {path}" if path else "Upload files",
        "move": f"Rename {path}",
        "delete": f"Delete {path}",
    }[deed]
