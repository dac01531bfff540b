"""What DVC and the pipeline say of a change: data, parameters, metrics, stages, from the indexes of both commits."""

from dataclasses import dataclass
from typing import Any

from ropewalk.access.roles import Permission
from ropewalk.access.types import ProjectAccess
from ropewalk.data import selectors as data
from ropewalk.data import services
from ropewalk.data.changes import OutputChange, output_changes, stage_changes, value_changes
from ropewalk.data.selectors.changes import STATUSES
from ropewalk.data.types import RevisionView, TrackedOutputView
from ropewalk.edges.web.diffs import kinds
from ropewalk.edges.web.diffs.options import Options
from ropewalk.edges.web.diffs.page import anchor_of, file_url
from ropewalk.edges.web.diffs.stored import MOST_BYTES

_OPEN_BYTES = 64 << 20
_OPEN_CARDS = 5


@dataclass(frozen=True)
class DataCard:
    """A tracked path that changed. ``opens``: what changed inside is worth showing at once."""

    change: OutputChange
    kind: str
    anchor: str
    src: str
    opens: bool

    @property
    def comparable(self) -> bool:
        """Whether there may be something inside to compare."""
        sides = [side for side in (self.change.old, self.change.new) if side]
        return self.kind != "code" or all((side.size or MOST_BYTES + 1) <= MOST_BYTES for side in sides)


def tracked(access: ProjectAccess, base: str, head: str, options: Options) -> dict[str, Any]:
    """The parts of the page that come from the indexes; ``waiting`` names commits whose index is not there yet."""
    project_id = access.project.id
    wanted = [sha for sha in (base, head) if sha]
    waiting = [sha for sha in wanted if sha not in data.indexed(project_id, wanted)]
    if waiting:
        if access.may(Permission.ANALYSES_START):
            for sha in waiting:
                services.ensure_indexed(
                    project_id=project_id, commit_sha=sha, requested_by_id=access.actor.user_id
                )
        return {"waiting": waiting}
    before, after = (data.revision(project_id, sha) if sha else None for sha in (base, head))
    outputs = output_changes(outputs_of(project_id, base), outputs_of(project_id, head))
    return {
        "waiting": [],
        "data_cards": _cards(access, base, head, outputs, options),
        "data_counts": [(status, n) for status in STATUSES if (n := _count(outputs, status))],
        "metrics": value_changes(_values(before, "metrics"), _values(after, "metrics")),
        "params": value_changes(_values(before, "params"), _values(after, "params")),
        "stages": stage_changes(before.stages if before else (), after.stages if after else ()),
        "problems": after.problems if after else (),
        "pipeline_url": f"{access.project.path}/pipeline/{head}" + (f"?base={base}" if base else ""),
    }


def _count(outputs: list[OutputChange], status: str) -> int:
    return sum(change.status == status for change in outputs)


def outputs_of(project_id: int, sha: str) -> list[TrackedOutputView]:
    """What DVC tracks at a commit; nothing for no commit, and for one that is not indexed."""
    return [output for output in data.outputs(project_id, sha) if output.cached] if sha else []


def _values(revision: RevisionView | None, name: str) -> dict[str, dict[str, object]]:
    return data.flat_values(getattr(revision, name)) if revision else {}


def _cards(
    access: ProjectAccess, base: str, head: str, outputs: list[OutputChange], options: Options
) -> list[DataCard]:
    cards, opened = [], 0
    for change in outputs:
        either = change.new or change.old
        is_dir = bool(either and either.is_dir)
        kind = "folder" if is_dir else kinds.kind_of(change.path)
        size = max((side.size or 0 for side in (change.old, change.new) if side), default=0)
        opens = change.status == "changed" and opened < _OPEN_CARDS and kind != "code"
        opens = opens and (is_dir or size <= _OPEN_BYTES)
        opened += opens
        src = file_url(access, base, head, change.path, change.old_path, options)
        cards.append(DataCard(change, kind, anchor_of(f"dvc:{change.path}"), src, opens))
    return cards
