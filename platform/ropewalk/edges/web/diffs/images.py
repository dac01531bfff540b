"""A changed image: both versions, beside or over each other, and where their pixels differ."""

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest

from ropewalk.access.types import ProjectAccess
from ropewalk.data.types import DataFile
from ropewalk.edges.web.files.kinds import IMAGES, suffix_of
from ropewalk.edges.web.links import quoted


@dataclass(frozen=True)
class Picture:
    """One version. ``src`` is empty where a browser can't show it; ``share`` is its width in per cent of the wider one's."""

    file: DataFile
    src: str
    facts: dict[str, Any] | None
    share: float


def image_context(
    request: HttpRequest,
    access: ProjectAccess,
    here: str,
    sides: tuple[DataFile | None, DataFile | None],
    document: dict[str, Any] | None,
) -> dict[str, Any]:
    """Both pictures (None for a side that is nothing), and the share of pixels that differ."""
    facts = [document[key] if document else None for key in ("old", "new")]
    widest = max((one["width"] for one in facts if one), default=0)
    before, after = (
        _picture(access, side, one, widest) if side else None for side, one in zip(sides, facts, strict=True)
    )
    pixels = document["pixels"] if document else None
    return {
        "before": before,
        "after": after,
        "widest": widest,
        "pixels": pixels,
        "differing_share": pixels["different"] / pixels["total"] if pixels and pixels["total"] else None,
        "both": before is not None and after is not None and bool(before.src and after.src),
    }


def _picture(access: ProjectAccess, side: DataFile, facts: dict[str, Any] | None, widest: int) -> Picture:
    src = ""
    if suffix_of(side.path) in IMAGES:
        src = f"{access.project.path}/raw/{side.commit_sha}/{quoted(side.path)}"
    elif facts:
        src = facts["view"]
    share = 100.0 * facts["width"] / widest if facts and widest else 100.0
    return Picture(side, src, facts, round(share, 2))
