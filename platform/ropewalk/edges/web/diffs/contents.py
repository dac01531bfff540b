"""Changes of notebooks, images, tables and media, shown as what they are: a worker compares, the page shows what it found."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest

from ropewalk.access.types import ProjectAccess
from ropewalk.data.types import DataFile
from ropewalk.edges.web.diffs import images, kinds, media, notebooks, tables
from ropewalk.edges.web.diffs.asking import asked, may_start

Context = dict[str, Any]
Sides = tuple[DataFile | None, DataFile | None]


@dataclass(frozen=True)
class Kind:
    """How changes of one kind are shown: the template, the most bytes of a side, and the rest of its context.

    ``alone``: it is shown, too, when it was added or removed. ``computed``: a worker compares.
    """

    template: str
    most_bytes: int
    show: Callable[[HttpRequest, ProjectAccess, str, Sides, Any], Context]
    alone: bool
    computed: bool = True


_KINDS = {
    "notebook": Kind("diffs/notebook.html", 32 << 20, notebooks.notebook_context, alone=True),
    "image": Kind("diffs/image.html", 256 << 20, images.image_context, alone=True),
    "table": Kind("diffs/table.html", 4 << 30, tables.table_context, alone=False),
    "media": Kind("diffs/media.html", 1 << 62, media.media_context, alone=True, computed=False),
}


def content_context(
    request: HttpRequest, access: ProjectAccess, here: str, old: DataFile | None, new: DataFile | None
) -> Context | None:
    """The context of a change whose kind has a way of its own; None where there is none, or not for this change.

    ``here`` is the address of the change, with a query.
    """
    either = new or old
    name = kinds.kind_of(either.path) if either else "code"
    kind = _KINDS.get(name)
    if kind is None or either is None or either.is_dir:
        return None
    sides = [side for side in (old, new) if side is not None]
    context: Context = {"part": kind.template, "kind": name}
    missing = [side for side in sides if not side.present]
    large = [side for side in sides if (side.size or 0) > kind.most_bytes]
    if missing or large or (len(sides) == 1 and not kind.alone):
        return context | {
            "part": "diffs/content_facts.html",
            "missing_sides": missing,
            "large_sides": large,
            "most_bytes": kind.most_bytes,
        }
    found = None
    context["waits"] = kind.computed and not kinds.is_svg(either.path)
    if context["waits"]:
        found, context["refused"] = asked(access, old, new, name)
    context |= {"job": found.job if found else None, "may": {"analyses_start": may_start(access)}}
    document = found.document if found else None
    return context | {"document": document} | kind.show(request, access, here, (old, new), document)
