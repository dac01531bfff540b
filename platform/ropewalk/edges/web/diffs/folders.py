"""What changed inside a folder that DVC tracks: sums for each folder in it, and its files, a page at a time."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

from django.http import HttpRequest

from ropewalk.access.types import ProjectAccess
from ropewalk.core.pagination import page_number
from ropewalk.data import selectors as data
from ropewalk.data.oids import ObjectAddress
from ropewalk.data.selectors.changes import STATUSES
from ropewalk.data.selectors.folder_parts import FolderPart
from ropewalk.data.types import TrackedOutputView
from ropewalk.edges.web.diffs.asking import with_query
from ropewalk.edges.web.diffs.options import Options
from ropewalk.edges.web.diffs.page import file_url
from ropewalk.edges.web.diffs.tracked import outputs_of

_LONGEST_TEXT = 200


@dataclass(frozen=True)
class Folder:
    """A tracked folder on each side (None: nothing), and the folder in it that is meant; empty for the whole."""

    old: TrackedOutputView | None
    new: TrackedOutputView | None
    under: str


def folder_at(project_id: int, base: str, head: str, path: str, old_path: str) -> Folder | None:
    """The tracked folder at a path, or the part of one; None where either side has something else there."""
    before = _around(outputs_of(project_id, base), old_path)
    after = _around(outputs_of(project_id, head), path)
    found = [(output, place) for output, place in ((before, old_path), (after, path)) if output is not None]
    if not found or any(not output.is_dir for output, _ in found):
        return None
    parts = {place[len(output.path) + 1 :] for output, place in found}
    if len(parts) != 1:
        return None  # one is tracked as a whole, the other inside of something
    under = parts.pop()
    addresses = [output.address for output, _ in found if output.address and output.present]
    if under and any(data.dir_file(project_id, address, under) for address in addresses):
        return None  # a file: found by the index, before all paths are looked through
    if under and not any(data.dir_holds(project_id, address, under) for address in addresses):
        return None
    return Folder(before, after, under)


def _around(outputs: list[TrackedOutputView], path: str) -> TrackedOutputView | None:
    """What is tracked at a path, else the folder that it lies in."""
    inside = [one for one in outputs if path == one.path or (one.is_dir and path.startswith(f"{one.path}/"))]
    return max(inside, key=lambda one: len(one.path), default=None)


def folder_context(
    request: HttpRequest, access: ProjectAccess, base: str, head: str, folder: Folder, options: Options
) -> dict[str, Any]:
    """The sums, and the page, part and status that the query asks for."""

    def url(inside: str) -> str:
        old, new = (f"{side.path}/{inside}".rstrip("/") if side else "" for side in (folder.old, folder.new))
        return file_url(access, base, head, new or old, old, options)

    text = request.GET.get("q", "").strip()[:_LONGEST_TEXT].replace("\0", "")
    status = request.GET.get("status", "")
    status = status if status in STATUSES else ""
    number = page_number(request.GET.get("page"))
    sums, page = data.folder_changes(
        access.project.id,
        _address(folder.old),
        _address(folder.new),
        FolderPart(folder.under, text, status),
        number,
    )
    here = url(folder.under)
    counts = [("", "all", sums.total.files), *((name, name, sums.total.counts[name]) for name in STATUSES)]
    filtered = with_query(here, q=text)
    prefix = f"{folder.under}/" if folder.under else ""
    return {
        "part": "diffs/folder.html",
        "kind": "folder",
        "sums": sums,
        "folders": [(name, url(prefix + name) if name else "", part) for name, part in sums.folders.items()],
        "files": [(file, "" if file.status == "renamed" else url(file.path)) for file in page],
        "files_page": page,
        "missing": [side for side in (folder.old, folder.new) if side and not side.present],
        "statuses": STATUSES,
        "text": text,
        "tabs": [(name, n, with_query(filtered, status=key), key == status) for key, name, n in counts],
        "form": _form(here, status),
        "crumbs": _crumbs(folder, url),
        "previous_url": with_query(filtered, status=status, page=number - 1) if number > 1 else "",
        "next_url": with_query(filtered, status=status, page=number + 1) if page.has_next else "",
    }


def _address(side: TrackedOutputView | None) -> ObjectAddress | None:
    return side.address if side is not None and side.present else None


def _form(here: str, status: str) -> dict[str, Any]:
    """Where the filter is sent, and what goes with it."""
    action, _, query = here.partition("?")
    return {"action": action, "hidden": [*parse_qsl(query), *([("status", status)] if status else [])]}


def _crumbs(folder: Folder, url: Callable[[str], str]) -> list[tuple[str, str]]:
    """The folders above the part that is shown, from the tracked one on; then the part itself. None for the whole."""
    if not folder.under:
        return []
    names = folder.under.split("/")
    either = folder.new or folder.old
    above = [("/".join(names[:count]), names[count - 1]) for count in range(1, len(names) + 1)]
    whole = either.path.rpartition("/")[2] if either else ""
    return [(whole, url("")), *((name, url(path)) for path, name in above)]
