"""Reads of releases. Drafts are for those who may write: each function says whether it gives them."""

from collections.abc import Iterable, Iterator

from django.db.models import F, QuerySet

from ropewalk.core.blobs import BlobMissing, store
from ropewalk.core.errors import NotFound
from ropewalk.core.pagination import Page, paginate
from ropewalk.releases.models import Release, ReleaseFile
from ropewalk.releases.types import ReleaseFileView, ReleaseView, blob_key

_MISSING = "There is no such release."
_NEWEST = (F("published_at").desc(nulls_first=True), "-pk")


def _rows(project_id: int, drafts: bool) -> QuerySet[Release]:
    rows = Release.objects.for_project(project_id)
    return rows if drafts else rows.filter(draft=False)


def _latest_id(project_id: int) -> int | None:
    rows = _rows(project_id, False).filter(prerelease=False)
    return rows.order_by("-latest", "-published_at", "-pk").values_list("pk", flat=True).first()


def _views(project_id: int, rows: Iterable[Release]) -> list[ReleaseView]:
    """Three queries, however many rows there are; the rows' authors must have been fetched with them."""
    found = list(rows)
    files: dict[int, list[ReleaseFileView]] = {}
    ids = [row.pk for row in found]
    for file in ReleaseFile.objects.for_project(project_id).filter(release_id__in=ids).order_by("name"):
        files.setdefault(file.release_id, []).append(file_view(file))
    latest = _latest_id(project_id) if found else None
    return [_view(row, latest, tuple(files.get(row.pk, ()))) for row in found]


def _view(row: Release, latest: int | None, files: tuple[ReleaseFileView, ...]) -> ReleaseView:
    return ReleaseView(
        id=row.pk,
        project_id=row.project_id,
        tag=row.tag,
        target=row.target,
        sha=row.sha,
        title=row.title,
        notes=row.notes,
        draft=row.draft,
        prerelease=row.prerelease,
        latest=row.pk == latest,
        author=row.author.username if row.author else "",
        author_id=row.author_id,
        created_at=row.created_at,
        updated_at=row.updated_at,
        published_at=row.published_at,
        files=files,
    )


def file_view(row: ReleaseFile) -> ReleaseFileView:
    """A row as a value."""
    return ReleaseFileView(
        row.pk, row.release_id, row.name, row.key, row.size, row.sha256, row.downloads, row.created_at
    )


def releases(
    project_id: int,
    *,
    drafts: bool,
    only_drafts: bool | None = None,
    prerelease: bool | None = None,
    page: int = 1,
    per_page: int = 10,
) -> Page[ReleaseView]:
    """Drafts first, then the last published; a constant number of queries."""
    rows = _rows(project_id, drafts)
    if only_drafts is not None:
        rows = rows.filter(draft=only_drafts)
    if prerelease is not None:
        rows = rows.filter(prerelease=prerelease)
    found = paginate(
        rows.select_related("author").order_by(*_NEWEST),
        page=page,
        per_page=per_page,
        convert=lambda row: row,
    )
    return Page(_views(project_id, found), page, per_page, found.total, found.has_next, found.total_exact)


def release(project_id: int, release_id: int, *, drafts: bool) -> ReleaseView:
    """One by its number. Raises :class:`NotFound`."""
    return _one(project_id, _rows(project_id, drafts).filter(pk=release_id))


def release_of_tag(project_id: int, tag: str, *, drafts: bool) -> ReleaseView:
    """One by its tag. Raises :class:`NotFound`."""
    if "\0" in tag:
        raise NotFound(_MISSING, code="release_not_found")
    return _one(project_id, _rows(project_id, drafts).filter(tag=tag))


def latest_release(project_id: int) -> ReleaseView:
    """The one that people should take; never a draft or pre-release. Raises :class:`NotFound`."""
    return _one(project_id, _rows(project_id, False).filter(pk=_latest_id(project_id) or 0))


def _one(project_id: int, rows: QuerySet[Release]) -> ReleaseView:
    found = _views(project_id, rows.select_related("author")[:1])
    if not found:
        raise NotFound(_MISSING, hint="Look at the list of releases.", code="release_not_found")
    return found[0]


def published_before(found: ReleaseView) -> tuple[str, str] | None:
    """Tag and commit of the release that was published before this one; before a draft, of the last one. None for the first."""
    rows = _rows(found.project_id, False).exclude(pk=found.id)
    if found.published_at is not None:
        rows = rows.filter(published_at__lt=found.published_at)
    return rows.order_by("-published_at", "-pk").values_list("tag", "sha").first()


def titles_of_tags(project_id: int, tags: Iterable[str], *, drafts: bool) -> dict[str, str]:
    """For those of these tags that have a release its title, in one query."""
    wanted = list(tags)
    return (
        dict(_rows(project_id, drafts).filter(tag__in=wanted).values_list("tag", "title")) if wanted else {}
    )


def file_of(found: ReleaseView, name: str) -> ReleaseFileView:
    """A release's file by its name. Raises :class:`NotFound`."""
    file = next((file for file in found.files if file.name == name), None)
    if file is None:
        raise NotFound(f"This release has no file “{name[:200]}”.", code="release_file_not_found")
    return file


def file_by_id(found: ReleaseView, file_id: int) -> ReleaseFileView:
    """A release's file by its number. Raises :class:`NotFound`."""
    file = next((file for file in found.files if file.id == file_id), None)
    if file is None:
        raise NotFound("This release has no such file.", code="release_file_not_found")
    return file


def open_file(
    project_id: int, file: ReleaseFileView, start: int = 0, end: int | None = None
) -> Iterator[bytes]:
    """A file's bytes, from ``start`` to ``end`` (exclusive). Raises :class:`NotFound` when the store lost them."""
    try:
        return store().read(blob_key(project_id, file.key), start, end)
    except BlobMissing:
        raise NotFound(
            f"The store lost the bytes of “{file.name}”.", hint="Upload it again.", code="object_lost"
        ) from None
