"""What is changed about runs from the table and from a run's page: stars, the archive, tags, notes, names, deletion."""

from collections.abc import Callable

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.http import url_has_allowed_host_and_scheme

from ropewalk.access.types import ProjectAccess
from ropewalk.core.errors import Invalid, NotFound, RopewalkError
from ropewalk.tracking import services as tracking
from ropewalk.tracking.types import ARCHIVED_TAG, NOTE_TAG, STAR_TAG, SYSTEM_TAGS

_MOST_NAME = 250
Change = Callable[[HttpRequest, int, list[str]], str]


def change(request: HttpRequest, access: ProjectAccess) -> HttpResponse:
    """Do one thing to the runs named; a script that asks for JSON gets an empty answer, a form its page again."""
    back = request.POST.get("back", "")
    if not back.startswith(f"{access.project.path}/") or not url_has_allowed_host_and_scheme(back, None):
        back = f"{access.project.path}/experiments"
    if request.method != "POST":
        return redirect(back)
    action, _, one = request.POST.get("action", "").partition(":")
    run_ids = [one] if one else request.POST.getlist("run")
    scripted = "application/json" in request.headers.get("Accept", "")
    try:
        deed = _CHANGES.get(action)
        if deed is None:
            raise Invalid("There is no such change.", code="bad_action")
        if not run_ids:
            raise Invalid("No run was chosen.", hint="Choose runs by their boxes first.", code="no_runs")
        told = deed(request, access.project.id, run_ids)
    except RopewalkError as error:
        if scripted or isinstance(error, NotFound):
            raise
        messages.error(request, f"{error.message} {error.hint or ''}".strip())
        return redirect(back)
    if scripted:
        return HttpResponse(status=204)
    if told:
        messages.success(request, told)
    return redirect(back)


def _runs(count: int) -> str:
    return "1 run" if count == 1 else f"{count} runs"


def _marked(key: str) -> Change:
    def mark(_request: HttpRequest, project_id: int, run_ids: list[str]) -> str:
        count = tracking.tag_runs(project_id, run_ids, key, "true")
        return f"{_runs(count)} archived: they are under Archived now." if key == ARCHIVED_TAG else ""

    return mark


def _unmarked(key: str) -> Change:
    def unmark(_request: HttpRequest, project_id: int, run_ids: list[str]) -> str:
        count = tracking.untag_runs(project_id, run_ids, key)
        return f"{_runs(count)} taken out of the archive." if key == ARCHIVED_TAG else ""

    return unmark


def _delete(_request: HttpRequest, project_id: int, run_ids: list[str]) -> str:
    count = tracking.delete_runs(project_id, run_ids)
    return f"{_runs(count)} deleted. Under Deleted you can restore them."


def _restore(_request: HttpRequest, project_id: int, run_ids: list[str]) -> str:
    return f"{_runs(tracking.restore_runs(project_id, run_ids))} restored."


def _tag(request: HttpRequest, project_id: int, run_ids: list[str]) -> str:
    key = _own_key(request)
    count = tracking.tag_runs(project_id, run_ids, key, request.POST.get("value", "").strip())
    return f"{_runs(count)} tagged with {key}."


def _untag(request: HttpRequest, project_id: int, run_ids: list[str]) -> str:
    key = _own_key(request)
    return f"The tag {key} was removed from {_runs(tracking.untag_runs(project_id, run_ids, key))}."


def _own_key(request: HttpRequest) -> str:
    key = request.POST.get("key", "").strip()
    if key.startswith(SYSTEM_TAGS):
        raise Invalid(
            f"Names that begin with {' or '.join(SYSTEM_TAGS)} have a meaning of their own.", code="bad_tag"
        )
    return key


def _note(request: HttpRequest, project_id: int, run_ids: list[str]) -> str:
    text = request.POST.get("note", "").replace("\r\n", "\n").strip()
    if text:
        tracking.tag_runs(project_id, run_ids, NOTE_TAG, text)
    else:
        tracking.untag_runs(project_id, run_ids, NOTE_TAG)
    return "The note was saved." if text else "The note was removed."


def _rename(request: HttpRequest, project_id: int, run_ids: list[str]) -> str:
    name = " ".join(request.POST.get("name", "").split())
    if not name or len(name) > _MOST_NAME or "\x00" in name:
        raise Invalid(f"A run's name has 1 to {_MOST_NAME} characters.", code="bad_name")
    if tracking.update_run(project_id, run_ids[0], tracking.RunChange(name=name)) is None:
        raise NotFound("There is no such run in this project.")
    return "The run was renamed."


_CHANGES: dict[str, Change] = {
    "star": _marked(STAR_TAG),
    "unstar": _unmarked(STAR_TAG),
    "archive": _marked(ARCHIVED_TAG),
    "unarchive": _unmarked(ARCHIVED_TAG),
    "delete": _delete,
    "restore": _restore,
    "tag": _tag,
    "untag": _untag,
    "note": _note,
    "rename": _rename,
}
