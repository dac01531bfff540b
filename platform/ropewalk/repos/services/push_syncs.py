"""One push to another server's repository."""

from collections.abc import Callable
from typing import Any

from django.db import transaction

from ropewalk.core import jobs, outbound
from ropewalk.core.errors import Busy, NotFound, RopewalkError, Unprocessable
from ropewalk.core.locks import try_lock
from ropewalk.repos import refs, sending
from ropewalk.repos.models import PushMirror
from ropewalk.repos.services.syncing import KEPT_JOBS, note_end
from ropewalk.repos.signing_in import PUSH_PURPOSE, opened
from ropewalk.repos.types import PUSH_TO_MIRROR

Report = Callable[[float, str], None]
_TOLD = 50


class RefsRefused(Unprocessable):
    """The other server took some refs and refused others."""

    code = "refs_refused"


def run_push(*, project_id: int, subject: str, report: Report) -> dict[str, Any]:
    """Make the other server's branches and tags ours; what changed there, in a form for the job's row.

    Hidden refs, pulls and DVC's experiments stay here. May be killed and run again at any point. A failure is written to the
    mirror's row and raised again in words for its owners.
    """
    key = subject.partition(":")[2]
    with try_lock(f"push-mirror:{project_id}:{key}") as mine:
        if not mine:
            raise Busy("Another push to this mirror runs.", hint="It does the same.")
        rows = PushMirror.objects.for_project(project_id).filter(key=key, project__deleted_at__isnull=True)
        row = rows.select_related("project").first()
        if row is None:
            raise NotFound("This project is not pushed there any more.", code="no_mirror")
        try:
            sent = _push(row, report)
        except RopewalkError as error:
            _end(project_id, key, f"{error.message} {error.hint}".strip())
            raise
        _end(project_id, key)
        return _told(sent)


def _push(row: PushMirror, report: Report) -> list[sending.Sent]:
    report(0.01, "Looking up the other server")
    target = outbound.resolve(row.address, sending.SCHEMES)
    sign_in = opened(row.sign_in, purpose=PUSH_PURPOSE, project_id=row.project_id)
    if not any(name.startswith("refs/heads/") for name in refs.read_refs(row.project_id)):
        raise Unprocessable(
            "This project has no branches; nothing was pushed, so that nothing is deleted there.",
            code="no_branches",
        )
    sent = sending.send_refs(row.project_id, target, show=report, sign_in=sign_in)
    if refused := [one for one in sent if one.what == "refused"]:
        shown = ", ".join(f"{_short(one.name)} ({one.reason or 'no reason given'})" for one in refused[:3])
        raise RefsRefused(
            f"The other server refused {len(refused)} of the branches and tags: {shown}.",
            hint="The others arrived. Look at its rules for branches, and at which branch is its default one.",
        )
    return sent


def _short(name: str) -> str:
    return name.removeprefix("refs/heads/").removeprefix("refs/tags/")[:100]


def _end(project_id: int, key: str, error: str = "") -> None:
    with transaction.atomic():
        row = PushMirror.objects.for_project(project_id).select_for_update().filter(key=key).first()
        if row is not None:  # removed meanwhile
            note_end(row, error=error)
        jobs.forget_ended(project_id, PUSH_TO_MIRROR, keep=KEPT_JOBS)


def _told(sent: list[sending.Sent]) -> dict[str, Any]:
    told = [{"name": one.name, "what": one.what} for one in sent[:_TOLD]]
    return {"changed": len(sent), "updates": told, "skipped": 0}
