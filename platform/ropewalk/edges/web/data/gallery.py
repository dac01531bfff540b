"""A folder of images, sounds or texts to look through: its files by class and property, with small pictures made by workers."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse

from ropewalk.access.roles import Permission
from ropewalk.access.types import ProjectAccess
from ropewalk.core.errors import NotFound
from ropewalk.core.pagination import Page, page_number
from ropewalk.data import selectors as data
from ropewalk.edges.web.data.listing import dataset_url
from ropewalk.edges.web.data.orders import ORDERS, Order, said
from ropewalk.edges.web.frame import project_page
from ropewalk.edges.web.links import quoted
from ropewalk.monitors import selectors as monitors
from ropewalk.monitors import services
from ropewalk.monitors.galleries import Gallery
from ropewalk.repos import selectors as repos
from ropewalk.repos.types import Revision

PER_PAGE = {"image": 60, "audio": 24, "text": 30}
STRIP = 14


@dataclass(frozen=True)
class Item:
    """One file: where it is shown, what is said of it; ``thumb`` and ``raw`` are addresses, empty where there is nothing."""

    name: str
    folder: str
    url: str
    raw: str
    thumb: str
    words: str
    beginning: str
    problem: str
    group: int


def gallery(request: HttpRequest, access: ProjectAccess, rev_path: str) -> HttpResponse:
    """One page of the files in one order, of all classes or one."""
    revision = repos.resolve(access.project.id, rev_path)
    file = data.resolve_dataset(access.project.id, revision.sha, revision.path)
    found, refused = services.asked_data_profile(access, file) if file.present else (None, False)
    summary = (found.summary if found else None) or {}
    context = {
        "revision": revision,
        "file": file,
        "dataset_url": dataset_url(access, revision.name, revision.path),
        "gallery_url": gallery_url(access, revision),
        "job": found.job if found and found.summary is None else None,
        "refused": refused,
        "media": summary.get("media"),
        "may": {"analyses_start": access.may(Permission.ANALYSES_START)},
    }
    if found and summary.get("media"):
        context |= _shown(request, access, revision, found.id, summary["media"])
    return project_page(request, access, "data/gallery.html", "data", context)


def gallery_url(access: ProjectAccess, revision: Revision, **asked_for: object) -> str:
    """Where the gallery of a path at a revision is."""
    address = f"{access.project.path}/gallery/{quoted(revision.name)}/{quoted(revision.path)}"
    return f"{address}?{urlencode(asked_for)}" if asked_for else address


def strip(access: ProjectAccess, revision: Revision, profile_id: int, media: Mapping[str, Any]) -> list[Item]:
    """The first few pictures, for the dataset's page; empty for what has none."""
    opened = monitors.gallery(access.project.id, profile_id) if media["kind"] == "image" else None
    if opened is None:
        return []
    _, records = opened.page("path", 0, STRIP)
    return [_item(access, revision, media, record, ORDERS["image"][0]) for record in records]


def thumbnail(request: HttpRequest, access: ProjectAccess, pack: str, start: int, size: int) -> HttpResponse:
    """A small picture that a worker made; what is at this place never changes."""
    picture = monitors.thumbnail(access.project.id, pack, start, size)
    if picture is None:
        raise NotFound("There is no such picture.")
    headers = {
        "Cache-Control": "private, max-age=31536000, immutable",
        "Content-Security-Policy": "default-src 'none'; sandbox",
        "Cross-Origin-Resource-Policy": "same-origin",
        "X-Content-Type-Options": "nosniff",
    }
    return HttpResponse(picture, content_type="image/webp", headers=headers)


def _shown(
    request: HttpRequest, access: ProjectAccess, revision: Revision, profile_id: int, media: Mapping[str, Any]
) -> dict[str, Any]:
    opened = monitors.gallery(access.project.id, profile_id)
    if opened is None:
        return {"media": None}
    kind = str(media["kind"])
    order = next((one for one in ORDERS[kind] if one.name == request.GET.get("order")), ORDERS[kind][0])
    names = [name for name, _ in opened.classes]
    chosen = request.GET.get("class", "")
    page = _page(opened, order, names.index(chosen) if chosen in names else None, kind, request)
    return {
        "kind": kind,
        "orders": ORDERS[kind],
        "order": order,
        "classes": opened.classes,
        "chosen": chosen if chosen in names else "",
        "page": page,
        "items": [_item(access, revision, media, record, order) for record in page.items],
    }


def _page(
    opened: Gallery, order: Order, of_class: int | None, kind: str, request: HttpRequest
) -> Page[dict[str, Any]]:
    number, per_page = page_number(request.GET.get("page")), PER_PAGE[kind]
    total, records = opened.page(
        order.key, (number - 1) * per_page, per_page, of_class=of_class, backwards=order.backwards
    )
    return Page(records, number, per_page, total, has_next=number * per_page < total)


def _item(
    access: ProjectAccess,
    revision: Revision,
    media: Mapping[str, Any],
    record: Mapping[str, Any],
    order: Order,
) -> Item:
    root, inside = str(media["root"]), str(record["path"])
    path = f"{root}/{inside}" if root else inside
    folder, _, name = inside.rpartition("/")
    thumb = "/".join(map(str, record["thumb"])) if "thumb" in record else ""
    return Item(
        name=name,
        folder=folder,
        url=f"{access.project.path}/src/{quoted(revision.name)}/{quoted(path)}",
        raw=f"{access.project.path}/raw/{revision.sha}/{quoted(path)}",
        thumb=f"{access.project.path}/thumbs/{thumb}" if thumb else "",
        words=said(str(media["kind"]), record, order),
        beginning=str(record.get("beginning", "")),
        problem=str(record.get("why", "")),
        group=int(record.get("group", 0)),
    )
