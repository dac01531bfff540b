"""What one sync did, in words for a row of the table."""

from dataclasses import dataclass

from ropewalk.core.types import JobView

_CAUSES = {
    "start": "the beginning",
    "button": "the button",
    "schedule": "the schedule",
    "webhook": "the webhook",
    "api": "the API",
    "push": "a push",
}
_SHOWN = 4


@dataclass(frozen=True)
class Told:
    """One sync: ``changes`` are (what, kind, short name) of the first refs that changed, ``more`` how many others did."""

    job: JobView
    cause: str
    milliseconds: int | None
    changes: tuple[tuple[str, str, str], ...]
    more: int
    skipped: int


def told(job: JobView) -> Told:
    """Read a job's row; results of older versions may lack fields."""
    result = job.result or {}
    updates = result.get("updates", [])
    shown = tuple((one["what"], *_named(one["name"])) for one in updates[:_SHOWN])
    took = None
    if job.started_at and job.ended_at:
        took = int((job.ended_at - job.started_at).total_seconds() * 1000)
    cause = job.subject.rpartition(":")[2]
    more = int(result.get("changed", 0)) - len(shown)
    return Told(job, _CAUSES.get(cause, cause), took, shown, max(more, 0), int(result.get("skipped", 0)))


def _named(ref: str) -> tuple[str, str]:
    for prefix, kind in (("refs/heads/", "branch"), ("refs/tags/", "tag")):
        if ref.startswith(prefix):
            return kind, ref.removeprefix(prefix)
    return "", ref
