"""A changed sound, film or document: both versions beside each other, each fetched in parts by whoever plays it."""

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest

from ropewalk.access.types import ProjectAccess
from ropewalk.data.types import DataFile
from ropewalk.edges.web.diffs.kinds import played
from ropewalk.edges.web.links import quoted


@dataclass(frozen=True)
class Medium:
    """One version. ``word`` says which; ``viewer`` is ``audio``, ``video``, ``pdf``, or empty for what is only a file."""

    word: str
    file: DataFile
    src: str
    viewer: str


def media_context(
    request: HttpRequest,
    access: ProjectAccess,
    here: str,
    sides: tuple[DataFile | None, DataFile | None],
    document: Any,
) -> dict[str, Any]:
    """The versions that there are, the old one first."""
    return {
        "media": [
            Medium(
                word,
                side,
                f"{access.project.path}/raw/{side.commit_sha}/{quoted(side.path)}",
                played(side.path),
            )
            for word, side in zip(("Before", "After"), sides, strict=True)
            if side
        ]
    }
