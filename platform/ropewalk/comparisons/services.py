"""Writes of comparisons: asking for one, storing its result."""

from collections.abc import Sequence
from typing import Any

from django.db import transaction
from django.db.models import Max

from ropewalk.access.types import ProjectAccess
from ropewalk.comparisons import fingerprints
from ropewalk.comparisons.errors import BadChoice
from ropewalk.comparisons.models import Comparison
from ropewalk.comparisons.types import COMPARE_RUNS, MOST_RUNS
from ropewalk.core import clock, jobs
from ropewalk.core.locks import lock_in_transaction
from ropewalk.tracking import selectors as tracking


def request_comparison(*, access: ProjectAccess, run_ids: Sequence[str]) -> int:
    """Ask for runs side by side; returns the comparison's number. The caller's route needs ``ANALYSES_START``.

    The same choice in the same order is the same comparison; it is computed again only if the runs changed or it failed.
    Raises :class:`BadChoice`. Takes the lock ``comparisons:<project>``.
    """
    project_id = access.project.id
    chosen = list(dict.fromkeys(run_ids))
    if not 2 <= len(chosen) <= MOST_RUNS:
        raise BadChoice(f"Choose 2 to {MOST_RUNS} different runs to compare.")
    runs = tracking.runs_by_ids(project_id, chosen)
    if len(runs) != len(chosen):
        raise BadChoice("Some of the chosen runs are not in this project any more.")
    with transaction.atomic():
        lock_in_transaction(f"comparisons:{project_id}")
        comparison = _comparison_of(project_id, chosen, access.actor.user_id)
        fingerprint = fingerprints.of_content(runs)
        current = (
            comparison.result_fingerprint == fingerprint and comparison.runner_version == COMPARE_RUNS.version
        )
        if not current:
            comparison.fingerprint = fingerprint
            comparison.job = jobs.enqueue(
                COMPARE_RUNS,
                subject=f"comparison:{comparison.pk}",
                fingerprint=fingerprint,
                payload={"comparison": comparison.pk, "fingerprint": fingerprint},
                project_id=project_id,
                requested_by_id=access.actor.user_id,
            )
            comparison.save(update_fields=["fingerprint", "job"])
    return comparison.number


def _comparison_of(project_id: int, chosen: list[str], user_id: int | None) -> Comparison:
    """The row of an ordered choice, made with the next number where there is none. Needs the lock."""
    rows = Comparison.objects.for_project(project_id).defer("result")
    choice = fingerprints.of_choice(chosen)
    found = rows.filter(choice=choice).first()
    if found is not None:
        return found
    return Comparison.objects.create(
        project_id=project_id,
        number=(rows.aggregate(most=Max("number"))["most"] or 0) + 1,
        run_ids=chosen,
        choice=choice,
        requested_by_id=user_id,
        created_at=clock.now(),
    )


def store_result(
    *, project_id: int, comparison_id: int, fingerprint: str, result: dict[str, Any], runner_version: int
) -> bool:
    """Keep what a worker computed. False when a newer computation was asked for meanwhile: then nothing is written."""
    rows = Comparison.objects.for_project(project_id).filter(pk=comparison_id, fingerprint=fingerprint)
    return bool(
        rows.update(
            result=result,
            result_fingerprint=fingerprint,
            runner_version=runner_version,
            computed_at=clock.now(),
        )
    )
