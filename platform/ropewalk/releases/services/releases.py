"""Drafting, publishing, changing and deleting releases. Tags are made by whoever calls: a release only names one."""

from typing import Any

from django.db import IntegrityError, transaction

from ropewalk.core import audit, clock
from ropewalk.core.blobs import store
from ropewalk.core.errors import Conflict, Invalid, NotFound
from ropewalk.core.locks import lock_in_transaction
from ropewalk.releases.models import Release, ReleaseFile
from ropewalk.releases.types import ReleaseText, blob_key

MAX_NOTES = 125_000


def _checked(text: ReleaseText) -> dict[str, Any]:
    words = f"{text.title}{text.notes}{text.tag}{text.target}"
    if not text.title.strip():
        raise Invalid("A release needs a title.", code="no_title")
    if len(text.title) > 200 or len(text.notes) > MAX_NOTES or len(text.target) > 1000 or "\0" in words:
        raise Invalid(
            f"A title has at most 200 characters, notes have {MAX_NOTES:,}, and none is a zero byte.",
            code="bad_text",
        )
    return {
        "title": text.title.strip(),
        "notes": text.notes.replace("\r\n", "\n"),
        "target": text.target,
        "prerelease": text.prerelease,
    }


def create_draft(*, project_id: int, author_id: int | None, text: ReleaseText) -> int:
    """Write a draft; its number. Raises :class:`Conflict` when the tag has a release."""
    now = clock.now()
    row = Release(project_id=project_id, tag=text.tag, author_id=author_id, created_at=now, updated_at=now)
    for name, value in _checked(text).items():
        setattr(row, name, value)
    try:
        with transaction.atomic():
            row.save()
    except IntegrityError:
        raise _taken(text.tag) from None
    return int(row.pk)


def require_free(*, project_id: int, text: ReleaseText) -> None:
    """Raise :class:`Invalid` for text that can't be kept, :class:`Conflict` when the tag has a release."""
    _checked(text)
    if Release.objects.for_project(project_id).filter(tag=text.tag).exists():
        raise _taken(text.tag)


def _taken(tag: str) -> Conflict:
    return Conflict(
        f"The tag “{tag}” has a release already, perhaps a draft.",
        hint="Edit that one.",
        code="release_exists",
    )


def _locked(project_id: int, release_id: int) -> Release:
    """The row, with the project's mark of the latest one: whoever changes a release changes them alone."""
    lock_in_transaction(f"releases:{project_id}")
    row = Release.objects.for_project(project_id).select_for_update().filter(pk=release_id).first()
    if row is None:
        raise NotFound("There is no such release.", code="release_not_found")
    return row


def update_release(*, project_id: int, release_id: int, text: ReleaseText) -> None:
    """Change the words; the tag only of a draft. Raises :class:`NotFound`, :class:`Conflict` and :class:`Invalid`."""
    values = _checked(text)
    try:
        with transaction.atomic():
            row = _locked(project_id, release_id)
            if not row.draft and row.tag != text.tag:
                raise Conflict(
                    "The tag of a published release stays: its addresses name it.",
                    hint="Make it a draft first.",
                    code="published",
                )
            for name, value in values.items():
                setattr(row, name, value)
            row.tag, row.updated_at = text.tag, clock.now()
            row.save()
            _mark_latest(row, text.latest and not row.draft)
    except IntegrityError:
        raise _taken(text.tag) from None


@transaction.atomic
def publish(*, project_id: int, release_id: int, sha: str, latest: bool) -> None:
    """Show a draft to everybody; ``sha`` is the commit that its tag names. A published one stays as it is but for ``latest``."""
    row = _locked(project_id, release_id)
    if row.draft:
        row.draft, row.sha, row.published_at = False, sha, clock.now()
        row.save(update_fields=["draft", "sha", "published_at"])
        audit.record("release.published", subject=row.tag, project_id=project_id)
    _mark_latest(row, latest)


def _mark_latest(row: Release, latest: bool) -> None:
    """At most one of a project is marked, never a pre-release."""
    latest = latest and not row.prerelease
    if latest:
        marked = Release.objects.for_project(row.project_id).filter(latest=True).exclude(pk=row.pk)
        marked.update(latest=False)
    if row.latest != latest:
        row.latest = latest
        row.save(update_fields=["latest"])


@transaction.atomic
def take_back(*, project_id: int, release_id: int) -> None:
    """Make a published release a draft again: only writers see it."""
    row = _locked(project_id, release_id)
    if not row.draft:
        row.draft, row.latest, row.sha, row.published_at = True, False, "", None
        row.save(update_fields=["draft", "latest", "sha", "published_at"])
        audit.record("release.taken_back", subject=row.tag, project_id=project_id)


@transaction.atomic
def delete_release(*, project_id: int, release_id: int) -> None:
    """Remove a release with its files, for good; its tag stays. Bytes that a kill leaves are swept."""
    row = _locked(project_id, release_id)
    files = ReleaseFile.objects.for_project(project_id).filter(release=row)
    keys = [blob_key(project_id, key) for key in files.values_list("key", flat=True)]
    audit.record(
        "release.deleted",
        subject=row.tag,
        project_id=project_id,
        detail={"title": row.title, "files": len(keys)},
    )
    files.delete()
    row.delete()
    transaction.on_commit(lambda: _remove(keys))


def _remove(keys: list[str]) -> None:
    for key in keys:
        store().delete(key)
